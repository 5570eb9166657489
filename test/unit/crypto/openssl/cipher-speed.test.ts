import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { chaChaFirstEspProposals, defaultEspProposals } from '../../../../core/crypto/default-proposals.ts';
import { formatProposal } from '../../../../core/crypto/proposals.ts';

const program = new URL('../../../../core/crypto/openssl/cipher-speed.ts', import.meta.url);
const skip = process.arch !== 'x64' && 'only on x64 can the AES instructions be hidden from OpenSSL';

/** The verdict of a process in which OpenSSL sees these capabilities of the processor. */
function verdict(capabilities: string): string {
  const script = `import(${JSON.stringify(program.href)}).then((m) => process.stdout.write(String(m.isChaChaQuicker())))`;
  const env = { ...process.env, OPENSSL_ia32cap: capabilities };
  return execFileSync(process.execPath, ['-e', script], { env, encoding: 'utf8' });
}

test('without AES instructions ChaCha20-Poly1305 is the quicker one', { skip }, () => {
  assert.equal(verdict('~0x200000200000000'), 'true');
});

test('then it is offered first, and everything else as before', () => {
  assert.deepEqual(chaChaFirstEspProposals.map(formatProposal), [
    'chacha20poly1305-aes256gcm16-aes128gcm16',
    ...defaultEspProposals.slice(1).map(formatProposal),
  ]);
});
