import { Godwit } from '../../support/peers/godwit.ts';
import type { InteropCase } from '../case.ts';
import { pause, type Stage, within } from '../stage.ts';

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
    name: 'the gateway deletes the IKE SA: the client logs in again',
    theme: 'liveness',
    endsTunnel: true,
    gateway: {},
    client: {},
    expect: { up: true },
    during: async (stage) => {
      const terminate = { ike: 'gateway', timeout: '3000' };
      return losesConnection(stage, 5, () => stage.gateway.vici.must('terminate', terminate));
    },
  },
  {
    name: 'the gateway deletes the only CHILD SA: the client logs in again',
    theme: 'liveness',
    endsTunnel: true,
    gateway: {},
    client: {},
    expect: { up: true },
    during: async (stage) => {
      const terminate = { child: 'net', timeout: '3000' };
      return losesConnection(stage, 5, () => stage.gateway.vici.must('terminate', terminate));
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
      if (!(await within(32_000, given))) return ['the silence was not noticed'];
      // charon would keep it for hours.
      await stage.gateway.vici.request('terminate', { ike: 'gateway', force: 'yes' });
      return losesConnection(stage, 8, () => stage.topology.resetRouter());
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
      await within(5_000, async () => (await gateway.sas()).length > 0);
      await client.disconnect();
      await attempt;
      await topology.resetRouter();
    },
    during: async ({ topology }) => {
      const { inits } = await topology.wire();
      return inits === 2 ? [] : [`${inits} IKE_SA_INIT requests: without a cookie and with it are 2`];
    },
  },
];
