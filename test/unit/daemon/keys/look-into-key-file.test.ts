import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { lookIntoKeyFile } from '../../../../core/daemon/keys/look-into-key-file.ts';
import { authoritiesOf, profileFromKeyFile } from '../../../../core/profile/importers/key-file-profile.ts';
import { parseProfile } from '../../../../core/profile/parse-profile.ts';
import { requireSelfContained } from '../../../../core/profile/self-contained.ts';
import { methods } from '../../../../core/rpc/schema.ts';

const octetsOf = (name: string) => readFileSync(new URL(`../../crypto/key-files/${name}`, import.meta.url));

const look = async (name: string, password?: string) => {
  const file = octetsOf(name).toString('base64');
  const looked = await lookIntoKeyFile(
    { name, file, ...(password === undefined ? {} : { password }) },
    undefined,
  );
  if (looked.ok) methods['look-into-key-file'].result.parse(looked.value);
  return looked;
};

const opened = async (name: string, password?: string) => {
  const looked = await look(name, password);
  assert.ok(looked.ok && looked.value.state === 'open', JSON.stringify(looked));
  return looked.value;
};

test('a file tells whose certificate it holds, from whom and how long, and nothing of its key', async () => {
  const file = await opened('modern.p12', 'öffne');
  const { subject, issuer, notBefore, notAfter, authority } = file.certificate;
  assert.deepEqual([subject, issuer, authority], ['O=Example, CN=alice', 'O=Example, CN=Example CA', false]);
  assert.ok(notBefore < notAfter && notAfter > 4_000_000_000_000);
  assert.deepEqual(
    file.others.map(({ subject, authority }) => [subject, authority]),
    [['O=Example, CN=Example CA', true]],
  );
  assert.equal(file.protected, true);
  assert.equal(file.weakEncryption, undefined);
  assert.ok(!/PRIVATE|privateKey/.test(JSON.stringify(file)));
});

test('without its password a file is locked, with a wrong one it says so', async () => {
  assert.deepEqual(await look('ec.p12'), { ok: true, value: { state: 'locked' } });
  const wrong = await look('ec.p12', 'wrong');
  assert.equal(!wrong.ok && wrong.error.code, 'credential.password');
});

test('weak ciphers are told of or refused, and a file without a key is no login', async () => {
  assert.match((await opened('legacy.p12', 'secret')).weakEncryption ?? '', /RC2|3DES/);
  assert.equal((await opened('empty.p12')).protected, false);
  for (const [name, code] of [
    ['rc4.p12', 'credential.weak-file'],
    ['des.p12', 'credential.weak-file'],
    ['nokey.p12', 'credential.no-key'],
    ['mismatch.pem', 'credential.file'],
  ] as const) {
    const failed = await look(name, 'secret');
    assert.equal(!failed.ok && failed.error.code, code, name);
  }
});

test('several certificates: the one of the key is the user, CAs are told from strangers', async () => {
  const file = await opened('several.p12', 'secret');
  assert.deepEqual([file.certificate.commonName, file.certificate.email], ['Alice', 'alice@example.org']);
  assert.deepEqual(file.others.map(({ commonName }) => commonName).sort(), ['Bob', 'Root', 'Users']);
  assert.deepEqual(
    authoritiesOf(file).map(({ commonName }) => commonName),
    ['Root'],
  );
});

test('what is in a file becomes a profile that the daemon keeps, once it has a gateway', async () => {
  const octets = new Uint8Array(octetsOf('several.p12'));
  const file = await opened('several.p12', 'secret');
  const imported = profileFromKeyFile({ kind: 'key-file', name: 'several.p12', octets }, file, Date.now());
  assert.deepEqual(
    imported.notes.map(({ code }) => code),
    ['expired', 'authority-taken', 'other-certificates'],
  );
  const draft = JSON.parse(imported.text);
  assert.equal(draft.name, 'Alice');
  assert.ok(!parseProfile(imported.text, 'x').ok, 'it has no gateway yet');
  const whole = parseProfile(JSON.stringify({ ...draft, gateway: 'vpn.example.org' }), 'x');
  assert.ok(whole.ok && requireSelfContained(whole.value, 'x').ok, JSON.stringify(whole));
  const { authentication, trust } = whole.value;
  assert.ok(authentication.method === 'certificate' && authentication.certificate.kind === 'inline');
  assert.deepEqual(authentication.certificate.octets, octets);
  assert.equal(
    trust.kind === 'inline' && trust.ca,
    file.others.find(({ commonName }) => commonName === 'Root')?.pem,
  );
});

test('a file without a CA asks for one, and its title holds nothing that hides', async () => {
  const file = await opened('empty.p12');
  const octets = new Uint8Array(octetsOf('empty.p12'));
  const strange = { ...file, certificate: { ...file.certificate, commonName: 'Al\u202eice\u0007' } };
  const imported = profileFromKeyFile({ kind: 'key-file', name: '\u202e.p12', octets }, strange, Date.now());
  const draft = JSON.parse(imported.text);
  assert.equal(draft.name, 'Alice');
  assert.deepEqual(Object.keys(draft.authentication.certificate), ['pkcs12']);
  assert.equal(draft.trust, undefined);
  assert.deepEqual(
    imported.notes.map(({ code }) => code),
    ['no-authority', 'no-password'],
  );
});
