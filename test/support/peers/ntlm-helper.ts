import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

/*
 * What FreeRADIUS calls in place of Samba's ntlm_auth, for one user whose password has to be changed:
 *
 *     ntlm-helper.ts STATE auth CHALLENGE RESPONSE    is it the answer to this challenge?
 *     ntlm-helper.ts STATE change                     the change of a password, on standard input
 *
 * STATE is a file with the password, and `expired` in a second line where it has to be changed. All that is computed is computed by the
 * openssl command, so that nothing of Godwit's own judges Godwit. @rfc 2759 8
 */

const [, , state = '', what, ...given] = process.argv;

function openssl(command: readonly string[], input: Uint8Array): Buffer {
  return execFileSync('/usr/bin/openssl', [...command, '-provider', 'legacy', '-provider', 'default'], {
    input,
  });
}

/** MD4 over UTF-16. */
function ntHash(unicode: Uint8Array): Buffer {
  return openssl(['dgst', '-md4', '-binary'], unicode);
}

/** DES with 7 octets of key, whose bits are spread over 8. */
function des(block: Uint8Array, key: Uint8Array): Buffer {
  const bits = [...key].map((octet) => octet.toString(2).padStart(8, '0')).join('');
  const spread = Buffer.from(
    Array.from({ length: 8 }, (_, at) => Number.parseInt(`${bits.slice(7 * at, 7 * at + 7)}0`, 2)),
  );
  return openssl(['enc', '-des-ecb', '-nopad', '-K', spread.toString('hex')], block);
}

/** NtPasswordHash encrypted by three keys out of `hash`. */
function challengeResponse(challenge: Uint8Array, hash: Uint8Array): Buffer {
  const padded = Buffer.concat([hash, Buffer.alloc(5)]);
  return Buffer.concat([0, 7, 14].map((at) => des(challenge, padded.subarray(at, at + 7))));
}

function known(): { readonly hash: Buffer; readonly expired: boolean } {
  const [password = '', mark] = readFileSync(state, 'utf8').split('\n');
  return { hash: ntHash(Buffer.from(password, 'utf16le')), expired: mark === 'expired' };
}

function authenticate(challenge: string, response: string): void {
  const { hash, expired } = known();
  const due = challengeResponse(Buffer.from(challenge, 'hex'), hash);
  if (!due.equals(Buffer.from(response, 'hex'))) return fail('Logon failure');
  if (expired) return fail('Must change password');
  process.stdout.write(`NT_KEY: ${ntHash(hash).toString('hex').toUpperCase()}\n`);
}

/** Lines `name: value`; the new password is encrypted with the hash of the old one, and that with the hash of the new one. */
function change(): void {
  const lines = new Map(
    readFileSync(0, 'utf8')
      .split('\n')
      .map((line) => [line.split(':')[0] ?? '', line.slice(line.indexOf(':') + 1).trim()] as const),
  );
  const { hash: old } = known();
  const blob = Buffer.from(lines.get('new-nt-password-blob') ?? '', 'hex');
  const plain = openssl(['enc', '-rc4', '-K', old.toString('hex')], blob);
  const length = plain.readUInt32LE(512);
  if (length > 512) return refuse('the new password cannot be read');
  const unicode = plain.subarray(512 - length, 512);
  const hash = ntHash(unicode);
  const shown = Buffer.concat([
    des(old.subarray(0, 8), hash.subarray(0, 7)),
    des(old.subarray(8), hash.subarray(7, 14)),
  ]);
  if (!shown.equals(Buffer.from(lines.get('old-nt-hash-blob') ?? '', 'hex')))
    return refuse('the old password is wrong');
  writeFileSync(state, `${unicode.toString('utf16le')}\n`);
  process.stdout.write('Password-Change: Yes\n.\n');
}

function fail(reason: string): void {
  process.stdout.write(`${reason}\n`);
  process.exitCode = 1;
}

function refuse(reason: string): void {
  process.stdout.write(`Password-Change: No\nPassword-Change-Error: ${reason}\n.\n`);
}

if (what === 'auth') authenticate(given[0] ?? '', given[1] ?? '');
else change();
