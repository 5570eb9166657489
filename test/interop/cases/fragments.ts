import type { ClientConfig, GatewayConfig, InteropCase, UpExpectation } from '../case.ts';

/** 20 octets of CERTREQ each: together more than one packet of any path. */
const furtherCas = 100;
const large: GatewayConfig = { certificate: 'many-names', losesIpFragments: true };

function up(
  name: string,
  gateway: GatewayConfig,
  client: ClientConfig,
  fragmentsFrom: UpExpectation['fragmentsFrom'] & {},
): InteropCase {
  return { name, theme: 'fragments', gateway, client, expect: { up: true, fragmentsFrom } };
}

/** A client's packets over `octets` do not arrive. ESP does: what the tunnel carries is another matter. */
function narrow(octets: number): readonly string[] {
  return [`iifname "home" udp dport 4500 @th,64,32 0 meta length > ${octets}`];
}

/** Messages larger than a packet, over paths that lose IP fragments. @rfc 7383 */
export const fragmentCases: readonly InteropCase[] = [
  up('a small login is not cut', {}, {}, []),
  up('the gateway sends a large certificate', large, {}, ['gateway']),
  up('the client names many CAs', { losesIpFragments: true }, { furtherCas }, ['client']),
  up('both are large', large, { furtherCas }, ['client', 'gateway']),
  up('both are large, IPv6', { ...large, outside: 6 }, { furtherCas }, ['client', 'gateway']),
  up('both are large, CBC with HMAC', { ...large, ike: ['aes256-sha256-ecp256'] }, { furtherCas }, [
    'client',
    'gateway',
  ]),
  up('the gateway cuts to 300 octets', { ...large, fragmentOctets: 300 }, { furtherCas }, [
    'client',
    'gateway',
  ]),
  up(
    'packets over 1,100 octets are lost: the client cuts smaller',
    { ...large, lose: narrow(1_100), fragmentOctets: 576 },
    { furtherCas },
    ['client', 'gateway'],
  ),
  up(
    'a path of 1,280 octets both ways',
    {
      ...large,
      lose: ['dport', 'sport'].map((port) => `udp ${port} 4500 @th,64,32 0 meta length > 1280`),
    },
    { furtherCas },
    ['client', 'gateway'],
  ),
  up(
    'every third packet of IKE is lost',
    { ...large, lose: ['iifname "home" udp dport 4500 @th,64,32 0 numgen inc mod 3 2'] },
    { furtherCas },
    ['client', 'gateway'],
  ),
  up(
    'a gateway that takes no fragments gets IP fragments',
    { certificate: 'many-names', ikeFragments: false },
    { furtherCas },
    [],
  ),
];
