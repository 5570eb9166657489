import { userInfo } from 'node:os';
import { stdin, stdout } from 'node:process';
import { readKeyFile } from '../../crypto/node/key-file.ts';
import { encodeFrame, FrameDecoder } from '../../rpc/framing.ts';
import { type KeyRequest, keyRequestSchema } from './key-protocol.ts';

/*
 * The key process: see key-process.ts. It has the rights of the user, talks over its standard streams, and ends with the daemon.
 */

// Modules look for their settings in the home of whoever runs them.
process.env['HOME'] = homeOfUser();

const decoder = new FrameDecoder();
stdin.on('end', () => process.exit(0));
stdin.on('data', (chunk: Uint8Array) => {
  const decoded = decoder.push(chunk);
  if (!decoded.ok) process.exit(2);
  for (const value of decoded.value) {
    const request = keyRequestSchema.safeParse(value);
    if (!request.success) process.exit(2);
    const frame = encodeFrame(answer(request.data));
    if (!frame.ok) process.exit(2);
    stdout.write(frame.value, () => frame.value.fill(0));
  }
});

function answer(request: KeyRequest): unknown {
  switch (request.op) {
    case 'open-file':
      return openFile(request);
    default:
      return { ok: false, problem: 'module', detail: { reason: 'not yet' } };
  }
}

function openFile({ file, password }: Extract<KeyRequest, { op: 'open-file' }>): unknown {
  const secret = password === undefined ? undefined : Buffer.from(password, 'base64');
  const opened = readKeyFile(Buffer.from(file, 'base64'), secret);
  secret?.fill(0);
  if (!opened.ok) {
    const { kind, ...detail } = opened.error;
    return { ok: false, problem: kind, detail };
  }
  const { chain, keyKind, privateKey } = opened.value;
  return { ok: true, chain: chain.map(base64), keyKind, privateKey: base64(privateKey) };
}

function base64(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64');
}

function homeOfUser(): string {
  try {
    return userInfo().homedir;
  } catch {
    return '/';
  }
}
