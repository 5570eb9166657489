import { Godwit } from '../../support/peers/godwit.ts';
import { addresses } from '../../support/topology.ts';
import type { InteropCase } from '../case.ts';
import { patienceMs, pause, type Stage, within } from '../stage.ts';
import { pinging } from '../watch.ts';

/** The end of the connection that stands, and whether another one takes its place within so many seconds. */
async function losesConnection(
  stage: Stage,
  seconds: number,
  lose: () => Promise<unknown>,
): Promise<string[]> {
  const before = (await stage.tunnel())?.ike.initiatorSpi;
  await lose();
  if (!(stage.client instanceof Godwit)) return [];
  const again = async (): Promise<boolean> => {
    const spi = (await stage.tunnel())?.ike.initiatorSpi;
    return spi !== undefined && spi !== before;
  };
  if (await within(seconds * 1_000, again)) return stage.settled();
  const { tunnel } = await stage.client.snapshot();
  return [`${tunnel.state} after ${seconds} s, expected a new connection`];
}

/** Device, inner addresses and route stay while `play` has the client log in again, and the journey has the gap. */
async function keepsPlace(stage: Stage, play: () => Promise<string[]>): Promise<string[]> {
  const { client } = stage;
  if (!(client instanceof Godwit)) return play();
  const { device = '', addresses: inner } = (await stage.tunnel()) ?? {};
  const index = async () =>
    (await stage.topology.client.run(['ip', '-o', 'link', 'show', device])).stdout.split(':')[0];
  const before = await index();
  const events = stage.topology.client.spawn(['ip', 'monitor', 'link', 'address', 'route']);
  const problems = await play();
  await events.stop();
  if ((await index()) !== before) problems.push('it is another device');
  const gone = events.stdout.split('\n').filter((line) => /^Deleted/.test(line) && line.includes(device));
  if (gone.length > 0) problems.push(`it was undone meanwhile: ${gone.join(', ')}`);
  const after = (await stage.tunnel())?.addresses;
  if (String(after) !== String(inner)) problems.push(`the inner addresses were ${inner}, are ${after}`);
  const journey = await client.journey();
  const [lost, restored] = journey.slice(journey.findLastIndex(({ kind }) => kind === 'lost'));
  if (lost?.kind !== 'lost' || lost.error?.code !== 'peer.closed')
    problems.push(`not lost, but ${lost?.kind}`);
  if (restored?.kind !== 'restored' || restored.gapMs === undefined)
    problems.push(`not restored with its gap, but ${restored?.kind}`);
  return problems;
}

export const livenessCases: readonly InteropCase[] = [
  {
    name: 'ten silent seconds, with the gateway asking each second whether the client lives',
    theme: 'liveness',
    gateway: { dpdSeconds: 1 },
    client: {},
    expect: { up: true },
    seconds: 12,
    during: async (stage) => {
      await pause(10_000);
      const count = await stage.gateway.counters();

      const [asked, answered] = [count('info-out-req'), count('info-in-resp')];
      const problems = await stage.settled();
      if (answered < 5 || answered < asked - 1)
        problems.push(`charon asked ${asked} times and had ${answered} answers`);
      return problems;
    },
  },
  {
    name: 'the gateway deletes the IKE SA: the client logs in again, with the same device and address, and tells of the gap',
    theme: 'liveness',
    endsTunnel: true,
    gateway: {},
    client: {},
    expect: { up: true },
    during: async (stage) => {
      const terminate = { ike: 'gateway', timeout: String(patienceMs) };
      return keepsPlace(stage, () =>
        losesConnection(stage, 20, () => stage.gateway.vici.must('terminate', terminate)),
      );
    },
  },
  {
    name: 'the gateway deletes the only CHILD SA: the client asks for another one at once, without a login',
    theme: 'liveness',
    gateway: {},
    client: {},
    expect: { up: true },
    during: async (stage) => {
      const before = await stage.tunnel();
      await stage.gateway.vici.must('terminate', { child: 'net', timeout: String(patienceMs) });
      const problems = await stage.settled();
      const asked = (await stage.gateway.counters())('create-child-in-req');
      if (stage.client instanceof Godwit && asked !== 1) problems.push(`${asked} CREATE_CHILD_SA requests`);
      const after = await stage.tunnel();
      if (after?.ike.initiatorSpi !== before?.ike.initiatorSpi) problems.push('another IKE SA');
      return problems;
    },
  },
  {
    name: 'the gateway dies without a word and starts again: the client logs in again',
    theme: 'liveness',
    gateway: {},
    client: { livenessSeconds: 2 },
    expect: { up: true },
    endsTunnel: true,
    seconds: 25,
    during: (stage) => losesConnection(stage, 40, stage.restartGateway),
  },
  {
    name: 'nothing gets through until the client gives up: a new connection soon after the path is back',
    theme: 'liveness',
    gateway: { at: 'plainGateway' },
    client: { livenessSeconds: 1 },
    expect: { up: true },
    endsTunnel: true,
    seconds: 40,
    during: async (stage) => {
      const given = async (): Promise<boolean> => (await stage.tunnel()) === undefined;
      await stage.topology.resetRouter(['udp dport 4500', 'udp sport 4500', 'udp dport 500']);
      if (!(await within(60_000, given))) return ['the silence was not noticed'];
      // charon would keep it for hours.
      await stage.gateway.vici.request('terminate', { ike: 'gateway', force: 'yes' });
      return losesConnection(stage, 20, () => stage.topology.resetRouter());
    },
  },
  {
    name: 'a firewall loses ESP of this one socket and lets IKE through: new keys, then a login from another port',
    theme: 'liveness',
    gateway: { at: 'plainGateway' },
    client: {},
    expect: { up: true },
    endsTunnel: true,
    seconds: 30,
    during: async (stage) => {
      if (!(stage.client instanceof Godwit)) return [];
      const { local = '', path } = (await stage.tunnel()) ?? {};
      if (path === undefined) return ['not connected'];
      const port = local.replace(/.*:/, '');
      await stage.topology.resetRouter([`udp sport ${port} udp dport 4500 @th,64,32 != 0`]);
      const pings = pinging(stage);
      try {
        let shown = false;
        const rekeyed = await within(2 * patienceMs, async () => {
          const now = await stage.tunnel();
          shown ||= now?.oneWayMs !== undefined;
          return (now?.esp.rekeys ?? 0) > 0;
        });
        const problems = rekeyed ? [] : ['no rekey'];
        if (!shown) problems.push('it is not shown that traffic goes one way');
        const loggedIn = async () => {
          const now = (await stage.tunnel())?.local;
          return now !== undefined && now !== local;
        };
        if (!(await within(2 * patienceMs, loggedIn))) problems.push('no new login');
        return [...problems, ...(await stage.settled())];
      } finally {
        await pings.end();
        await stage.topology.resetRouter();
      }
    },
  },
  {
    name: 'nobody uses the tunnel for five seconds: the CHILD SA goes, the next packet brings another',
    theme: 'liveness',
    gateway: {},
    client: { profile: () => ({ inactivity: { seconds: 5 } }) },
    expect: { up: true },
    seconds: 10,
    during: async (stage) => {
      if (!(stage.client instanceof Godwit)) return [];
      const children = async () => (await stage.gateway.sas()).flatMap((each) => each.children);
      if (!(await within(patienceMs, async () => (await children()).length === 0)))
        return ['charon still has a CHILD SA'];
      const count = await stage.gateway.counters();
      const problems = count('info-in-req') > 0 ? [] : ['charon had no DELETE'];
      const asleep = async () => (await stage.tunnel())?.esp.asleepMs !== undefined;
      // Charon has deleted it before its answer is there.
      if (!(await within(patienceMs, asleep))) problems.push('Godwit does not show that the CHILD SA sleeps');
      // The very packet that wakes it is answered.
      const ping = ['ping', '-c', '1', '-W', '10', addresses.lan.v4];
      if ((await stage.topology.client.run(ping)).status !== 0) problems.push('the first ping is lost');
      problems.push(...(await stage.settled()));
      if (await asleep()) problems.push('it is shown asleep still');
      if (count('create-child-in-req') > 0 || (await stage.gateway.counters())('create-child-in-req') !== 1)
        problems.push('not one CREATE_CHILD_SA');
      return problems;
    },
  },
  {
    name: 'a gateway with a half-open IKE SA demands a cookie',
    theme: 'liveness',
    gateway: {},
    client: {},
    expect: { up: true },
    before: async ({ topology, client, gateway, profile }) => {
      await topology.resetRouter(['udp dport 4500']);
      const attempt = client.connect(profile);
      await within(patienceMs, async () => (await gateway.sas()).length > 0);
      await client.disconnect();
      await attempt;
      await topology.resetRouter();
    },
    during: async ({ topology }) => {
      const { initsWithCookie } = await topology.wire();
      return initsWithCookie > 0 ? [] : ['no IKE_SA_INIT request with a cookie'];
    },
  },
  {
    name: 'a gateway that was busy finds IKE_SA_INIT twice: it answers the one and asks for a cookie because of the other',
    theme: 'liveness',
    gateway: {},
    client: {},
    expect: { up: true },
    endsTunnel: true,
    seconds: 5,
    during: async ({ topology, client, gateway, profile }) => {
      await client.disconnect();
      await topology.resetRouter();
      gateway.process.signal('SIGSTOP');
      const attempt = client.connect(profile);
      try {
        await within(patienceMs, async () => (await topology.wire()).inits >= 2);
      } finally {
        gateway.process.signal('SIGCONT');
      }
      const login = await attempt;
      if (!login.ok) return [`does not connect: ${login.failure} ${login.detail}`];
      const { initsWithCookie } = await topology.wire();
      return initsWithCookie > 0 ? [] : ['it has not asked for a cookie'];
    },
  },
];
