import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientProfile, ClientView, LoginResult } from '../support/peers/client.ts';
import { Godwit, profileText } from '../support/peers/godwit.ts';
import type { ChildSaView, IkeSaView } from '../support/peers/strongswan.ts';
import { addresses, type Topology, type WireCounters } from '../support/topology.ts';
import type { DownExpectation, InteropCase, UpExpectation } from './case.ts';
import { gatewayName } from './certificates.ts';
import { eapNameOf, loginSettings, nameOf, password, remoteAuth, useRadius, username } from './logins.ts';
import { registerPrivateKeys, registerSecret } from './secrets.ts';
import { type Bench, createStage, lasts, patienceMs, type Stage, wholeSas, within } from './stage.ts';
import { charonSuite } from './suite-names.ts';

/** Runs one case from an empty gateway to an empty gateway. Answers what was wrong; empty when nothing was. */
export async function runCase(each: InteropCase, bench: Bench): Promise<string[]> {
  const { topology, gateway, client } = bench;
  await gateway.reset();
  await configure(each, bench);
  await topology.resetRouter(each.gateway.lose, each.gateway.losesIpFragments);
  nameHosts(each.client.hosts, topology);
  const stage = createStage(bench, profile(each, bench), () => configure(each, bench));
  registerSecrets(each, stage.profile);
  await gateway.resetCounters();
  await each.before?.(stage);
  const login = await client.connect(stage.profile);
  const problems: string[] = [];
  if (each.expect.up && login.ok) {
    problems.push(...(await checkUp(each.expect, eapNameOf(each), bench)));
    if (problems.length === 0) problems.push(...(await playOn(each, stage)));
  } else if (each.expect.up && !login.ok) {
    problems.push(`does not connect: ${login.failure} ${login.detail}`);
  } else if (!each.expect.up) {
    problems.push(...(await checkDown(each.expect, login.ok ? undefined : login, bench)));
  }
  await client.disconnect();
  problems.push(...((await client.leftovers?.()) ?? []));
  if (await lasts(async () => (await bench.gateway.sas()).some(isUp)))
    problems.push('the gateway still has an SA after the end');
  return problems;
}

/** After a case that broke off: the next one is not to fail for it. */
export async function putBack({ topology: { router }, client }: Bench): Promise<void> {
  await client.disconnect();
  await router.ip(['link set wan mtu 1500']);
  await router.sysctl({
    'net.netfilter.nf_conntrack_udp_timeout': 30,
    'net.netfilter.nf_conntrack_udp_timeout_stream': 120,
  });
}

/** What may stand in no log and no message. */
function registerSecrets({ name }: InteropCase, profile: ClientProfile): void {
  const { password, firstPassword, pin, sharedKeys, storedWith } = profile;
  registerSecret('the password of the accounts', password);
  registerSecret(`the password of "${name}"`, firstPassword ?? password);
  registerSecret(`the PIN of "${name}"`, pin);
  for (const [file, text] of Object.entries(storedWith ?? {})) registerSecret(`${file} of "${name}"`, text);
  for (const [use, key] of Object.entries(sharedKeys ?? {})) registerSecret(`the ${use} of "${name}"`, key);
  for (const [kind, texts = []] of Object.entries(profile.answers ?? {}))
    for (const text of texts) registerSecret(`the ${kind} of "${name}"`, text);
  registerPrivateKeys(`the private key of "${name}"`, profileText(profile));
}

/** In place of a name server. */
function nameHosts(hosts: readonly string[] = [addresses.natGateway.v4], { client }: Topology): void {
  const file = join(client.folder, 'etc/hosts');
  rmSync(file, { force: true });
  writeFileSync(file, hosts.map((address) => `${address} ${gatewayName}\n`).join(''));
}

async function playOn(each: InteropCase, stage: Stage): Promise<string[]> {
  if (each.during === undefined) return [];
  const before = await lossOf(stage);
  const problems = await each.during(stage);
  if (each.endsTunnel !== true && (await lossOf(stage)) !== before)
    problems.push('the connection was lost, and made again');
  return problems;
}

/** Which loss was the last one; undefined before the first, and for another client. */
async function lossOf({ client }: Stage): Promise<number | undefined> {
  if (!(client instanceof Godwit)) return undefined;
  return (await client.journey()).findLast(({ kind }) => kind === 'lost')?.at;
}

function profile(each: InteropCase, { certificates }: Bench): ClientProfile {
  const { at = 'natGateway', outside = 4, certificate = 'ec-p256' } = each.gateway;
  const { client } = each;
  const where = addresses[at];
  return {
    gateway: client.hosts === undefined ? (outside === 4 ? where.v4 : where.v6) : gatewayName,
    remoteIdentity: client.remoteIdentity === undefined ? gatewayName : client.remoteIdentity,
    username: nameOf(each),
    password: client.password ?? password,
    ...(client.authentication === undefined
      ? {}
      : { authentication: loginSettings(client.authentication, nameOf(each), certificates) }),
    ...(client.answers === undefined ? {} : { answers: client.answers }),
    ca: client.wrongCa === true ? certificates.otherCa : certificates.caOf(certificate),
    ...(client.furtherCas === undefined ? {} : { furtherCas: certificates.strangers(client.furtherCas) }),
    allowSha1Signatures: client.allowSha1Signatures ?? false,
    ...(client.trust === undefined ? {} : { trust: client.trust(certificates) }),
    ...(client.profile === undefined ? {} : { profile: client.profile(certificates) }),
    ...(client.sharedKeys === undefined ? {} : { sharedKeys: client.sharedKeys }),
    ...(client.pin === undefined ? {} : { pin: client.pin }),
    ...(client.firstPassword === undefined ? {} : { firstPassword: client.firstPassword }),
    ...(client.whenAsked === undefined ? {} : { whenAsked: client.whenAsked }),
    ...(client.storedWith === undefined ? {} : { storedWith: client.storedWith }),
    ...(client.answerSeconds === undefined ? {} : { answerSeconds: client.answerSeconds }),
    ...(client.remoteNetworks === undefined ? {} : { remoteNetworks: client.remoteNetworks }),
    ...(client.gateways === undefined ? {} : { gateways: client.gateways }),
    ...(client.children === undefined ? {} : { children: client.children }),
    ...(client.childless === undefined ? {} : { childless: client.childless }),
    ...(client.requestedAddresses === undefined ? {} : { requestedAddresses: client.requestedAddresses }),
    ...(client.ike === undefined ? {} : { ike: client.ike }),
    ...(client.esp === undefined ? {} : { esp: client.esp }),
    ...(client.rekey === undefined ? {} : { rekey: client.rekey }),
    ...(client.livenessSeconds === undefined ? {} : { livenessSeconds: client.livenessSeconds }),
  };
}

async function configure(each: InteropCase, bench: Bench): Promise<void> {
  const { gateway, certificates } = bench;
  const config = each.gateway;
  await gateway.setEap(config.eap ?? {});
  await useRadius(config.radius, bench);
  // For its own EAP-TLS.
  await gateway.loadCertificate(certificates.login.ca, 'CA');
  const name = config.certificate ?? 'ec-p256';
  const certificate = certificates.get(name);
  await gateway.setClassicSignatures(config.classicSignatures ?? false);
  await gateway.setFragmentSize(config.fragmentOctets ?? 1280);
  await gateway.loadCertificate(certificate);
  await gateway.loadKey(certificate);
  const between = {
    'under-intermediate': certificates.intermediate,
    'too-deep': certificates.tooDeep,
    'outside-of-its-ca': certificates.elsewhere,
  };
  for (const [below, ca] of Object.entries(between))
    if (name === below) await gateway.loadCertificate(ca, 'CA');
  await gateway.loadUser(username, password);
  const pools = config.pools ?? [4, 6];
  const { addrs = addresses.pool.v4, ...attributes } = config.pool4 ?? { dns: [addresses.lan.v4] };
  if (pools.includes(4)) await gateway.loadPool('pool4', String(addrs), attributes);
  if (pools.includes(6)) await gateway.loadPool('pool6', addresses.pool.v6, { dns: [addresses.lan.v6] });
  const identity = name === 'other-name' ? 'other.example.org' : gatewayName;
  await config.load?.(gateway, certificates);
  await gateway.loadConnection('gateway', {
    version: '2',
    encap: 'yes',
    fragmentation: config.ikeFragments === false ? 'no' : 'yes',
    pools: pools.map((family) => (family === 'dhcp' ? family : `pool${family}`)),
    rekey_time: seconds(config.rekey?.ikeSeconds),
    reauth_time: seconds(config.reauthSeconds),
    over_time: seconds(config.reauthSeconds === undefined ? config.rekey?.ikeSeconds : 5),
    rand_time: '0s',
    dpd_delay: seconds(config.dpdSeconds),
    proposals: config.ike ?? ['aes256gcm16-prfsha384-ecp256', 'aes256-sha256-ecp256'],
    local: config.local?.(certificates) ?? {
      auth: config.auth ?? 'pubkey',
      certs: [certificate.der],
      // Without a name in the certificate charon can only be the subject itself.
      ...(name === 'common-name-only' ? {} : { id: identity }),
    },
    remote: config.remote?.(certificates) ?? { auth: remoteAuth(each), id: '%any', eap_id: '%any' },
    ...config.further?.(certificates),
    ...config.connection,
    children: config.children ?? {
      net: {
        local_ts: [...(config.localSelectors ?? [addresses.lan.net4, addresses.lan.net6])],
        esp_proposals: config.esp ?? ['aes256gcm16', 'aes256-sha256'],
        rekey_time: seconds(config.rekey?.childSeconds),
        ...(config.rekey?.childSeconds === undefined
          ? {}
          : { life_time: seconds(3 * config.rekey.childSeconds) }),
        rand_time: '0s',
      },
    },
  });
}

/** In swanctl's notation, where 0 is never. */
function seconds(value: number | undefined): string {
  return `${value ?? 0}s`;
}

async function checkUp(expect: UpExpectation, user: string, bench: Bench): Promise<string[]> {
  const { topology, gateway } = bench;
  let problems: string[] = [];
  // Two ends are asked one after the other, and a rekey may come between.
  await within(patienceMs, async () => {
    problems = await checkEnds(expect, user, bench);
    return problems.length === 0;
  });
  for (const host of expect.ping ?? ['lan4']) {
    // A small packet, and one that fills the tunnel's MTU nearly.
    for (const size of ['8', String(expect.largestPing ?? 1_300)]) {
      const ping = await topology.client.run(['ping', '-c', '1', '-W', '5', '-s', size, hosts[host]]);
      if (ping.status !== 0) problems.push(`no answer from ${host} to a ping of ${size} octets`);
    }
  }
  for (const host of expect.unreachable ?? []) {
    const ping = await topology.client.run(['ping', '-c', '1', '-W', '1', hosts[host]]);
    if (ping.status === 0) problems.push(`${host} answers beside the full tunnel`);
  }
  const children = (await gateway.sas()).filter(isUp).flatMap((sa) => sa.children);
  if (!children.some(({ packetsIn, packetsOut }) => packetsIn > 0 && packetsOut > 0)) {
    problems.push('charon counted no packets in the CHILD SA');
  }
  const wire = await topology.wire();
  if (topology.nat === 'nftables') {
    if (expect.fragmentsFrom !== undefined) problems.push(...checkFragments(expect.fragmentsFrom, wire));
    if (wire.espInUdp === 0) problems.push('no ESP in UDP was seen on the wire');
    if (wire.other > 0 !== (expect.fetches ?? false))
      problems.push(`${wire.other} packets on the wire were neither IKE nor ESP in UDP`);
  }
  return problems;
}

/** What both ends say of the connection. */
async function checkEnds(expect: UpExpectation, user: string, bench: Bench): Promise<string[]> {
  const { gateway, client } = bench;
  const sas = await wholeSas(gateway);
  const [sa] = sas;
  const view = await client.view?.();
  const child = sa?.children.find(({ spiOut }) => spiOut === view?.inboundSpi) ?? sa?.children[0];
  if (sas.length !== 1 || sa === undefined || child === undefined) {
    return [`the gateway has ${sas.length} IKE SAs and the client believes in one with a child`];
  }
  const wanted = typeof expect.user === 'function' ? expect.user(bench.certificates) : expect.user;
  const problems = checkSas(expect, wanted ?? user, sa, child);
  if (view !== undefined) problems.push(...checkView(expect, view, sa, child, bench));
  if (expect.shows === undefined || !(client instanceof Godwit)) return problems;
  const { tunnel } = await client.snapshot();
  for (const [field, value] of Object.entries(expect.shows)) {
    const shown = JSON.stringify(Reflect.get(tunnel, field));
    if (shown !== JSON.stringify(value)) problems.push(`Godwit shows ${field}: ${shown}`);
  }
  return problems;
}

function checkFragments(
  from: readonly ('client' | 'gateway')[],
  { fragmentsToGateway, fragmentsToClient }: WireCounters,
): string[] {
  const sent = { client: fragmentsToGateway, gateway: fragmentsToClient };
  return (['client', 'gateway'] as const)
    .filter((side) => sent[side] > 0 !== from.includes(side))
    .map((side) => `the ${side} sent ${sent[side]} IKE fragments`);
}

function checkSas(expect: UpExpectation, user: string, sa: IkeSaView, child: ChildSaView): string[] {
  const { problems, same } = comparison('charon');
  same('state of the IKE SA', sa.state, 'ESTABLISHED');
  same('state of the CHILD SA', child.state, 'INSTALLED');
  same('ESP in UDP', child.encapsulated, true);
  same('user', sa.remoteEapId ?? sa.remoteId, user);
  if (expect.ike !== undefined) same('IKE suite', sa.suite, charonSuite(expect.ike, 'ike'));
  if (expect.esp !== undefined) same('ESP suite', child.suite, charonSuite(expect.esp, 'esp'));
  if (expect.selectors !== undefined) {
    same('networks', [...child.localSelectors].sort(), [...expect.selectors].sort());
  }
  const inner = child.remoteSelectors
    .map((selector) => selector.replace(/\/(?:32|128)(?:\[.*\])?$/, ''))
    .sort();
  same('inner addresses in the selectors', inner, [...sa.remoteVips].sort());
  return problems;
}

/** Both ends must say the same of what they agreed on. */
function checkView(
  expect: UpExpectation,
  view: ClientView,
  sa: IkeSaView,
  child: ChildSaView,
  { topology, client }: Bench,
): string[] {
  const { problems, same } = comparison(client.name);
  same('IKE suite', charonSuite(view.ike, 'ike'), sa.suite);
  same('ESP suite', charonSuite(view.esp, 'esp'), child.suite);
  same('SPIs', [view.inboundSpi, view.outboundSpi], [child.spiOut, child.spiIn]);
  const inner = view.addresses.map((address) => address.replace(/\/.*$/, '')).sort();
  same('inner addresses', inner, [...sa.remoteVips].sort());
  if (expect.natDetected !== undefined) same('NAT', view.natDetected, expect.natDetected);
  if (expect.addresses !== undefined) same('wanted addresses', inner, [...expect.addresses].sort());
  const byFamily = view.addresses.map((address) =>
    address.includes(':') ? addresses.lan.v6 : addresses.lan.v4,
  );
  const servers = [...(expect.dnsServers ?? byFamily)];
  same('DNS servers', [...view.dnsServers].sort(), servers.sort());
  const resolver = readFileSync(topology.client.resolvConf, 'utf8');
  for (const server of servers) {
    if (!resolver.includes(server)) problems.push(`${server} is not in resolv.conf:\n${resolver}`);
  }
  return problems;
}

function comparison(who: string): {
  problems: string[];
  same(what: string, found: unknown, wanted: unknown): void;
} {
  const problems: string[] = [];
  return {
    problems,
    same: (what, found, wanted) => {
      const [is, should] = [JSON.stringify(found), JSON.stringify(wanted)];
      if (is !== should) problems.push(`${what}: ${who} says ${is}, expected ${should}`);
    },
  };
}

async function checkDown(
  expect: DownExpectation,
  login: Extract<LoginResult, { readonly ok: false }> | undefined,
  { gateway, client }: Bench,
): Promise<string[]> {
  if (login === undefined) return ['connects, and should not'];
  const problems: string[] = [];
  const { failure, words = '' } = login;
  if (client instanceof Godwit && failure !== expect.failure) {
    problems.push(`fails with ${failure}, expected ${expect.failure}`);
  }
  for (const text of client instanceof Godwit ? (expect.says ?? []) : [])
    if (!words.includes(text)) problems.push(`the user reads "${words}", and not "${text}"`);
  // A login that the client broke off may stay half open at the gateway until that gives up; never established.
  if (client instanceof Godwit && (await lasts(async () => (await gateway.sas()).some(isUp)))) {
    problems.push('the gateway has an established IKE SA after a failed login');
  }
  return problems;
}

function isUp(sa: IkeSaView): boolean {
  return sa.state === 'ESTABLISHED';
}

const hosts = {
  lan4: addresses.lan.v4,
  lan6: addresses.lan.v6,
  internet4: addresses.internet.v4,
  internet6: addresses.internet.v6,
  natGateway4: addresses.natGateway.v4,
  natGateway6: addresses.natGateway.v6,
  plainGateway4: addresses.plainGateway.v4,
} as const;
