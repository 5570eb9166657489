import { Lab, type Namespace } from './net/lab.ts';
import { startUdpRelay } from './net/relay-process.ts';
import { missingPrograms } from './net/sandbox.ts';

/**
 *     client ── router ── gateway ── lan
 *
 * The router translates what the client sends to `natGateway` and passes the rest on as it is. It can lose packets and
 * counts what goes between client and gateway by kind. The host in the lan also has addresses of "the internet",
 * which the client reaches only through the gateway.
 */
export interface Topology {
  readonly lab: Lab;
  readonly client: Namespace;
  readonly router: Namespace;
  readonly gateway: Namespace;
  readonly lan: Namespace;
  /** What translates addresses: the kernel, or where it has no nftables a relay that the client must aim at. */
  readonly nat: 'nftables' | 'relay';
  /**
   * Zeroes the counters and sets which packets the router loses: by nftables conditions, and with `losesIpFragments` every IP
   * fragment before it is put together.
   */
  resetRouter(lose?: readonly string[], losesIpFragments?: boolean): Promise<void>;
  wire(): Promise<WireCounters>;
}

/** Packets between client and gateway since the last reset, both directions. */
export interface WireCounters {
  readonly ike: number;
  readonly espInUdp: number;
  /** IKE fragments (SKF on port 4500); they count as `ike` too. @rfc 7383 */
  readonly fragmentsToGateway: number;
  readonly fragmentsToClient: number;
  /** IKE_SA_INIT requests, those that are lost on the way included. */
  readonly inits: number;
  /** Those that begin with a notification, as with a cookie alone. @rfc 7296 2.6 */
  readonly initsWithCookie: number;
  /** CREATE_CHILD_SA requests on port 4500, those that are lost on the way included. */
  readonly rekeysToGateway: number;
  readonly rekeysToClient: number;
  readonly keepalives: number;
  /**
   * Anything else that is forwarded, and does not belong to what was begun earlier: with a tunnel up, a leak. The end of a connection
   * of the case before comes when its server gets the processor.
   */
  readonly other: number;
}

export const addresses = {
  client: { v4: '10.10.0.2', v6: 'fd10::2' },
  router: { v4: '10.10.0.1', v6: 'fd10::1', wan4: '192.0.2.1' },
  /** Behind the NAT, from the client's side. */
  natGateway: { v4: '192.0.2.2', v6: '2001:db8::2' },
  plainGateway: { v4: '192.0.2.3', v6: '2001:db8::3' },
  /** Routed to, and nobody there. */
  nobody: { v4: '192.0.2.99', v6: '2001:db8::99' },
  lan: { v4: '10.77.0.10', v6: 'fd77::10', net4: '10.77.0.0/24', net6: 'fd77::/64' },
  internet: { v4: '198.51.100.10', v6: '2001:db8:77::10' },
  pool: { v4: '10.79.0.0/24', v6: 'fd79::/120' },
} as const;

export interface TopologyOptions {
  /** A relay in place of nftables, as on a machine that lacks them. */
  readonly relay?: boolean;
}

export async function createTopology(name: string, options: TopologyOptions = {}): Promise<Topology> {
  const lab = new Lab(name);
  try {
    const nat = options.relay === true || missingPrograms(['nft']) !== undefined ? 'relay' : 'nftables';
    const [client, router, gateway, lan] = await Promise.all([
      lab.namespace('client', { nameServers: [addresses.router.v4] }),
      lab.namespace('router'),
      lab.namespace('gateway'),
      lab.namespace('lan'),
    ]);
    await cable(lab, { client, router, gateway, lan });
    const topology: Topology = {
      lab,
      client,
      router,
      gateway,
      lan,
      nat,
      resetRouter: async (lose = [], losesIpFragments = false) => {
        if (nat === 'nftables') await router.nft(rules(lose, losesIpFragments));
      },
      wire: async () => (nat === 'nftables' ? await readCounters(router) : noCounters),
    };
    if (nat === 'nftables') await router.sysctl({ 'net.netfilter.nf_conntrack_acct': 1 });
    await topology.resetRouter();
    if (nat === 'relay') await startUdpRelay(router, addresses.router.v4, addresses.natGateway.v4);
    return topology;
  } catch (error) {
    await lab.close();
    throw error;
  }
}

interface Places {
  readonly client: Namespace;
  readonly router: Namespace;
  readonly gateway: Namespace;
  readonly lan: Namespace;
}

async function cable(lab: Lab, { client, router, gateway, lan }: Places): Promise<void> {
  await Promise.all([router.forward(), gateway.forward()]);
  await lab.link(
    { namespace: client, device: 'eth0', addresses: ['10.10.0.2/24', 'fd10::2/64'] },
    { namespace: router, device: 'home', addresses: ['10.10.0.1/24', 'fd10::1/64'] },
  );
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
    {
      namespace: lan,
      device: 'eth0',
      addresses: ['10.77.0.10/24', 'fd77::10/64'],
    },
  );
  await Promise.all([
    client.ip(['route add default via 10.10.0.1', '-6 route add default via fd10::1']),
    gateway.ip([
      'route add 10.10.0.0/24 via 192.0.2.1',
      '-6 route add fd10::/64 via 2001:db8::1',
      'route add 198.51.100.0/24 via 10.77.0.10',
      '-6 route add 2001:db8:77::/64 via fd77::10',
    ]),
    lan.ip([
      'route add default via 10.77.0.1',
      '-6 route add default via fd77::1',
      'addr add 198.51.100.10/32 dev lo',
      '-6 addr add 2001:db8:77::10/128 dev lo nodad',
    ]),
  ]);
}

/** nftables condition: CREATE_CHILD_SA (36) behind the marker, and not a response. @rfc 7296 3.1 */
const createChildRequest = '@th,64,32 0 @th,240,8 36 @th,248,8 & 0x20 == 0';

/** IKE on 4500 starts with a marker of four zero octets; a keepalive is the one octet 0xff. @rfc 3948 2.2, 2.3 */
function rules(lose: readonly string[], losesIpFragments: boolean): string {
  const { natGateway } = addresses;
  return `
add table inet lab
delete table inet lab
table inet lab {
  counter ike {}
  counter encapsulated {}
  counter keepalives {}
  counter fragmentsToGateway {}
  counter fragmentsToClient {}
  counter inits {}
  counter initsWithCookie {}
  counter rekeysToGateway {}
  counter rekeysToClient {}
  counter other {}
  chain before-reassembly {
    type filter hook prerouting priority -450;
    ${losesIpFragments ? 'ip frag-off & 0x3fff != 0 drop\n    exthdr frag exists drop' : ''}
  }
  chain nat {
    type nat hook postrouting priority srcnat;
    oifname "wan" ip daddr ${natGateway.v4} masquerade
    oifname "wan" ip6 daddr ${natGateway.v6} masquerade
  }
  chain forward {
    type filter hook forward priority filter;
    udp dport 500 @th,208,8 34 counter name inits
    udp dport 500 @th,192,8 41 @th,208,8 34 counter name initsWithCookie
    udp dport 4500 ${createChildRequest} counter name rekeysToGateway
    udp sport 4500 ${createChildRequest} counter name rekeysToClient
    ${lose.map((condition) => `${condition} drop`).join('\n    ')}
    udp dport 500 counter name ike accept
    udp sport 500 counter name ike accept
    udp dport 4500 jump port4500
    udp sport 4500 jump port4500
    ct state new counter name other
  }
  chain port4500 {
    udp length 9 counter name keepalives accept
    iifname "home" @th,64,32 0 @th,224,8 53 counter name fragmentsToGateway
    iifname "wan" @th,64,32 0 @th,224,8 53 counter name fragmentsToClient
    @th,64,32 0 counter name ike accept
    counter name encapsulated accept
  }
}
`;
}

const noCounters: WireCounters = {
  ike: 0,
  espInUdp: 0,
  fragmentsToGateway: 0,
  fragmentsToClient: 0,
  inits: 0,
  initsWithCookie: 0,
  rekeysToGateway: 0,
  rekeysToClient: 0,
  keepalives: 0,
  other: 0,
};

async function readCounters(router: Namespace): Promise<WireCounters> {
  const listing: unknown = JSON.parse(await router.must(['nft', '--json', 'list', 'counters']));
  const found = new Map<string, number>();
  for (const entry of values(listing, 'nftables')) {
    const counter = field(entry, 'counter');
    const name = field(counter, 'name');
    const packets = field(counter, 'packets');
    if (typeof name === 'string' && typeof packets === 'number') found.set(name, packets);
  }
  const of = (name: string): number => found.get(name) ?? 0;
  return {
    ike: of('ike'),
    espInUdp: of('encapsulated'),
    fragmentsToGateway: of('fragmentsToGateway'),
    fragmentsToClient: of('fragmentsToClient'),
    inits: of('inits'),
    initsWithCookie: of('initsWithCookie'),
    rekeysToGateway: of('rekeysToGateway'),
    rekeysToClient: of('rekeysToClient'),
    keepalives: of('keepalives'),
    other: of('other'),
  };
}

function field(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null ? Reflect.get(of, name) : undefined;
}

function values(of: unknown, name: string): unknown[] {
  const list = field(of, name);
  return Array.isArray(list) ? list : [];
}
