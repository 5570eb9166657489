import { existsSync, writeSync } from 'node:fs';
import { userInfo } from 'node:os';
import { stdin } from 'node:process';
import { type KeyFileProblem, readKeyFile, weakEncryption } from '../../crypto/node/key-file.ts';
import { loadCryptoki } from '../../crypto/pkcs11/cryptoki.ts';
import { Token, type TokenProblem } from '../../crypto/pkcs11/token.ts';
import { encodeFrame, FrameDecoder } from '../../rpc/framing.ts';
import { factsOf } from './certificate-facts.ts';
import { type KeyRequest, keyRequestSchema } from './key-protocol.ts';
import { fromPipe, toPipe } from './pipe-octets.ts';

/*
 * The key process: see key-process.ts. It has the rights of the user, reads requests from its standard input and writes answers to
 * descriptor 3, where no module prints, and ends with the daemon.
 */

const answers = 3;
/** p11-kit knows all modules of a system. */
const proxies = [
  '/usr/lib/x86_64-linux-gnu/p11-kit-proxy.so',
  '/usr/lib/aarch64-linux-gnu/p11-kit-proxy.so',
  '/usr/lib64/p11-kit-proxy.so',
  '/usr/lib/p11-kit-proxy.so',
];

let token: Token | undefined;

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
    writeAll(frame.value);
    frame.value.fill(0);
  }
});

function writeAll(octets: Uint8Array): void {
  for (let at = 0; at < octets.length; ) at += writeSync(answers, octets, at);
}

function answer(request: KeyRequest): unknown {
  switch (request.op) {
    case 'open-file':
      return openFile(request);
    case 'look-into-file':
      return lookIntoFile(request);
    case 'token-open':
      return openToken(request);
    default:
      return token === undefined ? { ok: false, problem: 'removed', detail: {} } : onToken(token, request);
  }
}

interface FileRequest {
  readonly file: string;
  readonly password?: string | undefined;
  readonly bare?: boolean | undefined;
}

function readFile({ file, password, bare }: FileRequest) {
  const secret = password === undefined ? undefined : Buffer.from(password, 'base64');
  const opened = readKeyFile(Buffer.from(file, 'base64'), secret, bare);
  secret?.fill(0);
  return opened;
}

function fileProblem({ kind, ...detail }: KeyFileProblem): unknown {
  return { ok: false, problem: kind, detail };
}

function lookIntoFile(request: FileRequest): unknown {
  const opened = readFile(request);
  if (!opened.ok) return fileProblem(opened.error);
  const { chain, others, privateKey } = opened.value;
  privateKey.fill(0);
  const weak = weakEncryption(fromPipe(request.file));
  const [own, ...rest] = [...chain, ...others].map(factsOf);
  return { ok: true, own, others: rest, ...(weak === undefined ? {} : { weakEncryption: weak.algorithm }) };
}

function openFile(request: FileRequest): unknown {
  const opened = readFile(request);
  if (!opened.ok) return fileProblem(opened.error);
  const { chain, keyKind, privateKey } = opened.value;
  return { ok: true, chain: chain.map(toPipe), keyKind, privateKey: toPipe(privateKey) };
}

function openToken({ module, uri }: Extract<KeyRequest, { op: 'token-open' }>): unknown {
  const path = module ?? proxies.find((one) => existsSync(one));
  const lost = (reason: string) => ({
    ok: false,
    problem: 'module',
    detail: { module: path ?? 'p11-kit', reason },
  });
  if (path === undefined) return lost('it is not installed (package p11-kit)');
  if (!existsSync(path)) return lost('there is no such file');
  const loaded = loadCryptoki(path);
  if (!loaded.ok) return lost(loaded.error);
  const { id, ...texts } = uri;
  const query = { ...texts, ...(id === undefined ? {} : { id: fromPipe(id) }) };
  const opened = Token.open(loaded.value, query);
  if (!opened.ok) return failed(opened.error);
  token = opened.value;
  const triesLeft = token.triesLeft();
  if (triesLeft === 'locked') return { ok: false, problem: 'pin-locked', detail: { token: token.label } };
  return { ok: true, token: token.label, login: token.login, triesLeft };
}

function onToken(
  token: Token,
  request: Exclude<KeyRequest, { op: 'open-file' | 'look-into-file' | 'token-open' }>,
): unknown {
  switch (request.op) {
    case 'token-login': {
      const pin = request.pin === undefined ? undefined : fromPipe(request.pin);
      const done = token.logIn(pin);
      pin?.fill(0);
      return done.ok ? { ok: true } : failed(done.error);
    }
    case 'token-list': {
      const listed = token.list();
      if (!listed.ok) return failed(listed.error);
      const choices = listed.value.map(({ id, label, certificate }) => ({
        id,
        label,
        certificate: toPipe(certificate),
      }));
      return { ok: true, choices };
    }
    case 'token-use': {
      const used = token.use(request.id);
      if (!used.ok) return failed(used.error);
      return { ok: true, chain: used.value.chain.map(toPipe), keyKind: used.value.keyKind };
    }
    case 'sign': {
      const signed = token.sign(request.scheme, fromPipe(request.data));
      return signed.ok ? { ok: true, signature: toPipe(signed.value) } : failed(signed.error);
    }
  }
}

function failed({ problem, detail }: TokenProblem): unknown {
  return { ok: false, problem, detail };
}

function homeOfUser(): string {
  try {
    return userInfo().homedir;
  } catch {
    return '/';
  }
}
