import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Issued } from '../support/pki.ts';

export const tokenModule = '/usr/lib/softhsm/libsofthsm2.so';
export const tokenPin = 'pin of the card 274913';

/** A token of SoftHSM2 in a folder of its own. */
export interface TestToken {
  pullOut(): void;
  putBack(): void;
}

let made: TestToken | undefined;

export function hasTokenTools(): boolean {
  const folders = (process.env['PATH'] ?? '').split(':');
  const tools = ['softhsm2-util', 'pkcs11-tool'];
  return (
    existsSync(tokenModule) && tools.every((tool) => folders.some((each) => existsSync(join(each, tool))))
  );
}

/**
 * Puts certificates with their keys on a token, and points SOFTHSM2_CONF to it: before the daemons start, which hand it on.
 * SoftHSM loses objects that one process writes while another reads.
 */
export function prepareToken(certificates: readonly (readonly [label: string, certificate: Issued])[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-tokens-'));
  const drawer = mkdtempSync(join(tmpdir(), 'godwit-drawer-'));
  process.once('exit', () => {
    for (const each of [folder, drawer]) rmSync(each, { recursive: true, force: true });
  });
  writeFileSync(join(drawer, 'softhsm2.conf'), `directories.tokendir = ${folder}\nlog.level = ERROR\n`);
  process.env['SOFTHSM2_CONF'] = join(drawer, 'softhsm2.conf');
  for (const [index, [label, certificate]] of certificates.entries())
    putOnToken(drawer, label, index + 1, certificate);
  made = {
    pullOut: () => moveAll(folder, drawer),
    putBack: () => moveAll(drawer, folder),
  };
}

export function testToken(): TestToken {
  if (made === undefined) throw new Error('the tokens are not prepared');
  return made;
}

function putOnToken(drawer: string, label: string, number: number, { privateKey, der }: Issued): void {
  const run = (program: string, ...args: readonly string[]) =>
    execFileSync(program, args, { cwd: drawer, stdio: 'pipe' });
  writeFileSync(join(drawer, 'key.p8'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(join(drawer, 'own.der'), der);
  if (number === 1)
    run('softhsm2-util', '--init-token', '--free', '--label', 'Card', '--so-pin', '1234', '--pin', tokenPin);
  const id = String(number).padStart(2, '0');
  run(
    'softhsm2-util',
    '--import',
    'key.p8',
    '--token',
    'Card',
    '--label',
    label,
    '--id',
    id,
    '--pin',
    tokenPin,
  );
  const login = ['--module', tokenModule, '--token-label', 'Card', '--login', '--pin', tokenPin];
  run('pkcs11-tool', ...login, '--write-object', 'own.der', '--type', 'cert', '--id', id, '--label', label);
}

function moveAll(from: string, to: string): void {
  for (const name of readdirSync(from).filter((each) => /^[0-9a-f]{8}-/.test(each)))
    renameSync(join(from, name), join(to, name));
}
