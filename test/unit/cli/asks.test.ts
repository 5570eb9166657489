import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import type { SecretRequest } from '../../../core/rpc/asks.ts';
import { godwitRuns, startFakeDaemon } from './fake-daemon.ts';

const skip = spawnSync('script', ['--version']).status !== 0 && 'needs the command `script` for a terminal';
const about = { identity: 'alice', profile: 'Office', retry: 0 } as const;

/** Types each `keys` once its prompt is the last thing shown. */
function typist(...steps: readonly (readonly [prompt: string, keys: string])[]) {
  let typed = 0;
  return (shown: string, type: (keys: string) => void) => {
    const step = steps[typed];
    if (step === undefined || !shown.endsWith(step[0])) return;
    typed++;
    type(step[1]);
  };
}

test("a code is asked for with the server's words, harmless, and is not shown", { skip }, async (t) => {
  const message = 'Code sent to \u001b[31m*42\u202e';
  const daemon = await startFakeDaemon(t, { asks: [{ kind: 'passcode', ...about, message }], askMs: 60_000 });
  const run = await godwitRuns(daemon, ['up', 'office'], {
    terminal: typist(['Code for alice: ', '123456\r']),
  });
  assert.equal(run.exitCode, 0, run.stdout);
  assert.deepEqual(daemon.answers, ['123456']);
  assert.match(run.stdout, /The login server says: Code sent to \\u\{1b\}\[31m\*42\\u\{202e\}/);
  assert.match(run.stdout, /There are ([345]\d|60)\.\d s to answer|There are 1 min 0 s/);
  assert.doesNotMatch(run.stdout, /123456/);
});

test('a new password is typed twice, and again when the two differ', { skip }, async (t) => {
  const daemon = await startFakeDaemon(t, { asks: [{ kind: 'new-password', ...about }] });
  const terminal = typist(
    ['New password: ', 'one\r'],
    ['once more: ', 'two\r'],
    ['New password: ', 'three\r'],
    ['once more: ', 'three\r'],
  );
  const run = await godwitRuns(daemon, ['up', 'office'], { terminal });
  assert.equal(run.exitCode, 0, run.stdout);
  assert.deepEqual(daemon.answers, ['three']);
  assert.match(run.stdout, /has expired[\s\S]*They differ/);
});

test('a PIN is asked for with a warning before the last try', { skip }, async (t) => {
  const pin: SecretRequest = { kind: 'pin', profile: 'Office', token: 'Card', retry: 1, triesLeft: 'last' };
  const daemon = await startFakeDaemon(t, { asks: [pin] });
  const run = await godwitRuns(daemon, ['up', 'office'], { terminal: typist(['PIN of Card: ', '1234\r']) });
  assert.deepEqual(daemon.answers, ['1234'], run.stdout);
  assert.match(run.stdout, /The PIN is wrong[\s\S]*last try/);
});

test('one of several certificates is chosen by its number', { skip }, async (t) => {
  const choice = (id: string) => ({ id, label: id, subject: `CN=${id}`, issuer: 'CN=CA', notAfter: 0 });
  const daemon = await startFakeDaemon(t, { choose: [choice('a'), choice('b')] });
  const terminal = typist(['Number: ', '7\r'], ['1 to 2.\r\nNumber: ', '2\r']);
  const run = await godwitRuns(daemon, ['up', 'office'], { terminal });
  assert.deepEqual(daemon.answers, ['b'], run.stdout);
  assert.match(run.stdout, /2 {2}b: CN=b, by CN=CA, until 1970-01-01/);
});

test('a prompt that nobody answers is closed when time is up, with the reason', { skip }, async (t) => {
  const daemon = await startFakeDaemon(t, { asks: [{ kind: 'passcode', ...about }], askMs: 300 });
  const run = await godwitRuns(daemon, ['up', 'office'], { terminal: () => undefined });
  assert.equal(run.exitCode, 3, run.stdout);
  assert.match(run.stdout, /Too late/);
  assert.match(run.stdout, /Nobody answered the question/);
});

test('a script answers everything by --answers-stdin, once each', async (t) => {
  const asks: SecretRequest[] = [
    { kind: 'pin', profile: 'Office', token: 'Card', retry: 0, triesLeft: 'many' },
    { kind: 'passcode', ...about },
  ];
  const daemon = await startFakeDaemon(t, { asks });
  const run = await godwitRuns(daemon, ['up', 'office', '--answers-stdin'], {
    input: 'passcode=a=b\npin=1234\n',
  });
  assert.equal(run.exitCode, 0, run.stderr);
  assert.deepEqual(daemon.answers, ['1234', 'a=b']);
  const again = await startFakeDaemon(t, { asks: [{ kind: 'passcode', ...about, retry: 1 }] });
  const refused = await godwitRuns(again, ['up', 'office', '--answers-stdin'], { input: 'passcode=x\n' });
  assert.equal(refused.exitCode, 3);
  assert.deepEqual(again.answers, []);
});

for (const [what, input, reason] of [
  ['nothing', '', /it is empty/],
  ['an unknown kind', 'puk=1\n', /does not begin with one of password=/],
  ['a kind twice', 'pin=1\npin=2\n', /pin is there twice/],
  ['an empty value', 'pin=\n', /its first line is empty/],
  ['10 kB', `password=${'x'.repeat(10_240)}\n`, /too long|more than 1024/],
  ['no UTF-8', Buffer.from('70696e3dff0a', 'hex').toString('latin1'), /./],
] as const) {
  test(`--answers-stdin with ${what} is refused in words that show no secret`, async () => {
    const run = await godwitRuns(undefined, ['up', 'office', '--answers-stdin'], { input });
    assert.notEqual(run.exitCode, 0);
    assert.match(run.stderr, reason);
    assert.doesNotMatch(run.stderr, /xxxx/);
  });
}

test('without a keyring `godwit secret` says so, and what to do', async () => {
  for (const args of [['list'], ['set', 'Office', 'alice', '--password-stdin'], ['forget', 'Office']]) {
    const run = await godwitRuns(undefined, ['secret', ...args], { input: 'hunter2\n' });
    assert.equal(run.exitCode, 3, args.join(' '));
    assert.match(run.stderr, /There is no keyring to keep secrets in/);
    assert.doesNotMatch(run.stdout + run.stderr, /hunter2/);
  }
});
