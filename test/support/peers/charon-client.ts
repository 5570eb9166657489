import type { Namespace } from '../net/lab.ts';
import type { ClientProfile, LoginResult, VpnClient } from './client.ts';
import { StrongSwan } from './strongswan.ts';

export interface CharonClientOptions {
  /** Connects again without end when the gateway is silent, and finds that out with the times that Godwit has. */
  readonly staysConnected?: boolean;
}

/** `connect` is `load` and `initiate`; `disconnect` forgets what was loaded, `terminate` does not. */
export interface CharonClient extends VpnClient {
  /** charon itself, for what only it can be asked. */
  readonly charon: StrongSwan;
  load(profile: ClientProfile): Promise<void>;
  /** Ends when the CHILD SA is installed. */
  initiate(): Promise<LoginResult>;
  terminate(): Promise<void>;
}

/**
 * strongSwan as the client: the reference of the interop cases (what it cannot do, the gateway's configuration is to
 * blame for) and the other side of every bench.
 */
export async function startCharonClient(
  namespace: Namespace,
  options: CharonClientOptions = {},
): Promise<CharonClient> {
  const charon = await StrongSwan.start(namespace, {
    settings: [...(options.staysConnected === true ? patient : brief), 'delete_rekeyed_delay = 0'],
  });
  return {
    name: 'charon',
    pid: charon.process.pid,
    get log() {
      return charon.log;
    },
    charon,
    load: (profile) => load(charon, profile, options),
    initiate: () => initiate(charon),
    terminate: () => terminate(charon),
    connect: async (profile) => {
      await load(charon, profile, options);
      return await initiate(charon);
    },
    disconnect: async () => {
      await terminate(charon);
      await charon.reset();
    },
    stop: () => charon.stop(),
  };
}

/** For a case that fails: nobody wants to wait for it. */
const brief = ['retransmit_tries = 2', 'retransmit_timeout = 1.0'];
const patient = ['retransmit_tries = 4', 'retransmit_timeout = 2.0', 'retransmit_base = 1.4'];

const groups = 'ecp256-ecp384-x25519-modp2048-modp3072-modp4096-ecp521';
const defaults = {
  ike: [
    `aes256gcm16-aes128gcm16-chacha20poly1305-prfsha384-prfsha256-prfsha512-${groups}`,
    `aes256-aes192-aes128-sha256-sha384-sha512-${groups}`,
  ],
  esp: ['aes256gcm16-aes128gcm16-chacha20poly1305', 'aes256-aes192-aes128-sha256-sha384-sha512'],
};

async function load(
  charon: StrongSwan,
  profile: ClientProfile,
  { staysConnected = false }: CharonClientOptions,
): Promise<void> {
  const selectors = profile.remoteNetworks ?? ['0.0.0.0/0', '::/0'];
  for (const ca of [profile.ca, ...(profile.furtherCas ?? [])]) await charon.loadCertificate(ca, 'CA');
  await charon.loadUser(profile.username, profile.password);
  await charon.loadConnection('home', {
    version: '2',
    encap: 'yes',
    vips: ['0.0.0.0', '::'],
    remote_addrs: [profile.gateway],
    ...(staysConnected ? { dpd_delay: '10s', keyingtries: '0' } : {}),
    proposals: profile.ike ?? defaults.ike,
    local: { auth: 'eap-mschapv2', id: profile.username, eap_id: profile.username },
    remote: { auth: 'pubkey', id: profile.remoteIdentity ?? profile.gateway },
    children: {
      net: {
        remote_ts: [...selectors],
        esp_proposals: profile.esp ?? defaults.esp,
        ...(staysConnected ? { dpd_action: 'restart', close_action: 'start' } : {}),
      },
    },
  });
}

async function initiate(charon: StrongSwan): Promise<LoginResult> {
  const answer = await charon.vici.request('initiate', { child: 'net', timeout: '20000' });
  if (answer['success'] === 'yes') return { ok: true, addresses: [], dnsServers: [] };
  return { ok: false, failure: 'failed', detail: String(answer['errmsg']) };
}

async function terminate(charon: StrongSwan): Promise<void> {
  await charon.vici.request('terminate', { ike: 'home', timeout: '3000' });
}
