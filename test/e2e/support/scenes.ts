import { type Failure, failure } from '../../../core/base/errors.ts';
import type { AskRequest } from '../../../core/rpc/asks.ts';
import type { Link, Update, ViewName } from '../../../core/rpc/bridge.ts';
import type { CertificateFacts, KeyFileLook } from '../../../core/rpc/key-files.ts';
import type {
  ConnectedTunnel,
  JourneyEntry,
  LogLine,
  ProfileEntry,
  Sample,
  TunnelSnapshot,
} from '../../../core/rpc/values.ts';
import type { Scene } from './fake-host.ts';

/** Every state, error and empty screen of the interface, by the name of its screenshot. */
export interface NamedScene {
  readonly name: string;
  readonly view: ViewName;
  readonly scene: Scene;
  /** In the list of profiles: the one that is opened, and what is looked for in its editor. */
  readonly editor?: { readonly profile: string; readonly search?: string };
}

const minute = 60_000;
const now = () => Date.now();

export const reference = { id: 'own:headquarters', name: 'Headquarters', gateway: 'vpn.example.org' };

const certificate =
  '-----BEGIN CERTIFICATE-----\nMIIBdzCCAR2gAwIBAgIUQ0ZfYmFyLXRhaWxlZCBnb2R3aXQ=\n-----END CERTIFICATE-----\n';

export const headquartersText = `${JSON.stringify(
  {
    name: 'Headquarters',
    gateway: 'vpn.example.org',
    authentication: { method: 'eap-mschapv2', username: 'CORP\\alice' },
    trust: { ca: certificate },
    remoteNetworks: ['10.0.0.0/8', 'fd00:1::/48'],
    dns: { domains: ['corp.example.org'] },
    livenessSeconds: 30,
  },
  null,
  2,
)}\n`;

/** One of nearly each kind of setting, and two that are wrong. */
const customerText = JSON.stringify({
  name: 'Customer, Rotterdam',
  gateway: 'ike.customer.example',
  gateways: { others: ['ike2.customer.example'], choose: 'fastest' },
  remoteIdentity: null,
  authentication: { method: 'eap-ttls', username: 'alice', innerMethods: ['eap-mschapv2', 'eap-gtc'] },
  trust: { ca: certificate, revocation: { mode: 'strict' } },
  children: [
    { networks: ['10.1.0.0/16', '10.2.0.0/16'] },
    { networks: ['10.9.0.0/16'], protocol: 'tcp', ports: '5060-5061' },
  ],
  mtu: 1_600,
  keepaliveSeconds: 20,
  inactivity: { seconds: 5_400, action: 'disconnect' },
  allowNat: false,
  proposals: { esp: ['aes256gcm16', 'rot13'] },
  rekey: { ikeSeconds: 86_400 },
  ppk: { id: 'rotterdam-1' },
});

export const profiles: readonly ProfileEntry[] = [
  { id: 'own:headquarters', file: 'headquarters.json', ...pick(reference), own: true, failures: [] },
  {
    id: 'lab',
    file: '/etc/godwit/profiles/lab.json',
    name: 'Lab Zürich',
    gateway: '203.0.113.40',
    failures: [],
  },
  {
    id: 'own:customer',
    file: 'customer.json',
    name: 'Customer, Rotterdam',
    gateway: 'ike.customer.example',
    own: true,
    failures: [],
  },
  {
    id: 'old-office',
    file: '/etc/godwit/profiles/old-office.json',
    failures: [
      failure('profile.invalid', {
        file: 'old-office.json',
        line: 7,
        field: 'mtu',
        reason: 'must be "auto", or 1280 to 1500',
        problem: 'mtu',
      }),
    ],
  },
];

function pick({ name, gateway }: typeof reference) {
  return { name, gateway };
}

/** Five minutes of a working day: calls, a download, and a change of network in which nothing came. */
export function samples(until = now()): Sample[] {
  const list: Sample[] = [];
  let inbound = 48_000_000;
  let outbound = 6_100_000;
  for (let second = 300; second >= 0; second--) {
    if (second > 128 && second < 133) continue;
    const wave = (period: number, phase: number) => (Math.sin((second / period) * 6.283 + phase) + 1) / 2;
    const download = second < 110 && second > 52 ? 5_200_000 * (0.72 + 0.28 * wave(7, 0)) : 0;
    const inboundRate = 90_000 + 260_000 * wave(23, 1) * wave(5, 2) + download;
    const outboundRate = 40_000 + 120_000 * wave(17, 3) + download * 0.03;
    inbound += inboundRate;
    outbound += outboundRate;
    const moved = second < 130;
    list.push({
      at: until - second * 1_000,
      attempt: 1,
      inboundRate,
      outboundRate,
      inboundOctets: Math.round(inbound),
      outboundOctets: Math.round(outbound),
      provenAgeMs: 400,
      ...(second % 5 === 0 ? { roundTripMs: (moved ? 34 : 17) + 6 * wave(31, 0) + 3 * wave(3, 1) } : {}),
    });
  }
  return list;
}

export function journey(): JourneyEntry[] {
  const profile = 'Headquarters';
  const gateway = '203.0.113.7:4500';
  const at = now();
  return [
    {
      at: at - 94 * minute,
      attempt: 1,
      kind: 'connected',
      profile,
      local: '192.168.1.23:4500',
      device: 'wlan0',
      gateway,
    },
    {
      at: at - 41 * minute,
      attempt: 1,
      kind: 'moved',
      profile,
      local: '10.164.8.2:4500',
      device: 'wwan0',
      gateway,
      gapMs: 184,
    },
    { at: at - 12 * minute, attempt: 1, kind: 'lost', profile, error: failure('peer.dead', { seconds: 22 }) },
    {
      at: at - 11 * minute,
      attempt: 1,
      kind: 'restored',
      profile,
      local: '10.164.8.2:4500',
      device: 'wwan0',
      gateway,
      gapMs: 38_400,
    },
    {
      at: at - 2.2 * minute,
      attempt: 1,
      kind: 'moved',
      profile,
      local: '172.20.10.4:4500',
      device: 'wlan0',
      gateway,
      gapMs: 96,
    },
  ];
}

export function connected(changes: Partial<ConnectedTunnel> = {}): ConnectedTunnel {
  return {
    state: 'connected',
    profile: reference,
    since: now() - 94 * minute,
    connectMs: 412,
    provenAgeMs: 1_400,
    gateway: '203.0.113.7:4500',
    local: '172.20.10.4:4500',
    remoteIdentity: 'vpn.example.org',
    remoteAuthentication: 'ECDSA with SHA-384',
    localAuthentication: 'EAP-MSCHAPv2',
    remoteNames: [],
    ppk: false,
    weaknesses: [],
    ike: {
      proposal: 'aes256gcm16-prfsha384-ecp384',
      initiatorSpi: 'a81c7e0fd41b2290',
      responderSpi: '05e1bb17c8f03f6d',
      ageMs: 94 * minute,
      rekeys: 0,
      lifetimeMs: 14_400_000,
    },
    esp: {
      proposal: 'aes256gcm16',
      inboundSpi: 'c7a0f211',
      outboundSpi: '0b4e99d3',
      ageMs: 21 * minute,
      rekeys: 2,
      lifetimeMs: 3_600_000,
    },
    nat: { local: true, remote: false },
    mobike: true,
    peerAddresses: ['2001:db8::7'],
    path: {
      state: 'proven',
      interface: 'wlan0',
      local: '172.20.10.4:4500',
      gateway: '203.0.113.7',
      provenAgeMs: 1_400,
      others: [],
    },
    device: 'godwit0',
    mtu: 1400,
    addresses: ['10.41.7.19/32', 'fd41::7:13/128'],
    routes: ['10.0.0.0/8', 'fd00:1::/48'],
    blockedFamilies: [],
    dns: {
      servers: ['10.1.0.53', 'fd00:1::53'],
      searchDomains: ['corp.example.org'],
      routeDomains: ['corp.example.org'],
    },
    counters: {
      outbound: { packets: 48_211, octets: 31_000_000, drops: {} },
      inbound: { packets: 301_442, octets: 402_000_000, drops: { replayed: 3 } },
      ike: { drops: {} },
    },
    ...changes,
  };
}

function log(): LogLine[] {
  const at = now();
  const line = (ago: number, level: LogLine['level'], event: string, fields: LogLine['fields']): LogLine => ({
    at: at - ago * 1_000,
    level,
    event,
    fields,
  });
  return [
    line(5_700, 'info', 'listening', { socket: '/run/godwit/godwitd.sock', version: '0.1.0' }),
    line(5_650, 'info', 'connect', { profile: 'Headquarters', attempt: 1 }),
    line(5_650, 'info', 'state.connecting', { phase: 'resolving' }),
    line(5_649, 'info', 'state.connecting', { phase: 'logging-in' }),
    line(5_648, 'info', 'state.connected', { ikeRekeys: 0, espRekeys: 0 }),
    line(2_460, 'info', 'state.connected', { ikeRekeys: 0, espRekeys: 1 }),
    line(722, 'warn', 'state.reconnecting', { cause: 'peer.dead', tries: 1, phase: 'waiting' }),
    line(690, 'error', 'rpc.handler-failed', { method: 'status', problem: 'an example of an error' }),
    line(682, 'info', 'state.connected', { ikeRekeys: 0, espRekeys: 2 }),
  ];
}

const up: Link = { state: 'up', version: '0.1.0', match: 'same' };

function scene(tunnel: TunnelSnapshot, changes: Partial<Scene> = {}): Scene {
  const stands = tunnel.state === 'connected' || tunnel.state === 'reconnecting';
  return {
    link: up,
    snapshot: { daemon: { version: '0.1.0', startedAt: now() - 95 * minute }, attempt: 1, tunnel },
    samples: stands ? samples() : [],
    journey: stands ? journey() : [],
    log: log(),
    profiles,
    profileTexts: {
      'own:headquarters': headquartersText,
      'own:customer': customerText,
      lab: headquartersText.replace('Headquarters', 'Lab Zürich'),
    },
    ...changes,
  };
}

export const idle = (lastFailure?: Failure): TunnelSnapshot => ({
  state: 'disconnected',
  since: now() - 3_000,
  ...(lastFailure === undefined ? {} : { lastFailure }),
});

const connecting: TunnelSnapshot = {
  state: 'connecting',
  profile: reference,
  since: now() - 700,
  phase: 'logging-in',
  phaseSince: now(),
};

/** What a hostile gateway or profile might say. */
export const hostile = '<img src=x onerror=alert(1)>\u202egnp.exe\u0007\u200b <b>bold</b> '.padEnd(200, 'A');

const ofUser = { identity: 'CORP\\alice', profile: 'Headquarters', retry: 0 };
const asks: Readonly<Record<string, AskRequest>> = {
  'ask-password': { kind: 'password', ...ofUser },
  'ask-password-again': { kind: 'password', ...ofUser, retry: 1 },
  'ask-passcode': {
    kind: 'passcode',
    ...ofUser,
    message: 'Enter the 6 digits of your token. Serial 4711-0815.',
  },
  'ask-new-password': { kind: 'new-password', ...ofUser, message: 'Your password has expired.' },
  'ask-key-password': { kind: 'key-password', profile: 'Headquarters', file: 'alice.p12', retry: 0 },
  'ask-pin': {
    kind: 'pin',
    profile: 'Headquarters',
    token: 'YubiKey PIV #1827',
    retry: 1,
    triesLeft: 'last',
  },
  'ask-certificate': {
    kind: 'choose-certificate',
    profile: 'Headquarters',
    certificates: [
      {
        id: 'a',
        subject: 'CN=Alice Doe, O=Example',
        issuer: 'CN=Example Users CA',
        notAfter: now() + 3e10,
        label: 'work',
      },
      { id: 'b', subject: 'CN=alice@lab.example', issuer: 'CN=Lab CA', notAfter: now() + 9e9, label: '' },
    ],
  },
  'ask-hostile': { kind: 'passcode', ...ofUser, profile: hostile.slice(0, 60), message: hostile },
};

const alice: CertificateFacts = {
  subject: 'C=CH, O=Example AG, CN=Alice Doe',
  issuer: 'C=CH, O=Example AG, CN=Example Users CA G2',
  notBefore: now() - 90 * 1_440 * minute,
  notAfter: now() + 275 * 1_440 * minute,
  names: 'email:alice@example.org',
  commonName: 'Alice Doe',
  email: 'alice@example.org',
  authority: false,
  pem: certificate,
};
const root = 'C=CH, O=Example AG, CN=Example Root CA';
const ca: CertificateFacts = { ...alice, subject: root, issuer: root, authority: true };

/** Begins as PKCS#12 does. */
export const p12 = Uint8Array.of(0x30, 0x82, 0x0a, 0x00, 0x02, 0x01, 0x03, ...new Uint8Array(2_560));
const offer = { name: 'alice.p12', base64: Buffer.from(p12).toString('base64') };

export const aliceFile: KeyFileLook = {
  state: 'open',
  certificate: alice,
  others: [{ ...ca, subject: alice.issuer, issuer: root }, ca],
  protected: true,
};

/** What a stranger may put into a file, and everything else that can be said of one. */
const strangeFile: KeyFileLook = {
  state: 'open',
  certificate: {
    ...alice,
    subject: `CN=${hostile}`,
    issuer: `CN=${hostile}`,
    commonName: hostile,
    email: hostile,
    notAfter: now() - 3 * 1_440 * minute,
  },
  others: [{ ...alice, subject: 'CN=Bob' }],
  protected: false,
  weakEncryption: 'RC2-40',
};

const hostileViews: readonly ViewName[] = ['connection', 'details', 'logs', 'profiles'];

/** Whatever may come from a gateway, a profile or a log is a stranger's. */
function hostileScene(): Scene {
  const name = hostile.slice(0, 60);
  const profile = { id: 'own:x', name, gateway: hostile.slice(0, 80) };
  const error = failure('auth.refused', { notify: hostile, data: hostile });
  return scene(
    connected({
      profile,
      remoteIdentity: hostile,
      remoteAuthentication: hostile,
      localAuthentication: hostile,
      remoteNames: [hostile],
      addresses: [name],
      routes: [name],
      device: name,
      dns: { servers: [name], searchDomains: [name], routeDomains: [name] },
      rekeyFailure: { what: 'ike', error, ageMs: 1 },
    }),
    {
      journey: [
        {
          at: now(),
          attempt: 1,
          kind: 'moved',
          profile: name,
          local: hostile,
          device: hostile,
          gateway: hostile,
        },
        { at: now(), attempt: 1, kind: 'lost', profile: name, error },
      ],
      log: [{ at: now(), level: 'info', event: hostile, fields: { what: hostile, 'a\u202eb': 1 } }],
      profiles: [
        { id: 'own:x', file: 'x.json', name, gateway: hostile, own: true, failures: [] },
        {
          id: 'broken\u202e',
          file: 'y',
          failures: [
            failure('profile.invalid', {
              file: 'y',
              line: 1,
              field: hostile,
              reason: hostile,
              problem: 'twice',
              name: hostile,
            }),
          ],
        },
      ],
    },
  );
}

const updates: Readonly<Record<string, Update>> = {
  'update-checking': { state: 'checking' },
  'update-none': { state: 'none', at: now() },
  'update-fetching': { state: 'fetching', version: '0.2.0' },
  'update-ready': { state: 'ready', version: '0.2.0' },
  'update-refused': { state: 'refused', version: '9.9.9\u202e<b>' },
  'update-failed': { state: 'failed', at: now() },
};

export function namedScenes(): readonly NamedScene[] {
  const home = (name: string, of: Scene): NamedScene => ({ name, view: 'connection', scene: of });
  const reconnecting: TunnelSnapshot = {
    state: 'reconnecting',
    profile: reference,
    since: now() - 14_000,
    cause: failure('peer.dead', { seconds: 22 }),
    tries: 3,
    nextTryAt: now() + 4_000,
  };
  return [
    home('connected', scene(connected())),
    home('disconnected', scene(idle())),
    home('empty', scene(idle(), { profiles: [] })),
    home('connecting', scene(connecting)),
    home('reconnecting', scene(reconnecting)),
    home('disconnecting', scene({ state: 'disconnecting', profile: reference, since: now() })),
    home('failed-password', scene(idle(failure('auth.password', { side: 'local' })))),
    home(
      'failed-certificate',
      scene(
        idle(
          failure('certificate.unknown-ca', {
            holder: 'gateway',
            issuer: 'CN=Somebody Else CA, O=Elsewhere',
          }),
        ),
      ),
    ),
    home(
      'failed-hostile',
      scene(
        idle(failure('certificate.name', { holder: 'gateway', expected: 'vpn.example.org', names: hostile })),
      ),
    ),
    home('one-profile', scene(idle(), { profiles: profiles.slice(0, 1) })),
    home(
      'service-down',
      scene(idle(), {
        link: {
          state: 'down',
          error: failure('rpc.unavailable', { socket: '/run/godwit/godwitd.sock', errno: 'ENOENT' }),
          nextTryAt: now() + 5_000,
        },
      }),
    ),
    home(
      'service-denied',
      scene(idle(), {
        link: {
          state: 'down',
          error: failure('rpc.denied', { method: 'connect', socket: '/run/godwit/godwitd.sock' }),
          nextTryAt: now() + 5_000,
        },
      }),
    ),
    home('service-older', scene(idle(), { link: { state: 'up', version: '0.0.9', match: 'older' } })),
    home('service-newer', scene(idle(), { link: { state: 'up', version: '2.0.0', match: 'newer' } })),
    ...Object.entries(asks).map(([name, ask]) => home(name, scene(connecting, { ask }))),
    ...hostileViews.map((view) => ({ name: `hostile-${view}`, view, scene: hostileScene() })),
    home('import-locked', scene(idle(), { offer, keyFile: { password: 'geheim', look: aliceFile } })),
    home('import-key-file', scene(idle(), { offer, keyFile: { look: aliceFile } })),
    home('import-strange', scene(idle(), { offer, keyFile: { look: strangeFile } })),
    home('import-no-key', scene(idle(), { offer })),
    { name: 'profiles', view: 'profiles', scene: scene(connected()) },
    { name: 'profiles-idle', view: 'profiles', scene: scene(idle()) },
    {
      name: 'editor',
      view: 'profiles',
      scene: scene(connected()),
      editor: { profile: 'Customer, Rotterdam' },
    },
    {
      name: 'editor-search',
      view: 'profiles',
      scene: scene(idle()),
      editor: { profile: 'Headquarters', search: 'dns' },
    },
    { name: 'profiles-empty', view: 'profiles', scene: scene(idle(), { profiles: [] }) },
    { name: 'details', view: 'details', scene: scene(connected()) },
    { name: 'details-empty', view: 'details', scene: scene(idle()) },
    {
      name: 'details-much',
      view: 'details',
      scene: scene(
        connected({
          remoteIdentity: hostile,
          routes: Array.from({ length: 60 }, (_, index) => `10.${index}.0.0/16`),
          blockedFamilies: [6],
          rekeyFailure: { what: 'esp', error: failure('peer.dead'), ageMs: 60_000 },
        }),
      ),
    },
    { name: 'logs', view: 'logs', scene: scene(connected()) },
    { name: 'logs-empty', view: 'logs', scene: scene(idle(), { log: [] }) },
    { name: 'settings', view: 'settings', scene: scene(connected()) },
    ...Object.entries(updates).map(
      ([name, update]): NamedScene => ({ name, view: 'settings', scene: scene(idle(), { update }) }),
    ),
  ];
}
