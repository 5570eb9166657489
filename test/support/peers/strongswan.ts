import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Namespace } from '../net/lab.ts';
import type { LabProcess } from '../net/lab-process.ts';
import { missingPrograms } from '../net/sandbox.ts';
import type { Issued } from '../pki.ts';
import { radiusSecret } from './freeradius.ts';
import { ViciClient, type ViciSection } from './vici.ts';

/** Why strongSwan cannot be a peer here; undefined when it can. */
export function strongSwanObstacle(): string | undefined {
  const program = missingPrograms(['charon-systemd']);
  if (program !== undefined) return program;
  const plugins = [
    'kernel-libipsec',
    'vici',
    'openssl',
    'eap-mschapv2',
    'eap-identity',
    'eap-ttls',
    'eap-radius',
  ];
  const missing = plugins.filter(
    (plugin) => !existsSync(`/usr/lib/ipsec/plugins/libstrongswan-${plugin}.so`),
  );
  return missing.length === 0 ? undefined : `not installed: strongSwan plugins ${missing.join(', ')}`;
}

export interface StrongSwanOptions {
  /** Further `charon { … }` settings, e.g. `retransmit_tries = 2`. */
  readonly settings?: readonly string[];
  /** The kernel's ESP in place of strongSwan's own in userspace; few machines of containers have it. */
  readonly kernelEsp?: boolean;
  /** Plugins beside those of every peer, each with its settings. */
  readonly plugins?: Readonly<Record<string, string>>;
}

/** What charon says of an IKE SA over vici, as far as tests look at it. */
export interface IkeSaView {
  readonly name: string;
  readonly state: string;
  /** Hexadecimal. */
  readonly initiatorSpi: string;
  readonly responderSpi: string;
  readonly localHost: string;
  readonly remoteHost: string;
  readonly remotePort: number;
  readonly remoteId: string;
  readonly remoteEapId: string | undefined;
  /** E.g. `AES_GCM_16-256/PRF_HMAC_SHA2_384/ECP_256`. */
  readonly suite: string;
  readonly natLocal: boolean;
  readonly natRemote: boolean;
  readonly remoteVips: readonly string[];
  readonly children: readonly ChildSaView[];
}

export interface ChildSaView {
  readonly name: string;
  readonly state: string;
  /** E.g. `AES_GCM_16-256` or `AES_CBC-256/HMAC_SHA2_256_128`. */
  readonly suite: string;
  readonly encapsulated: boolean;
  readonly localSelectors: readonly string[];
  readonly remoteSelectors: readonly string[];
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly spiIn: string;
  readonly spiOut: string;
}

/** In Debian's own order, where the first that has an algorithm provides it: AES with the processor's instructions. */
const plugins = [
  ...[
    'aesni',
    'aes',
    'sha2',
    'sha1',
    'md5',
    'random',
    'nonce',
    'x509',
    'constraints',
    'revocation',
    'curl',
    'pubkey',
    'pkcs1',
    'pem',
  ],
  ...['openssl', 'pkcs8', 'gmp', 'curve25519', 'chapoly', 'xcbc', 'hmac', 'kdf', 'gcm', 'kernel-libipsec'],
  ...[
    'kernel-netlink',
    'socket-default',
    'vici',
    'updown',
    'eap-identity',
    'eap-md5',
    'eap-mschapv2',
    'eap-gtc',
    'eap-tls',
    'eap-ttls',
    'eap-radius',
    'xauth-generic',
    'counters',
  ],
];

/**
 * A charon in a namespace, with strongSwan's userspace ESP, driven over vici. Debian confines the installed program to
 * /etc where AppArmor is on, so a copy of it runs.
 */
export class StrongSwan {
  readonly process: LabProcess;
  readonly vici: ViciClient;
  readonly #folder: string;
  readonly #options: StrongSwanOptions;
  readonly #changes = new Map<string, string>();
  #eap: CharonEap = {};

  private constructor(process: LabProcess, vici: ViciClient, folder: string, options: StrongSwanOptions) {
    this.#options = options;
    this.process = process;
    this.vici = vici;
    this.#folder = folder;
  }

  static async start(namespace: Namespace, options: StrongSwanOptions = {}): Promise<StrongSwan> {
    const folder = join(namespace.folder, 'strongswan');
    mkdirSync(folder, { recursive: true });
    const program = join(folder, 'charon');
    copyFileSync('/usr/sbin/charon-systemd', program);
    const socket = join(folder, 'vici');
    writeFileSync(join(folder, 'strongswan.conf'), configuration(folder, options, {}));
    const process = namespace.spawn([program], {
      env: { STRONGSWAN_CONF: join(folder, 'strongswan.conf'), SWANCTL_DIR: folder },
    });
    try {
      return new StrongSwan(process, await connectWhenReady(socket, process), folder, options);
    } catch (error) {
      await process.stop();
      throw new Error(`charon does not start: ${process.stderr.slice(-1_000)}${readLog(folder)}`, {
        cause: error,
      });
    }
  }

  /** The end of charon's log: for a reader of a failure, never for an expectation. */
  get log(): string {
    return readLog(this.#folder);
  }

  /** Forgets every connection, pool, credential and SA. */
  async reset(): Promise<void> {
    for (const sa of await this.sas()) await this.vici.request('terminate', { ike: sa.name, force: 'yes' });
    const { conns } = await this.vici.request('get-conns');
    for (const name of Array.isArray(conns) ? conns : []) await this.vici.request('unload-conn', { name });
    await this.vici.request('clear-creds');
    const pools = await this.vici.request('get-pools');
    for (const name of Object.keys(pools)) await this.vici.request('unload-pool', { name });
  }

  /** Whether charon signs as before RFC 7427, with one method for each kind of key. */
  async setClassicSignatures(classic: boolean): Promise<void> {
    await this.#change('signature_authentication', classic ? 'no' : 'yes');
  }

  /** The largest IP packet that charon sends an IKE message in; 1280 unless set. */
  async setFragmentSize(octets: number): Promise<void> {
    await this.#change('fragment_size', String(octets));
  }

  async setEap(eap: CharonEap): Promise<void> {
    if (JSON.stringify(eap) === JSON.stringify(this.#eap)) return;
    this.#eap = eap;
    await this.#reload();
  }

  async #change(name: string, value: string): Promise<void> {
    if (this.#changes.get(name) === value) return;
    this.#changes.set(name, value);
    await this.#reload();
  }

  async #reload(): Promise<void> {
    const changes = [...this.#changes].map((each) => each.join(' = '));
    const settings = [...(this.#options.settings ?? []), ...changes];
    const options = { ...this.#options, settings };
    writeFileSync(join(this.#folder, 'strongswan.conf'), configuration(this.#folder, options, this.#eap));
    await this.vici.must('reload-settings');
  }

  async loadCertificate(certificate: Issued, flag: 'NONE' | 'CA' = 'NONE'): Promise<void> {
    await this.vici.must('load-cert', { type: 'X509', flag, data: certificate.der });
  }

  /** `settings` in swanctl's words for an authority, e.g. `cert_uri_base`. */
  async loadAuthority(name: string, ca: Issued, settings: ViciSection): Promise<void> {
    await this.vici.must('load-authority', { [name]: { cacert: ca.der, ...settings } });
  }

  async unloadAuthority(name: string): Promise<void> {
    await this.vici.must('unload-authority', { name });
  }

  async loadKey(certificate: Issued): Promise<void> {
    await this.vici.must('load-key', { type: 'any', data: certificate.privateKeyPem });
  }

  async loadUser(name: string, password: string): Promise<void> {
    await this.vici.must('load-shared', { type: 'EAP', data: password, owners: [name] });
  }

  /** `attributes`: what goes out beside the addresses, in swanctl's words. */
  /** A pre-shared key (`IKE`) or a post-quantum one (`PPK`) of these identities. */
  async loadShared(type: 'IKE' | 'PPK', data: string, owners: readonly string[]): Promise<void> {
    await this.vici.must('load-shared', { type, data, owners: [...owners] });
  }

  async loadPool(name: string, addrs: string, attributes: ViciSection = {}): Promise<void> {
    await this.vici.must('load-pool', { [name]: { addrs, ...attributes } });
  }

  async loadConnection(name: string, connection: ViciSection): Promise<void> {
    await this.vici.must('load-conn', { [name]: connection });
  }

  async sas(): Promise<IkeSaView[]> {
    const events = await this.vici.stream('list-sas', 'list-sa', {});
    return events.flatMap((event) => Object.entries(event).map(([name, sa]) => viewIkeSa(name, section(sa))));
  }

  /** How often something happened since the last `resetCounters`, by charon's name for it, e.g. `create-child-in-req`. */
  async counters(): Promise<(name: string) => number> {
    const counted = section(section((await this.vici.must('get-counters', {}))['counters'])['']);
    return (name) => Number(text(counted, name));
  }

  async resetCounters(): Promise<void> {
    await this.vici.must('reset-counters', {});
  }

  /** Ends charon without a goodbye to anybody. */
  async kill(): Promise<void> {
    this.vici.close();
    await this.process.stop('SIGKILL');
  }

  async stop(): Promise<void> {
    this.vici.close();
    await this.process.stop();
  }
}

/** How charon's own EAP-TLS and TTLS are. */
export interface CharonEap {
  /** What it asks for inside of TTLS: md5 unless given. */
  readonly phase2?: 'md5' | 'mschapv2' | 'gtc';
}

function configuration(folder: string, options: StrongSwanOptions, eap: CharonEap): string {
  const { settings = [], kernelEsp = false } = options;
  const further = Object.entries(options.plugins ?? {});
  const own = plugins.filter((name) => !(kernelEsp && name === 'kernel-libipsec'));
  const load = [...own, ...further.map(([name]) => name)].join(' ');
  const eapPlugins = `eap-gtc { backend = generic }
    eap-radius { servers { local { address = 127.0.0.1\n secret = ${radiusSecret} } } }
    eap-ttls { phase2_method = ${eap.phase2 ?? 'md5'} }
    ${further.map(([name, text]) => `${name} { ${text} }`).join('\n    ')}`;
  const tls = 'tls { version_min = 1.2\n version_max = 1.2 }';
  return `charon {
  load = ${load}
  install_virtual_ip = yes
  port = 500
  port_nat_t = 4500
  ${settings.join('\n  ')}
  plugins {
    vici { socket = unix://${folder}/vici }
    kernel-libipsec { load = 10 }
    ${eapPlugins}
  }
  ${tls}
}
charon-systemd {
  load = ${load}
  journal { default = -1 }
  ${settings.join('\n  ')}
  plugins {
    vici { socket = unix://${folder}/vici }
    kernel-libipsec { load = 10 }
    ${eapPlugins}
  }
  ${tls}
  filelog {
    log { path = ${folder}/log\n default = 1\n ike = 2\n cfg = 1\n knl = 1\n flush_line = yes }
  }
}
`;
}

/** On an emulated machine it takes its time; one that ends is noticed at once. */
const startDeadlineMs = 60_000;

async function connectWhenReady(socket: string, process: LabProcess): Promise<ViciClient> {
  const deadline = performance.now() + startDeadlineMs;
  for (;;) {
    try {
      return await ViciClient.connect(socket);
    } catch (error) {
      if (process.exit !== undefined || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function readLog(folder: string): string {
  const path = join(folder, 'log');
  return existsSync(path) ? readFileSync(path, 'utf8').slice(-20_000) : '';
}

function viewIkeSa(name: string, sa: ViciSection): IkeSaView {
  return {
    name,
    state: text(sa, 'state'),
    initiatorSpi: text(sa, 'initiator-spi'),
    responderSpi: text(sa, 'responder-spi'),
    localHost: text(sa, 'local-host'),
    remoteHost: text(sa, 'remote-host'),
    remotePort: Number(text(sa, 'remote-port')),
    remoteId: text(sa, 'remote-id'),
    remoteEapId: sa['remote-eap-id'] === undefined ? undefined : text(sa, 'remote-eap-id'),
    suite: suite(sa, ['prf-alg', 'dh-group']),
    natLocal: text(sa, 'nat-local') === 'yes',
    natRemote: text(sa, 'nat-remote') === 'yes',
    remoteVips: list(sa, 'remote-vips'),
    children: Object.values(section(sa['child-sas'])).map((child) => viewChildSa(section(child))),
  };
}

function viewChildSa(child: ViciSection): ChildSaView {
  return {
    name: text(child, 'name'),
    state: text(child, 'state'),
    suite: suite(child, ['dh-group']),
    encapsulated: text(child, 'encap') === 'yes',
    localSelectors: list(child, 'local-ts'),
    remoteSelectors: list(child, 'remote-ts'),
    packetsIn: Number(text(child, 'packets-in')),
    packetsOut: Number(text(child, 'packets-out')),
    spiIn: text(child, 'spi-in'),
    spiOut: text(child, 'spi-out'),
  };
}

function suite(sa: ViciSection, further: readonly string[]): string {
  const keySize = text(sa, 'encr-keysize');
  const encryption = keySize === '' ? text(sa, 'encr-alg') : `${text(sa, 'encr-alg')}-${keySize}`;
  const parts = [encryption, text(sa, 'integ-alg'), ...further.map((key) => text(sa, key))];
  return parts.filter((part) => part !== '').join('/');
}

function section(value: unknown): ViciSection {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function text(from: ViciSection, key: string): string {
  const value = from[key];
  return typeof value === 'string' ? value : '';
}

function list(from: ViciSection, key: string): string[] {
  const value = from[key];
  return Array.isArray(value) ? value.map(String) : [];
}
