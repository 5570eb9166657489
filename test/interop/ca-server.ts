import { execFile } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';

/*
 * The web server of the test CA: OCSP and CRLs as openssl makes them, from databases in a folder. Its arguments are the folder, the
 * address and the port. POST /ocsp/NAME asks NAME.txt; GET /crl/NAME is a CRL of it, /crl/once only the first time; GET /intermediate is that certificate,
 * GET /by-hash/SHA1 that of the gateway. Who asked for what stands in requests.txt.
 */

const [folder = '', address = '', port = ''] = process.argv.slice(2);
const run = promisify(execFile);
const path = (name: string): string => join(folder, name);
let count = 0;

const signers: Readonly<Record<string, string>> = { delegated: 'signer', local: 'local-signer' };

async function ocsp(name: string, request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  const id = `ocsp-${count++}`;
  writeFileSync(path(`${id}.req`), Buffer.concat(parts));
  const signer = signers[name] ?? 'root';
  await run('openssl', [
    ...['ocsp', '-index', path(`${name}.txt`), '-CA', path('root.pem'), '-nmin', '60'],
    ...['-rsigner', path(`${signer}.pem`), '-rkey', path(`${signer}.key`)],
    ...['-reqin', path(`${id}.req`), '-respout', path(`${id}.resp`)],
  ]);
  return readFileSync(path(`${id}.resp`));
}

async function crl(name: string): Promise<Buffer> {
  const own = path(`crl-${name}-${count++}`);
  mkdirSync(own);
  writeFileSync(join(own, 'number'), '01\n');
  const database = path(name === 'revoked' ? 'revoked.txt' : 'good.txt');
  writeFileSync(
    join(own, 'cnf'),
    `[ca]\ndefault_ca=a\n[a]\ndatabase=${database}\ncrlnumber=${own}/number\ndefault_md=sha256\n`,
  );
  const dates =
    name === 'old'
      ? ['-crl_lastupdate', '20250101000000Z', '-crl_nextupdate', '20250201000000Z']
      : ['-crldays', '7'];
  await run('openssl', [
    ...[
      'ca',
      '-gencrl',
      '-config',
      join(own, 'cnf'),
      '-cert',
      path('root.pem'),
      '-keyfile',
      path('root.key'),
    ],
    ...[...dates, '-out', join(own, 'pem')],
  ]);
  await run('openssl', ['crl', '-in', join(own, 'pem'), '-outform', 'DER', '-out', join(own, 'der')]);
  return readFileSync(join(own, 'der'));
}

let onceGiven = false;

function isThere(name: string): boolean {
  if (name === 'once' && onceGiven) return false;
  onceGiven ||= name === 'once';
  return name !== 'missing';
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  appendFileSync(path('requests.txt'), `${request.url} ${request.socket.remoteAddress}\n`);
  const [, kind = '', name = ''] = (request.url ?? '').split('/');
  if (kind === 'silent') return;
  if (kind === 'ocsp') response.end(await ocsp(name, request));
  else if (kind === 'crl' && isThere(name)) response.end(await crl(name));
  else if (kind === 'by-hash' && name === readFileSync(path('by-hash.txt'), 'utf8'))
    response.end(readFileSync(path('gateway.der')));
  else if (kind === 'intermediate') response.end(readFileSync(path('intermediate.der')));
  else response.writeHead(404).end();
}

createServer((request, response) => {
  answer(request, response).catch((cause: unknown) => response.writeHead(500).end(String(cause)));
}).listen(Number(port), address, () => process.stdout.write('listening\n'));
