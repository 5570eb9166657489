import { spawn } from 'node:child_process';
import { accessSync, constants, readFileSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { formatIpAddress } from '../../../base/address.ts';
import { type Failure, failure } from '../../../base/errors.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import { errnoOf } from '../../errno.ts';
import type { DnsRecord } from '../plan/step.ts';
import type { DnsLink, DnsSettings, DnsStrategy } from './dns-strategy.ts';

const commandPath = '/usr/sbin:/sbin:/usr/bin:/bin';

/**
 * The command resolvconf, openresolv's or Debian's. The name begins with `tun.`, which the interface order of both
 * puts ahead of Ethernet and Wi-Fi; `-m 0 -x` says to openresolv that this one is first and alone, and Debian's takes
 * no notice of it.
 */
export class ResolvconfStrategy implements DnsStrategy {
  readonly name = 'resolvconf';
  readonly #command: string | undefined;
  readonly #resolvConf: string;
  readonly #timeoutMs: number;

  constructor(
    options: {
      readonly resolvconf?: string | false;
      readonly resolvConf?: string;
      readonly timeoutMs?: number;
    } = {},
  ) {
    this.#command =
      options.resolvconf === false ? undefined : findCommand(options.resolvconf ?? 'resolvconf');
    this.#resolvConf = options.resolvConf ?? '/etc/resolv.conf';
    this.#timeoutMs = options.timeoutMs ?? 10_000;
  }

  async detect(): Promise<boolean> {
    return this.#command !== undefined;
  }

  async prepare(link: DnsLink): Promise<Result<DnsRecord, Failure>> {
    return ok({ strategy: this.name, name: `tun.${link.name}` });
  }

  async apply(record: DnsRecord, settings: DnsSettings): Promise<Result<readonly Failure[], Failure>> {
    if (record.strategy !== this.name) return ok([]);
    const lines = settings.servers.map((server) => `nameserver ${formatIpAddress(server)}\n`);
    if (settings.searchDomains.length > 0) lines.push(`search ${settings.searchDomains.join(' ')}\n`);
    const ran = await this.#run(['-a', record.name, '-m', '0', '-x'], lines.join(''));
    if (!ran.ok) return ran;
    if (!this.#tookEffect(settings)) return err(this.#failure(`it left ${this.#resolvConf} as it was`));
    return ok(settings.routeDomains.length > 0 ? [failure('system.dns-not-split')] : []);
  }

  async undo(record: DnsRecord): Promise<Result<undefined, Failure>> {
    // Where the command is gone, so is what it kept.
    if (record.strategy !== this.name || this.#command === undefined) return ok();
    return this.#run(['-d', record.name, '-f'], '');
  }

  async close(): Promise<void> {}

  /** The file names our server now, or a resolver on this machine that resolvconf has told. */
  #tookEffect(settings: DnsSettings): boolean {
    const servers = readServers(this.#resolvConf);
    const ours = settings.servers.map(formatIpAddress);
    return servers.some((server) => ours.includes(server) || server.startsWith('127.') || server === '::1');
  }

  #run(args: readonly string[], input: string): Promise<Result<undefined, Failure>> {
    const { promise, resolve } = Promise.withResolvers<Result<undefined, Failure>>();
    const child = spawn(this.#command ?? '', args, {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: commandPath },
      timeout: this.#timeoutMs,
      killSignal: 'SIGKILL',
    });
    // A command that does not read its input is no concern of ours.
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => resolve(err(this.#failure(errnoOf(error)))));
    child.on('close', (code, signal) => {
      const reason =
        signal === null ? `it ended with status ${code}` : `it did not end in ${this.#timeoutMs} ms`;
      resolve(code === 0 ? ok() : err(this.#failure(reason)));
    });
    child.stdin.end(input);
    return promise;
  }

  #failure(reason: string): Failure {
    return failure('system.dns', { strategy: 'resolvconf', reason });
  }
}

/** The name servers that a resolv.conf lists. */
export function readServers(path: string): readonly string[] {
  try {
    const text = readFileSync(path, 'utf8');
    return [...text.matchAll(/^nameserver[ \t]+(\S+)/gm)].map((match) => match[1] ?? '');
  } catch {
    return [];
  }
}

/** The path of a command; not of one that is systemd's stand-in for resolvconf, which only asks systemd-resolved. */
function findCommand(name: string): string | undefined {
  const candidates = name.includes('/')
    ? [name]
    : commandPath.split(':').map((directory) => `${directory}/${name}`);
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return basename(realpathSync(path)) !== 'resolvectl';
    } catch {
      return false;
    }
  });
}
