import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatFailure } from '../../core/base/errors.ts';
import { defaultSocketPath } from '../../core/rpc/socket-path.ts';
import { connectRpc, type RpcClient } from '../../core/rpc/transport/client.ts';
import type { ConnectedTunnel, Snapshot } from '../../core/rpc/values.ts';
import { Lab, type Namespace, type RunResult } from '../support/net/lab.ts';
import type { LabProcess } from '../support/net/lab-process.ts';
import { differences, type NamespaceState, readState } from '../support/net/leftovers.ts';
import { StrongSwan } from '../support/peers/strongswan.ts';
import type { ViciSection } from '../support/peers/vici.ts';
import { createCa, type Issued, issue } from '../support/pki.ts';
import { addresses } from '../support/topology.ts';
import { type HostDeed, macs } from './protocol.ts';

const payload = '/mnt';
export const gatewayName = 'vpn.example.org';
export const password = 'correct horse';
/** What an emulated machine may take for a thing that is not quick. */
export const patienceMs = 90_000;

export interface GuestRow {
  readonly theme: string;
  readonly name: string;
  /** Longest time, in seconds; `defaultSeconds` unless given. */
  readonly seconds?: number;
  /** Answers what was wrong. */
  run(bench: Bench): Promise<readonly string[]>;
}

/**
 *     guest ══ home ══ router ── gateway ── lan
 *           ══ cafe ══
 *
 * The guest is the machine itself, with NetworkManager and systemd-resolved; the cards at home and in the café are real to it. The
 * rest lives in namespaces. The gateway is a charon with the kernel's ESP.
 */
export class Bench {
  readonly guest: Namespace;
  readonly router: Namespace;
  readonly gateway: Namespace;
  readonly lan: Namespace;
  readonly ca: Issued;
  readonly certificate: Issued;
  readonly deed: (deed: HostDeed) => Promise<void>;
  readonly note: (text: string) => void;
  #charon: StrongSwan | undefined;
  #names: { readonly outside: LabProcess; readonly inside: LabProcess } | undefined;
  #installed = false;

  private constructor(
    places: Pick<Bench, 'guest' | 'router' | 'gateway' | 'lan'>,
    outside: Pick<Bench, 'deed' | 'note'>,
  ) {
    this.guest = places.guest;
    this.router = places.router;
    this.gateway = places.gateway;
    this.lan = places.lan;
    this.deed = outside.deed;
    this.note = outside.note;
    this.ca = createCa('Godwit Guest Root');
    this.certificate = issue(this.ca, { subject: gatewayName, names: [gatewayName] });
  }

  static async create(outside: Pick<Bench, 'deed' | 'note'>): Promise<Bench> {
    const lab = new Lab('guest');
    const guest = await lab.machine('machine');
    const [router, gateway, lan] = await Promise.all([
      lab.namespace('router'),
      lab.namespace('gateway'),
      lab.namespace('lan'),
    ]);
    await guest.must(['modprobe', '-a', 'sch_netem', 'tun', 'esp4', 'esp6', 'xfrm_user']);
    await card(guest, router, macs.homeRouter, 'home', ['10.10.0.1/24', 'fd10::1/64']);
    await card(guest, router, macs.cafeRouter, 'cafe', ['10.20.0.1/24', 'fd20::1/64']);
    await cable(lab, router, gateway, lan);
    return new Bench({ guest, router, gateway, lan }, outside);
  }

  /** Runs a line of shell in the guest. */
  async sh(line: string): Promise<RunResult> {
    return await this.guest.run(['sh', '-c', line]);
  }

  async must(line: string): Promise<string> {
    return await this.guest.must(['sh', '-c', line]);
  }

  /** The command line as this user, with what is typed. */
  async godwit(user: string, args: readonly string[], input?: string): Promise<RunResult> {
    return await this.guest.run(
      ['runuser', '-u', user, '--', 'godwit', ...args],
      input === undefined ? {} : { input },
    );
  }

  /** Installs the package as an administrator does. Once. */
  async install(): Promise<RunResult> {
    if (this.#installed) return { status: 0, stdout: '', stderr: '' };
    const result = await this.apt(['install', '--yes', `${payload}/godwit.deb`]);
    this.#installed = result.status === 0;
    await this.sh('gpasswd --add alice godwit');
    return result;
  }

  async apt(args: readonly string[]): Promise<RunResult> {
    return await this.guest.run(['apt-get', '-o', 'Dpkg::Use-Pty=0', ...args], {
      env: { DEBIAN_FRONTEND: 'noninteractive' },
    });
  }

  readonly successor = `${payload}/godwit-next.deb`;

  /** A new package state: the next `install` installs. */
  removed(): void {
    this.#installed = false;
  }

  /** A gateway with a user `alice`, its kernel's ESP and these settings in swanctl's words; the one before is gone. */
  async startGateway(options: GatewayOptions = {}): Promise<StrongSwan> {
    await this.#charon?.kill();
    await this.gateway.run(['sh', '-c', 'ip xfrm state flush; ip xfrm policy flush']);
    const charon = await StrongSwan.start(this.gateway, {
      kernelEsp: true,
      settings: ['retransmit_timeout = 8', ...(options.settings ?? [])],
    });
    this.#charon = charon;
    await charon.loadCertificate(this.certificate);
    await charon.loadKey(this.certificate);
    await charon.loadUser('alice', password);
    await charon.loadPool('pool', addresses.pool.v4, { dns: ['10.77.0.53'] });
    await charon.loadConnection('gateway', {
      version: '2',
      encap: 'yes',
      mobike: 'yes',
      pools: ['pool'],
      proposals: ['aes256gcm16-prfsha384-ecp384', 'aes256-sha256-modp2048'],
      local: { auth: 'pubkey', id: gatewayName, certs: [this.certificate.der] },
      remote: { auth: 'eap-mschapv2', id: '%any', eap_id: '%any' },
      ...options.connection,
      children: {
        net: { local_ts: [addresses.lan.net4], esp_proposals: ['aes256gcm16'], ...options.child },
      },
    });
    return charon;
  }

  get charon(): StrongSwan {
    if (this.#charon === undefined) throw new Error('no gateway runs');
    return this.#charon;
  }

  /** Name servers at home, in the café and behind the gateway, each with names of its own. */
  async startNames() {
    const start = async (where: Namespace, address: string, names: readonly string[]) => {
      const server = where.spawn([`${payload}/node`, `${payload}/dns-server.js`, address, ...names]);
      await server.waitFor(/ready/, patienceMs);
      return server;
    };
    this.#names ??= {
      outside: await start(this.router, '10.10.0.1', [`www.example.net=${addresses.internet.v4}`]),
      inside: await start(this.lan, '10.77.0.53', [`host.corp.example=${addresses.lan.v4}`]),
    };
    return this.#names;
  }

  /** Stores a profile of the system under this name, with alice's password beside it. */
  storeProfile(name: string, more: Readonly<Record<string, unknown>> = {}): void {
    const folder = '/etc/godwit/profiles';
    mkdirSync(folder, { recursive: true });
    const profile = {
      name,
      gateway: addresses.natGateway.v4,
      remoteIdentity: gatewayName,
      authentication: { method: 'eap-mschapv2', username: 'alice', passwordFile: `${name}.password` },
      trust: { ca: this.ca.pem },
      remoteNetworks: [addresses.lan.net4],
      rekey: { earlySeconds: 0 },
      ...more,
    };
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(profile), { mode: 0o644 });
    writeFileSync(join(folder, `${name}.password`), `${password}\n`, { mode: 0o600 });
  }

  /** Connects, as alice at the command line or, which is quicker, as root over RPC. @throws when that fails */
  async up(name: string, who: 'alice' | 'root' = 'root'): Promise<void> {
    const trouble = who === 'root' ? await this.#connect(name) : await this.#cliUp(name);
    if (trouble !== undefined) throw new Error(`${trouble}\n${await this.logs()}`);
  }

  async #cliUp(name: string): Promise<string | undefined> {
    const { status, stdout, stderr } = await this.godwit('alice', ['up', name, '--json']);
    return status === 0 ? undefined : `godwit up ended with ${status}: ${stdout}${stderr}`;
  }

  async #connect(id: string): Promise<string | undefined> {
    return await this.#withDaemon(async (rpc) => {
      let settled: (snapshot: Snapshot) => void = () => {};
      const end = new Promise<Snapshot>((resolve) => {
        settled = resolve;
      });
      let attempt: number | undefined;
      let last: Snapshot | undefined;
      const look = (): void => {
        if (last === undefined || last.attempt !== attempt) return;
        if (last.tunnel.state === 'connected' || last.tunnel.state === 'disconnected') settled(last);
      };
      rpc.on('state', (snapshot) => {
        last = snapshot;
        look();
      });
      await rpc.call('subscribe', { events: ['state'] });
      const accepted = await rpc.call('connect', { source: { kind: 'stored', id }, canAnswer: false });
      if (!accepted.ok) return formatFailure(accepted.error);
      attempt = accepted.value.attempt;
      look();
      const { tunnel } = await end;
      if (tunnel.state === 'connected') return undefined;
      const failure = tunnel.state === 'disconnected' ? tunnel.lastFailure : undefined;
      return failure === undefined ? `ended as ${tunnel.state}` : formatFailure(failure);
    });
  }

  /** A connection for one thing. */
  async #withDaemon<T>(use: (rpc: RpcClient) => Promise<T>): Promise<T> {
    const connected = await connectRpc(defaultSocketPath);
    if (!connected.ok) throw new Error(formatFailure(connected.error));
    try {
      return await use(connected.value);
    } finally {
      connected.value.close();
    }
  }

  async down(): Promise<string[]> {
    const answer = await this.#withDaemon((rpc) => rpc.call('disconnect', {}));
    return answer.ok ? [] : [`disconnect: ${formatFailure(answer.error)}`];
  }

  /** Whether the daemon answers. */
  async answers(): Promise<boolean> {
    const connected = await connectRpc(defaultSocketPath);
    if (connected.ok) connected.value.close();
    return connected.ok;
  }

  /** The connection that stands. */
  async tunnel(): Promise<ConnectedTunnel | undefined> {
    const status = await this.#withDaemon((rpc) => rpc.call('status', {}));
    if (!status.ok) throw new Error(formatFailure(status.error));
    const { tunnel } = status.value.snapshot;
    return tunnel.state === 'connected' ? tunnel : undefined;
  }

  async ping(target: string = addresses.lan.v4, from: Namespace = this.guest, count = 3): Promise<string[]> {
    const options = ['-c', String(count), '-i', '0.2', '-W', '10'];
    const { stdout } = await from.run(['ping', ...options, target]);
    return stdout.includes(` ${count} received`)
      ? []
      : [`no answer to a ping of ${target}: ${stdout.split('\n').at(-3) ?? ''}`];
  }

  /** Whether it becomes true in time: asked again and again, as the things behind it tell nobody. */
  async until(what: string, ask: () => Promise<boolean>, deadlineMs = patienceMs): Promise<string[]> {
    const deadline = performance.now() + deadlineMs;
    while (!(await ask())) {
      if (performance.now() > deadline) return [`not within ${deadlineMs / 1000} s: ${what}`];
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    return [];
  }

  /** What a connection may change on this machine, once no address of its own is on trial any more. */
  async look(): Promise<NamespaceState> {
    await this.until('addresses that are no longer tentative', async () => {
      const { stdout } = await this.sh('ip -o -6 address show tentative');
      return stdout === '';
    });
    const { lines } = await readState(this.guest);
    // The name servers' and NetworkManager's own sockets come and go; switched on, NetworkManager words the loopback anew.
    const kept = [...lines].filter((line) => !/^(UDP socket|address: lo )/.test(line));
    const more = await this.must(
      'nft list ruleset | sed "s/^/nft: /"; resolvectl dns; resolvectl domain; ls -A /run/godwit 2>/dev/null | grep -v sock',
    ).catch(() => '');
    return { lines: new Set([...kept, ...more.split('\n').filter((line) => line !== '')]) };
  }

  async leftovers(before: NamespaceState): Promise<string[]> {
    return differences(before, await this.look());
  }

  /** For a reader of a failure. */
  async logs(): Promise<string> {
    const { stdout } = await this.sh('journalctl -u godwitd -n 40 --no-pager -o cat');
    return `${stdout}\n${this.#charon?.log.slice(-3_000) ?? ''}`;
  }
}

export interface GatewayOptions {
  readonly settings?: readonly string[];
  readonly connection?: ViciSection;
  readonly child?: ViciSection;
}

/** Moves the far end of a cable into the router. */
async function card(
  guest: Namespace,
  router: Namespace,
  mac: string,
  name: string,
  own: readonly string[],
): Promise<void> {
  const device = readdirSync('/sys/class/net').find(
    (each) => readFileSync(`/sys/class/net/${each}/address`, 'utf8').trim() === mac,
  );
  if (device === undefined) throw new Error(`the guest has no card ${mac}`);
  await guest.ip([`link set ${device} down`, `link set ${device} netns ${router.name} name ${name}`]);
  await router.ip([`link set ${name} up`, ...own.map((each) => `addr add ${each} dev ${name}`)]);
}

async function cable(lab: Lab, router: Namespace, gateway: Namespace, lan: Namespace): Promise<void> {
  await Promise.all([router.forward(), gateway.forward()]);
  await lab.link(
    { namespace: router, device: 'wan', addresses: ['192.0.2.1/24', '2001:db8::1/64'] },
    {
      namespace: gateway,
      device: 'wan',
      addresses: ['192.0.2.2/24', '192.0.2.3/24', '2001:db8::2/64', '2001:db8::3/64'],
    },
  );
  await lab.link(
    { namespace: gateway, device: 'lan', addresses: ['10.77.0.1/24', 'fd77::1/64'] },
    { namespace: lan, device: 'eth0', addresses: ['10.77.0.10/24', '10.77.0.53/24', 'fd77::10/64'] },
  );
  await gateway.ip([
    'route add 10.10.0.0/24 via 192.0.2.1',
    'route add 10.20.0.0/24 via 192.0.2.1',
    '-6 route add fd10::/64 via 2001:db8::1',
    '-6 route add fd20::/64 via 2001:db8::1',
    'route add 198.51.100.0/24 via 10.77.0.10',
  ]);
  await lan.ip([
    'route add default via 10.77.0.1',
    '-6 route add default via fd77::1',
    'addr add 198.51.100.10/32 dev lo',
  ]);
  await router.nft(`
table inet lab {
  chain nat {
    type nat hook postrouting priority srcnat;
    oifname "wan" ip daddr ${addresses.natGateway.v4} masquerade
  }
}`);
}
