import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabProcess, type SpawnOptions } from './lab-process.ts';
import { inSandbox } from './sandbox.ts';

export interface LinkEnd {
  readonly namespace: Namespace;
  readonly device: string;
  /** With prefix lengths, e.g. `192.0.2.1/24`, `2001:db8::1/64`. */
  readonly addresses: readonly string[];
}

export interface RunResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Namespaces, links and processes that belong together and go together. Needs a sandbox (`enterSandbox`). */
export class Lab {
  /** A folder of this lab's own, gone with it. */
  readonly folder: string;
  readonly #name: string;
  readonly #namespaces: Namespace[] = [];

  constructor(name: string) {
    if (!inSandbox()) throw new Error('a lab lives in a sandbox: call enterSandbox() first');
    this.#name = name;
    this.folder = join('/run/lab', name);
    mkdirSync(this.folder, { recursive: true });
  }

  /** A network namespace, named after lab and `name`, whose processes see an /etc of their own with these name servers in resolv.conf. */
  async namespace(name: string, options: { nameServers?: readonly string[] } = {}): Promise<Namespace> {
    const folder = join(this.folder, name);
    privateEtc(join(folder, 'etc'), options.nameServers ?? []);
    const namespace = new Namespace(`${this.#name}-${name}`, folder);
    this.#namespaces.push(namespace);
    await must(new LabProcess(['ip', 'netns', 'add', namespace.name], []));
    // Duplicate address detection would make every IPv6 address wait for a second.
    const settings = ['all', 'default', 'lo'].map(
      (where) => `echo 0 > /proc/sys/net/ipv6/conf/${where}/accept_dad`,
    );
    await namespace.must(['sh', '-c', `${settings.join('; ')}; ip link set lo up`]);
    return namespace;
  }

  /** The network of the machine that this program runs on, /etc included; only where all of the machine is there for tests. */
  async machine(name: string): Promise<Namespace> {
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    symlinkSync('/etc', join(folder, 'etc'));
    const namespace = new Namespace(`${this.#name}-${name}`, folder);
    this.#namespaces.push(namespace);
    await must(new LabProcess(['ip', 'netns', 'attach', namespace.name, String(process.pid)], []));
    return namespace;
  }

  /** A cable between two namespaces, both ends up and addressed. */
  async link(a: LinkEnd, b: LinkEnd, options: { mtu?: number } = {}): Promise<void> {
    const mtu = String(options.mtu ?? 1500);
    const peer = ['peer', 'name', b.device, 'mtu', mtu, 'netns', b.namespace.name];
    await a.namespace.must(['ip', 'link', 'add', a.device, 'mtu', mtu, 'type', 'veth', ...peer]);
    for (const { namespace, device, addresses } of [a, b]) {
      const lines = addresses.map((address) => `addr add ${address} dev ${device}${noDad(address)}`);
      await namespace.ip([`link set ${device} up`, ...lines]);
    }
  }

  /** Ends every process and removes every namespace. Idempotent. */
  async close(): Promise<void> {
    const namespaces = this.#namespaces.splice(0);
    await Promise.all(namespaces.map((namespace) => namespace.stopAll()));
    for (const { name } of namespaces) await must(new LabProcess(['ip', 'netns', 'delete', name], []));
    rmSync(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

export class Namespace {
  readonly name: string;
  /** A folder of this namespace's own. */
  readonly folder: string;
  readonly #processes = new Set<LabProcess>();

  constructor(name: string, folder: string) {
    this.name = name;
    this.folder = folder;
  }

  /** This namespace's /etc/resolv.conf, seen from outside. */
  get resolvConf(): string {
    return join(this.folder, 'etc/resolv.conf');
  }

  /** Starts a program with the namespace's network and /etc; it is ended with the namespace at the latest. */
  spawn(argv: readonly string[], options: SpawnOptions = {}): LabProcess {
    const mounts = `mount --bind ${join(this.folder, 'etc')} /etc && { mount -t sysfs sysfs /sys 2>/dev/null; exec "$@"; }`;
    return this.#start(argv, ['unshare', '--mount', 'sh', '-c', mounts, 'namespace'], options);
  }

  /** Runs a program to its end with the namespace's network (not its /etc). */
  async run(argv: readonly string[], options: SpawnOptions = {}): Promise<RunResult> {
    return await result(this.#start(argv, [], options));
  }

  /** Like `run`. @throws with the program's output when it fails */
  async must(argv: readonly string[], options: SpawnOptions = {}): Promise<string> {
    return await must(this.#start(argv, [], options));
  }

  /** Lines for `ip -batch`; those that start with `-6` are about IPv6. */
  async ip(lines: readonly string[]): Promise<void> {
    const v6 = lines.filter((line) => line.startsWith('-6 ')).map((line) => line.slice(3));
    const others = lines.filter((line) => !line.startsWith('-6 '));
    if (others.length > 0) await this.must(['ip', '-batch', '-'], { input: `${others.join('\n')}\n` });
    if (v6.length > 0) await this.must(['ip', '-6', '-batch', '-'], { input: `${v6.join('\n')}\n` });
  }

  /** A script for `nft -f`. */
  async nft(script: string): Promise<void> {
    await this.must(['nft', '-f', '-'], { input: script });
  }

  /** E.g. `net.ipv4.ip_forward`. */
  async sysctl(settings: Readonly<Record<string, number | string>>): Promise<void> {
    const lines = Object.entries(settings).map(
      ([key, value]) => `echo ${value} > /proc/sys/${key.replaceAll('.', '/')}`,
    );
    await this.must(['sh', '-e', '-c', lines.join('\n')]);
  }

  /** Passes packets on between its links, both families. */
  async forward(): Promise<void> {
    await this.sysctl({
      'net.ipv4.ip_forward': 1,
      'net.ipv6.conf.all.forwarding': 1,
      'net.ipv4.conf.all.rp_filter': 0,
      'net.ipv4.conf.default.rp_filter': 0,
    });
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#processes].map((process) => process.stop()));
  }

  #start(argv: readonly string[], wrapper: readonly string[], options: SpawnOptions): LabProcess {
    const enter = ['nsenter', `--net=/run/netns/${this.name}`, ...wrapper];
    const process = new LabProcess(argv, enter, options);
    this.#processes.add(process);
    void process.exited.then(() => this.#processes.delete(process));
    return process;
  }
}

/** Links into the real /etc (which the sandbox keeps at /run/etc), but for a resolv.conf of its own. */
function privateEtc(folder: string, nameServers: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync('/run/etc')) {
    if (name !== 'resolv.conf') symlinkSync(join('/run/etc', name), join(folder, name));
  }
  writeFileSync(join(folder, 'resolv.conf'), nameServers.map((server) => `nameserver ${server}\n`).join(''));
}

function noDad(address: string): string {
  return address.includes(':') ? ' nodad' : '';
}

async function result(process: LabProcess): Promise<RunResult> {
  const { status } = await process.exited;
  return { status: status ?? 255, stdout: process.stdout, stderr: process.stderr };
}

async function must(process: LabProcess): Promise<string> {
  const { status, stdout, stderr } = await result(process);
  if (status !== 0) throw new Error(`${process.argv.join(' ')} failed (${status}): ${stderr}${stdout}`);
  return stdout;
}
