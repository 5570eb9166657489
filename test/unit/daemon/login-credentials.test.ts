import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failure } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { err, ok } from '../../../core/base/result.ts';
import { Secret } from '../../../core/base/secret.ts';
import { type Asker, LoginCredentials } from '../../../core/daemon/login-credentials.ts';
import type { EapQuestion } from '../../../core/eap/method.ts';
import type { IkeAnswer } from '../../../core/ike/io.ts';
import { parseProfile } from '../../../core/profile/parse-profile.ts';
import type { SecretRequest } from '../../../core/rpc/asks.ts';

const parsed = parseProfile(
  JSON.stringify({
    name: 'Office',
    gateway: 'vpn.example.org',
    authentication: { method: 'eap-mschapv2', username: 'alice' },
    trust: { caFile: 'ca.pem' },
  }),
  'office.json',
);
assert.ok(parsed.ok);
const profile = parsed.value;

/** A user who answers with these, one after the other, and then not at all. */
function user(...answers: string[]) {
  const asked: SecretRequest[] = [];
  const asker: Asker = {
    choose: async () => err(failure('secret.missing')),
    ask: (request, { signal } = {}) => {
      asked.push(request);
      const next = answers.shift();
      if (next !== undefined) return Promise.resolve(ok(Secret.fromText(next)));
      return new Promise((resolve) =>
        signal?.addEventListener('abort', () => resolve(err(failure('tunnel.cancelled')))),
      );
    },
  };
  return { asked, asker };
}

const openCertificate = async () => err(failure('credential.missing'));
const readFile = async () => err(failure('secret.missing'));

const text = (answer: IkeAnswer) =>
  answer.kind === 'credential' ? new TextDecoder().decode(answer.secret.expose()) : answer.kind;
const question = (kind: EapQuestion['kind'], retry = 0, message?: string) =>
  ({
    kind: 'credential',
    identity: 'alice',
    question: { kind, retry, ...(message === undefined ? {} : { message }) },
  }) as const;

test('a password is asked once before the login, and serves every login of the connection', async () => {
  const { asker, asked } = user('pw');
  const credentials = new LoginCredentials({ openCertificate, readFile, profile, asker, stored: new Map() });
  assert.ok((await credentials.prepare()).ok);
  assert.equal(text(await credentials.answer(question('password'))), 'pw');
  assert.equal(text(await credentials.answer(question('password'))), 'pw');
  assert.deepEqual(asked, [{ kind: 'password', identity: 'alice', profile: 'Office', retry: 0 }]);
});

test('a refused password is asked for again with its number, and the new one is kept', async () => {
  const { asker, asked } = user('wrong', 'right');
  const credentials = new LoginCredentials({ openCertificate, readFile, profile, asker, stored: new Map() });
  await credentials.prepare();
  assert.equal(text(await credentials.answer(question('password', 1))), 'right');
  assert.equal(asked[1]?.kind === 'password' && asked[1].retry, 1);
  assert.equal(text(await credentials.answer(question('password'))), 'right');
});

test('a password from a file is not tried twice', async () => {
  const { asker, asked } = user('typed');
  const credentials = new LoginCredentials({
    openCertificate,
    readFile,
    profile,
    asker,
    stored: new Map([['alice', Secret.fromText('filed')]]),
  });
  assert.ok((await credentials.prepare()).ok);
  const again = await credentials.answer(question('password', 1));
  assert.equal(again.kind === 'refused' && again.error.code, 'auth.password');
  assert.equal(asked.length, 0);
});

test("a code is asked for every time, with the server's words", async () => {
  const { asker, asked } = user('111', '222');
  const credentials = new LoginCredentials({
    openCertificate,
    readFile,
    profile,
    asker,
    stored: new Map([['alice', Secret.fromText('filed')]]),
  });
  const first = await credentials.answer(question('passcode', 0, 'Code?'));
  assert.equal(text(first), '111');
  assert.equal(text(await credentials.answer(question('passcode'))), '222');
  assert.equal(text(first), '', 'the first is overwritten');
  assert.equal(asked[0]?.kind === 'passcode' && asked[0].message, 'Code?');
});

test('a new password becomes the password once the login is done', async () => {
  const { asker } = user('old', 'new');
  const credentials = new LoginCredentials({ openCertificate, readFile, profile, asker, stored: new Map() });
  await credentials.prepare();
  assert.equal(text(await credentials.answer(question('new-password'))), 'new');
  assert.equal(text(await credentials.answer(question('password'))), 'old');
  credentials.accepted();
  assert.equal(text(await credentials.answer(question('password'))), 'new');
});

test('an ask is taken back when its login is over, and afterwards all is overwritten', async () => {
  const { asker } = user('pw');
  const credentials = new LoginCredentials({ openCertificate, readFile, profile, asker, stored: new Map() });
  await credentials.prepare();
  const kept = await credentials.answer(question('password'));
  const open = credentials.answer(question('passcode'));
  credentials.closeAsks();
  const answer = await open;
  assert.equal(answer.kind === 'refused' && answer.error.code, 'tunnel.cancelled');
  credentials.close();
  assert.equal(text(kept), '');
});

test('with nobody to ask, what is missing is the failure', async () => {
  const credentials = new LoginCredentials({
    openCertificate,
    readFile,
    profile,
    asker: undefined,
    stored: new Map(),
  });
  assert.deepEqual(await credentials.prepare(), err(failure('secret.missing')));
});

test('each account has the password of its own file, and each is tried once', async () => {
  const two = parseProfile(
    JSON.stringify({
      name: 'Office',
      gateway: 'vpn.example.org',
      authentication: { method: 'eap-mschapv2', username: 'alice', passwordFile: 'alice.password' },
      secondAuthentication: { method: 'eap-mschapv2', username: 'bob', passwordFile: 'bob.password' },
      trust: { caFile: 'ca.pem' },
    }),
    'office.json',
  );
  assert.ok(two.ok);
  const { asker, asked } = user('typed');
  const stored = new Map([
    ['alice', Secret.fromText('of alice')],
    ['bob', Secret.fromText('of bob')],
  ]);
  const credentials = new LoginCredentials({ openCertificate, readFile, profile: two.value, asker, stored });
  assert.ok((await credentials.prepare()).ok);
  const ask = (identity: string, retry: number) =>
    credentials.answer({ kind: 'credential', identity, question: { kind: 'password', retry } });
  assert.equal(text(await ask('alice', 0)), 'of alice');
  assert.equal(text(await ask('bob', 0)), 'of bob');
  const again = await ask('bob', 1);
  assert.equal(again.kind === 'refused' && again.error.code, 'auth.password');
  assert.equal(asked.length, 0);
});

test('askMs and askInLoginMs: a question before anything is sent is open longer than one in the login', async () => {
  const waits: (number | undefined)[] = [];
  const asker: Asker = {
    choose: async () => err(failure('secret.missing')),
    ask: async (_request, patience) => {
      waits.push(patience?.ms);
      return ok(Secret.fromText('pw'));
    },
  };
  const credentials = new LoginCredentials({ openCertificate, readFile, profile, asker, stored: new Map() });
  await credentials.prepare();
  await credentials.answer(question('passcode'));
  await credentials.answer(question('new-password'));
  assert.deepEqual(waits, [limits.askMs, limits.askInLoginMs, limits.askInLoginMs]);
});
