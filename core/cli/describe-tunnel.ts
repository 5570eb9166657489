import { explain } from '../base/errors.ts';
import { weaknessTexts } from '../base/weaknesses.ts';
import type { ConnectedTunnel, ReconnectingTunnel, TunnelSnapshot } from '../rpc/values.ts';
import type { colorsFor } from './cli-io.ts';
import { escapeText, formatCount, formatDuration, formatOctets } from './text.ts';

type Colors = ReturnType<typeof colorsFor>;
type Row = readonly [label: string, value: string];

/** The state for a reader, line by line, with everything from outside escaped. */
export function describeTunnel(tunnel: TunnelSnapshot, now: number, colors: Colors): readonly string[] {
  switch (tunnel.state) {
    case 'disconnected': {
      if (tunnel.lastFailure === undefined) return [`${colors.dim('○')} Not connected`];
      const { what, next } = explain(tunnel.lastFailure);
      return [
        `${colors.red('○')} Not connected, since ${moment(tunnel.since)}`,
        `  ${escapeText(what)}`,
        `  → ${escapeText(next)}`,
      ];
    }
    case 'connecting':
      return [
        `${colors.yellow('◐')} Connecting to ${escapeText(tunnel.profile.name)} (${escapeText(tunnel.profile.gateway)})`,
        `  in the phase ${tunnel.phase} for ${formatDuration(now - tunnel.phaseSince)}, of ${formatDuration(now - tunnel.since)}`,
      ];
    case 'reconnecting':
      return [
        `${colors.yellow('◐')} Reconnecting to ${colors.bold(escapeText(tunnel.profile.name))}`,
        ...lines(reconnectingRows(tunnel, now), colors),
      ];
    case 'disconnecting':
      return [`${colors.yellow('◑')} Disconnecting from ${escapeText(tunnel.profile.name)}`];
    case 'connected':
      return [headline(tunnel, colors), ...lines(rowsOf(tunnel, now), colors)];
  }
}

function lines(rows: readonly Row[], colors: Colors): readonly string[] {
  return rows.map(([label, value]) => `  ${colors.dim(label.padEnd(10))} ${escapeText(value)}`);
}

/** Never as a fact what has not been proven since the network changed. */
function headline({ path, profile }: ConnectedTunnel, colors: Colors): string {
  const name = colors.bold(escapeText(profile.name));
  if (path.state === 'proven') return `${colors.green('●')} Connected to ${name}`;
  if (path.state === 'offline')
    return `${colors.yellow('◐')} Connected to ${name}, but no network leads there now`;
  return `${colors.yellow('◐')} Connected to ${name}, and asking whether the gateway is still there`;
}

function reconnectingRows(tunnel: ReconnectingTunnel, now: number): readonly Row[] {
  const { cause, lastFailure, tries, nextTryAt, phase } = tunnel;
  const trying = `try ${tries} is under way${phase === undefined ? '' : `, in the phase ${phase}`}`;
  const waiting = `in ${formatDuration(Math.max(0, (nextTryAt ?? now) - now))}, or when the network changes`;
  return [
    ['lost', `${moment(tunnel.since)} (${formatDuration(now - tunnel.since)} ago): ${explain(cause).what}`],
    ...(lastFailure === undefined ? [] : [['last try', explain(lastFailure).what] as const]),
    ['tries', formatCount(tries, 'time')],
    ['next try', nextTryAt === undefined ? trying : waiting],
    ['traffic', 'what belongs into the tunnel is held back meanwhile; `godwit down` ends that'],
  ];
}

function rowsOf(tunnel: ConnectedTunnel, now: number): readonly Row[] {
  const { ike, esp, dns, blockedFamilies, counters } = tunnel;
  return [
    [
      'since',
      `${moment(tunnel.since)} (${formatDuration(now - tunnel.since)}; the login took ${formatDuration(tunnel.connectMs)})`,
    ],
    ['proven', `${formatDuration(tunnel.provenAgeMs)} ago the gateway last answered`],
    ['gateway', `${tunnel.gateway}, ${tunnel.remoteIdentity} by ${tunnel.remoteAuthentication}`],
    ...(tunnel.redirectedFrom === undefined ? [] : [['redirected', `by ${tunnel.redirectedFrom}`] as const]),
    ...(tunnel.remoteNames.length > 1 ? [['names', tunnel.remoteNames.join(', ')] as const] : []),
    ['login', tunnel.localAuthentication],
    ...(tunnel.ppk ? [['PPK', 'a post-quantum pre-shared key is in the keys'] as const] : []),
    ...tunnel.weaknesses.map((weakness) => ['weaker', weaknessTexts[weakness]] as const),
    ['IKE', `${ike.proposal}, SPIs ${ike.initiatorSpi}_i ${ike.responderSpi}_r, ${ageOf(ike)}`],
    ['ESP', espOf(esp)],
    ...rekeyFailureOf(tunnel),
    ...pairsOf(tunnel),
    ...oneWayOf(tunnel),
    ['NAT', `${natOf(tunnel)}${keepaliveOf(tunnel)}`],
    ['roaming', tunnel.mobike ? 'the gateway follows (MOBIKE)' : 'by a new login (no MOBIKE at the gateway)'],
    ['path', pathOf(tunnel)],
    ...tunnel.path.others.map((other) => ['also by', wayOf(other)] as const),
    ['device', `${tunnel.device}, MTU ${tunnel.mtu}${measuredOf(tunnel)}`],
    ['addresses', tunnel.addresses.join(', ')],
    ['routes', tunnel.routes.join(', ')],
    ...blockedFamilies.map(
      (family) => ['blocked', `IPv${family}: the gateway gave no address for it`] as const,
    ),
    ['DNS', dns === undefined ? "this computer's own" : dnsOf(dns)],
    ['sent', directionOf(counters.outbound)],
    ['received', directionOf(counters.inbound)],
    ...droppedIke(counters.ike.drops),
  ];
}

function espOf(esp: ConnectedTunnel['esp']): string {
  if (esp.asleepMs !== undefined)
    return `asleep for ${formatDuration(esp.asleepMs)}, as nobody used it; the next packet wakes it`;
  return `${esp.proposal}, SPIs ${esp.inboundSpi} in, ${esp.outboundSpi} out, ${ageOf(esp)}`;
}

function ageOf({ ageMs, rekeys }: Pick<ConnectedTunnel['esp'], 'ageMs' | 'rekeys'>): string {
  const age = `${formatDuration(ageMs)} old`;
  return rekeys === 0 ? age : `${age}, rekeyed ${formatCount(rekeys, 'time')}`;
}

function rekeyFailureOf({ rekeyFailure }: ConnectedTunnel): readonly Row[] {
  if (rekeyFailure === undefined) return [];
  const { what, error, ageMs } = rekeyFailure;
  const name = { ike: 'IKE', esp: 'ESP', login: 'the whole login' }[what];
  return [['rekeying', `failed for ${name} ${formatDuration(ageMs)} ago: ${explain(error).what}`]];
}

/** Only where there is more than one, or might have been. */
function pairsOf({ workerPairs }: ConnectedTunnel): readonly Row[] {
  const { pairs = [], refused } = workerPairs ?? {};
  const each = pairs.map(({ pair, inboundSpi, outboundSpi, outbound, inbound }) => {
    const spis = inboundSpi === undefined ? '' : `SPIs ${inboundSpi} in, ${outboundSpi} out; `;
    const octets = `${formatOctets(outbound.octets)} sent, ${formatOctets(inbound.octets)} received`;
    return ['threads', `pair ${pair}: ${spis}${octets}`] as const;
  });
  const why =
    refused === undefined ? [] : [['threads', `no further pair: ${explain(refused).what}`] as const];
  return [...(pairs.length > 1 ? each : []), ...why];
}

function oneWayOf({ oneWayMs }: ConnectedTunnel): readonly Row[] {
  if (oneWayMs === undefined) return [];
  const span = formatDuration(oneWayMs);
  return [['one way', `packets go in and for ${span} none came out, though the gateway answers`]];
}

function measuredOf({ path: { largestPacket } }: ConnectedTunnel): string {
  if (largestPacket === undefined) return '';
  return ` (packets of ${largestPacket.octets} octets get through, measured ${formatDuration(largestPacket.ageMs)} ago)`;
}

function keepaliveOf({ keepalive }: ConnectedTunnel): string {
  if (keepalive === undefined) return '';
  const { everyMs, heldMs, lostMs } = keepalive;
  const held = heldMs === undefined ? '' : `, remembered us for ${formatDuration(heldMs)}`;
  const lost = lostMs === undefined ? '' : `, forgot us after ${formatDuration(lostMs)}`;
  return `; kept awake after ${formatDuration(everyMs)} of silence${held}${lost}`;
}

function pathOf({ path, peerAddresses }: ConnectedTunnel): string {
  const more = peerAddresses.length === 0 ? '' : `; the gateway also has ${peerAddresses.join(', ')}`;
  return `${wayOf(path)}${more}`;
}

function wayOf({
  interface: name,
  local,
  gateway,
  provenAgeMs,
}: ConnectedTunnel['path']['others'][number]): string {
  const age = provenAgeMs === undefined ? 'not proven yet' : `proven ${formatDuration(provenAgeMs)} ago`;
  return `${name}, ${local} to ${gateway}, ${age}`;
}

function natOf({ nat }: ConnectedTunnel): string {
  if (nat.local && nat.remote) return 'in front of this computer and of the gateway';
  if (nat.local) return 'in front of this computer';
  return nat.remote ? 'in front of the gateway' : 'none';
}

function dnsOf({ servers, searchDomains, routeDomains }: NonNullable<ConnectedTunnel['dns']>): string {
  const search = searchDomains.length === 0 ? '' : `, search ${searchDomains.join(' ')}`;
  const only = routeDomains.length === 0 ? '' : `, only for ${routeDomains.join(' ')}`;
  return `${servers.join(', ')}${search}${only}`;
}

function directionOf({ packets, octets, drops }: ConnectedTunnel['counters']['inbound']): string {
  const dropped = dropsOf(drops);
  const total = `${formatCount(packets, 'packet')}, ${formatOctets(octets)}`;
  return dropped === '' ? total : `${total}; dropped: ${dropped}`;
}

/** Nothing to read where nothing was dropped, as is usual. */
function droppedIke(drops: Readonly<Record<string, number>>): readonly Row[] {
  const dropped = dropsOf(drops);
  return dropped === '' ? [] : [['IKE drops', dropped]];
}

function dropsOf(drops: Readonly<Record<string, number>>): string {
  return Object.entries(drops)
    .filter(([, count]) => count > 0)
    .map(([cause, count]) => `${cause} ${count}`)
    .join(', ');
}

/** Local time, as a reader's clock shows it. */
function moment(epochMs: number): string {
  const date = new Date(epochMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
