import assert from 'node:assert/strict';
import { chownSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ntPasswordHash } from '../../../core/eap/mschapv2/challenge-response.ts';
import type { Snapshot } from '../../../core/rpc/values.ts';
import type { HostConfig } from '../../support/gateway/host-config.ts';
import type { Namespace, RunResult } from '../../support/net/lab.ts';
import type { LabProcess } from '../../support/net/lab-process.ts';
import { differences, type NamespaceState, readState } from '../../support/net/leftovers.ts';
import { EmbeddedGateway } from '../../support/peers/embedded-gateway.ts';
import { startDaemonProcess } from '../../support/peers/godwit.ts';
import { createCa, type Issued, issue } from '../../support/pki.ts';
import { addresses, createTopology, type Topology } from '../../support/topology.ts';
import { MeddlingPath } from './meddling-path.ts';

const cliProgram = fileURLToPath(new URL('../../../core/cli/main.ts', import.meta.url));

export const gatewayName = 'vpn.example.org';
/** Not found by accident, and full of what shells, JSON and character sets trip over. */
export const password = 'Zugvögel "7f3a" & \'Őr\\§ 9q';
export const ca = createCa('Godwit Test Root');
export const goodCertificate = issue(ca, { subject: gatewayName });

/** A client whose only way to the gateway is in the test's hands. */
export interface Bench {
  readonly topology: Topology;
  readonly path: MeddlingPath;
  readonly client: Namespace;
  /** Ends the gateway that runs and starts one with this certificate. */
  setGateway(
    certificate: Issued,
    more?: Pick<HostConfig, 'habits' | 'believesAll'>,
  ): Promise<EmbeddedGateway>;
  close(): Promise<void>;
}

export async function openBench(name: string): Promise<Bench> {
  const topology = await createTopology(name);
  const path = await MeddlingPath.open(topology.router, addresses.router.v4, addresses.natGateway.v4);
  let gateway: EmbeddedGateway | undefined;
  return {
    topology,
    path,
    client: topology.client,
    setGateway: async (certificate, more = {}) => {
      await gateway?.stop();
      const config = {
        identity: gatewayName,
        certificate,
        users: { alice: password },
        pools: [addresses.pool.v4],
        networks: ['0.0.0.0/0'],
        dnsServers: [addresses.lan.v4],
      };
      gateway = await EmbeddedGateway.start(topology.gateway, addresses.natGateway.v4, config, more);
      return gateway;
    },
    close: async () => {
      path.close();
      await topology.lab.close();
    },
  };
}

/** The fields of a profile file, as a user writes them, over those of one that works. */
export function profileFile(
  namespace: Namespace,
  name: string,
  fields: Readonly<Record<string, unknown>> = {},
): string {
  const file = join(namespace.folder, `${name}.json`);
  const profile = {
    name,
    gateway: addresses.router.v4,
    remoteIdentity: gatewayName,
    authentication: { method: 'eap-mschapv2', username: 'alice' },
    trust: { ca: ca.pem },
    ...fields,
  };
  writeFileSync(file, JSON.stringify(profile, undefined, 2));
  return file;
}

export interface CliFailure {
  readonly code: string;
  readonly family: string;
  readonly detail: Readonly<Record<string, string | number>>;
  readonly what: string;
  readonly next: string;
}

export interface DaemonStart {
  /** A program that takes the daemon's command line as its arguments. */
  readonly wrapper?: readonly string[];
  /** Whose its folder is, when not root's. */
  readonly owner?: number;
  /** What nothing may be left of; the state at the start when absent. */
  readonly before?: NamespaceState;
}

/** A daemon of its own folder, socket and journal, and the command line to it. */
export class Daemon {
  readonly process: LabProcess;
  readonly folder: string;
  readonly namespace: Namespace;
  readonly before: NamespaceState;
  /** What any command line to it ever printed. */
  said = '';
  /** What it had open at the least. */
  #open: readonly string[] | undefined;

  private constructor(namespace: Namespace, folder: string, before: NamespaceState, process: LabProcess) {
    this.namespace = namespace;
    this.folder = folder;
    this.process = process;
    this.before = before;
  }

  /** Starts it and waits until it listens. */
  static async start(namespace: Namespace, name: string, options: DaemonStart = {}): Promise<Daemon> {
    const { wrapper = [], owner, before = await readState(namespace) } = options;
    const folder = join(namespace.folder, name);
    mkdirSync(folder, { recursive: true });
    if (owner !== undefined) chownSync(folder, owner, owner);
    const process = startDaemonProcess(namespace, folder, ['--log-level', 'debug'], wrapper);
    await process.waitFor(/\blistening\b/);
    return new Daemon(namespace, folder, before, process);
  }

  get socket(): string {
    return join(this.folder, 'godwitd.sock');
  }

  spawnCli(args: readonly string[], input = '', wrapper: readonly string[] = []): LabProcess {
    const argv = [...wrapper, process.execPath, cliProgram, '--socket', this.socket, ...args];
    const cli = this.namespace.spawn(argv, { input });
    void cli.exited.then(() => {
      this.said += cli.stdout + cli.stderr;
    });
    return cli;
  }

  async cli(args: readonly string[], input = '', wrapper: readonly string[] = []): Promise<RunResult> {
    const cli = this.spawnCli(args, input, wrapper);
    const { status } = await cli.exited;
    return { status: status ?? -1, stdout: cli.stdout, stderr: cli.stderr };
  }

  /** `godwit up` with the right password unless another is given. */
  async up(profile: string, secret = password): Promise<RunResult> {
    return await this.cli(['up', profile, '--password-stdin', '--json'], `${secret}\n`);
  }

  /** @throws unless the tunnel stands. */
  async mustUp(profile: string): Promise<void> {
    const result = await this.up(profile);
    assert.equal(result.status, 0, `${result.stdout}${result.stderr}${this.process.stderr}`);
  }

  async mustDown(): Promise<void> {
    const result = await this.cli(['down']);
    assert.equal(result.status, 0, result.stderr);
  }

  async status(): Promise<Snapshot> {
    const result = await this.cli(['status', '--json']);
    assert.equal(result.status, 0, result.stderr);
    return JSON.parse(result.stdout).snapshot;
  }

  /** Fails when the command did not fail as it should, or does not say what happened and what to do. */
  async failsWith(result: RunResult, code: string, status: number): Promise<CliFailure> {
    const answer: { ok: boolean; exitCode: number; error: CliFailure } = JSON.parse(result.stdout || '{}');
    assert.equal(answer.error?.code, code, `${result.stdout}${result.stderr}${this.process.stderr}`);
    assert.equal(result.status, status);
    assert.equal(answer.exitCode, status);
    for (const sentence of [answer.error.what, answer.error.next]) assert.match(sentence, /^[^{}]{10,}\.$/);
    return answer.error;
  }

  /** What is there now and was not before the daemon started, files of its own folder (but the socket) included. */
  async leftovers(): Promise<string[]> {
    const files = readdirSync(this.folder).filter((file) => file !== 'godwitd.sock');
    return [
      ...differences(this.before, await readState(this.namespace)),
      ...files.map((file) => `left behind: file ${file}`),
    ];
  }

  /**
   * Fails when more stays open than when this was asked first. What it closes it closes a moment later than the command line
   * ends, its end of their connection above all.
   */
  async closesAll(): Promise<void> {
    const end = performance.now() + 30_000;
    const late = () => performance.now() > end;
    while ((await this.#clients()) > 0 && !late()) await turn();
    this.#open ??= this.#descriptors();
    const open = this.#open;
    while (this.#descriptors().length > open.length && !late()) await turn();
    this.#open = this.#descriptors();
    if (this.#open.length >= open.length) assert.deepEqual(this.#open, open);
  }

  /** What it has open, by kind: files by name, sockets and the like without their numbers. */
  #descriptors(): readonly string[] {
    const folder = `/proc/${this.process.pid}/fd`;
    const kinds = readdirSync(folder).map((fd) => readlinkSync(join(folder, fd)).replace(/\d+/g, '0'));
    return kinds.sort();
  }

  /** How many connections it has accepted and not closed. */
  async #clients(): Promise<number> {
    const sockets = await this.namespace.must(['cat', '/proc/net/unix']);
    return sockets.split('\n').filter((line) => line.endsWith(` ${this.socket}`)).length - 1;
  }

  /** Ends it in an orderly way; the socket must go too. */
  async stop(): Promise<void> {
    const exit = await this.process.stop();
    assert.equal(exit.status, 0, this.process.stderr);
    assert.deepEqual(await this.leftovers(), []);
    assert.deepEqual(readdirSync(this.folder), []);
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}

/** Fails when the lan does not answer through the tunnel. */
export async function mustPing(namespace: Namespace, host: string = addresses.lan.v4): Promise<void> {
  const ping = await namespace.run(['ping', '-c', '1', '-W', '15', host]);
  assert.equal(ping.status, 0, `${ping.stdout}${ping.stderr}`);
}

/** The forms in which a secret could turn up in a text. */
export function formsOf(secret: string): readonly string[] {
  const utf8 = Buffer.from(secret, 'utf8');
  const utf16 = Buffer.from(secret, 'utf16le');
  const forms = [secret, JSON.stringify(secret).slice(1, -1)];
  // Its hash is as good as the password itself to a MSCHAPv2 server.
  for (const octets of [utf8, utf16, Buffer.from(ntPasswordHash(utf16))]) {
    forms.push(octets.toString('hex'), octets.toString('base64').replace(/=+$/, '').slice(0, -1));
    forms.push([...octets].map((octet) => octet.toString(16).padStart(2, '0')).join(' '));
    forms.push([...octets].join(','));
  }
  return forms;
}

/** Command lines and environments of all processes here, and the files below `folder`. */
export function exposedText(folder: string): string {
  const texts: string[] = [];
  const read = (file: string): void => {
    try {
      texts.push(readFileSync(file, 'utf8'));
    } catch {
      // A process that ended, or a socket.
    }
  };
  for (const pid of readdirSync('/proc')) {
    if (/^\d+$/.test(pid)) for (const file of ['cmdline', 'environ']) read(`/proc/${pid}/${file}`);
  }
  for (const file of readdirSync(folder)) read(join(folder, file));
  return texts.join('\n');
}
