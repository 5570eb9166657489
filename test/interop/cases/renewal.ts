import type { StrongSwan } from '../../support/peers/strongswan.ts';
import { addresses } from '../../support/topology.ts';
import { askersOf, startCa } from '../ca.ts';
import type { InteropCase } from '../case.ts';
import { gatewayName } from '../certificates.ts';
import { secondGateway, withSecondGateway } from '../second-gateway.ts';
import { patienceMs, type Stage, wholeSas, within } from '../stage.ts';
import { pinging } from '../watch.ts';

/** Other logins take the place of the present one while pings go on; nothing of the old is left, nothing is lost. */
export async function renewals(stage: Stage, count: number): Promise<string[]> {
  const problems: string[] = [];
  const first = await stage.tunnel();
  if (first === undefined) return ['not connected'];
  const pings = pinging(stage);
  let spi = first.ike.initiatorSpi;
  for (let renewed = 0; renewed < count; renewed++) {
    const other = await within(2 * patienceMs, async () => {
      const now = (await stage.tunnel())?.ike.initiatorSpi;
      return now !== undefined && now !== spi;
    });
    const tunnel = await stage.tunnel();
    if (!other || tunnel === undefined) return [...problems, `${renewed} renewals, expected ${count}`];
    spi = tunnel.ike.initiatorSpi;
    if (String(tunnel.addresses) !== String(first.addresses))
      problems.push(`the inner addresses were ${first.addresses}, are ${tunnel.addresses}`);
    problems.push(...(await stage.settled()));
  }
  await pings.go(10);
  return [...problems, ...(await pings.stop())];
}

/** What charon's own client is told by `swanctl --redirect`. */
async function redirect(from: StrongSwan, to: string): Promise<void> {
  await from.vici.must('redirect', { ike: 'gateway', gateway: to });
}

/** Charon gives out another inner address where it has not seen the client before: an answer to the old one may come too late. */
async function followsRedirect(stage: Stage, to: string): Promise<string[]> {
  const before = String((await stage.tunnel())?.addresses);
  const pings = pinging(stage);
  await pings.go(5);
  await redirect(stage.gateway, to);
  const moved = await within(
    patienceMs,
    async () => (await stage.tunnel())?.gateway.startsWith(addresses.natGateway.v4) === true,
  );
  const problems = moved ? [] : [`still at ${(await stage.tunnel())?.gateway}`];
  const from = (await stage.tunnel())?.redirectedFrom;
  if (from !== addresses.plainGateway.v4) problems.push(`redirected from ${from}`);
  problems.push(...(await stage.settled()));
  await pings.go(10);
  const same = String((await stage.tunnel())?.addresses) === before;
  return [...problems, ...(await pings.stop({ flights: same ? 0 : 1 }))];
}

/** Of the pool: what comes from there has gone through the tunnel. */
function isInner(address: string): boolean {
  return address.replace('::ffff:', '').startsWith('10.79.0.');
}

/** To another machine by its address, and from there back by name: each time to where only that gateway leads. */
async function redirectsThereAndBack(stage: Stage): Promise<string[]> {
  return withSecondGateway(stage, async (second) => {
    const problems: string[] = [];
    const arrives = async (at: string, host: string, from: string, left: StrongSwan): Promise<void> => {
      const there = async () => (await stage.tunnel())?.gateway.startsWith(at) === true;
      if (!(await within(patienceMs, there))) problems.push(`still at ${(await stage.tunnel())?.gateway}`);
      const ping = await stage.topology.client.run(['ping', '-c', '1', '-W', '5', host]);
      if (ping.status !== 0) problems.push(`no answer from ${host}`);
      const tunnel = await stage.tunnel();
      if (tunnel?.redirectedFrom !== from) problems.push(`redirected from ${tunnel?.redirectedFrom}`);
      if (!(await within(patienceMs, async () => (await wholeSas(left)).length === 0)))
        problems.push('the gateway that was left still has an IKE SA');
    };
    await redirect(stage.gateway, secondGateway.v4);
    await arrives(secondGateway.v4, secondGateway.host, addresses.natGateway.v4, stage.gateway);
    await redirect(second, gatewayName);
    await arrives(addresses.natGateway.v4, addresses.lan.v4, secondGateway.v4, second);
    return [...problems, ...(await stage.settled())];
  });
}

export const renewalCases: readonly InteropCase[] = [
  {
    name: 'the name of the gateway leads to a silent IPv6 address and to an IPv4 one: the one that answers',
    theme: 'renewal',
    gateway: {},
    client: { hosts: [addresses.nobody.v6, addresses.natGateway.v4] },
    expect: { up: true },
  },
  {
    name: 'two gateways, the first of them silent: the fastest answer gets the login',
    theme: 'renewal',
    gateway: { at: 'nobody' },
    client: { gateways: { others: [addresses.natGateway.v4], choose: 'fastest' } },
    expect: { up: true },
  },
  {
    name: 'two gateways, the first of them silent and reached by IPv6: the other is tried in its turn',
    theme: 'renewal',
    gateway: { at: 'nobody', outside: 6 },
    client: { gateways: { others: [addresses.natGateway.v4], choose: 'in-order' } },
    expect: { up: true },
    seconds: 25,
  },
  {
    name: 'the gateway wants a new login every 16 seconds: two follow under pings, none lost, the same address',
    theme: 'renewal',
    gateway: { reauthSeconds: 16 },
    client: {},
    expect: { up: true },
    endsTunnel: true,
    seconds: 30,
    during: (stage) => renewals(stage, 2),
  },
  {
    name: 'the gateway sends an established client to another address of its own, under pings',
    theme: 'renewal',
    gateway: { at: 'plainGateway' },
    client: {},
    expect: { up: true },
    endsTunnel: true,
    seconds: 5,
    during: (stage) => followsRedirect(stage, addresses.natGateway.v4),
  },
  {
    name: 'the same by name, which is looked up outside the tunnel',
    theme: 'renewal',
    gateway: { at: 'plainGateway' },
    client: {},
    expect: { up: true },
    endsTunnel: true,
    seconds: 5,
    during: (stage) => followsRedirect(stage, gatewayName),
  },
  {
    name: 'a second login under a full tunnel: the OCSP responder is asked outside of it',
    theme: 'renewal',
    // What the responder does not know is not remembered.
    gateway: { at: 'plainGateway', certificate: 'ocsp-unknown', localSelectors: ['0.0.0.0/0', '::/0'] },
    client: { trust: () => ({ revocation: { fetch: true } }) },
    before: startCa,
    expect: { up: true, fetches: true },
    endsTunnel: true,
    seconds: 5,
    during: async (stage) => {
      const before = askersOf(stage, '/ocsp/unknown').length;
      const problems = await followsRedirect(stage, addresses.natGateway.v4);
      const asked = askersOf(stage, '/ocsp/unknown').slice(before);
      if (asked.length === 0) problems.push('the second login has asked nobody');
      return [...problems, ...asked.filter(isInner).map((from) => `OCSP was asked from ${from}`)];
    },
  },
  {
    name: 'the gateway sends an established client to another machine by address, and that one back by name',
    theme: 'renewal',
    gateway: {},
    client: { remoteNetworks: [addresses.lan.net4, secondGateway.network] },
    expect: { up: true },
    endsTunnel: true,
    seconds: 8,
    during: redirectsThereAndBack,
  },
];
