import { Godwit } from '../../support/peers/godwit.ts';
import type { InteropCase } from '../case.ts';
import { pause, type Stage, within } from '../stage.ts';

/** How the connection ends when the gateway says goodbye. */
async function endsWith(stage: Stage, code: string): Promise<string[]> {
  const { client } = stage;
  if (!(client instanceof Godwit)) return [];
  const ended = await within(3_000, async () => (await client.snapshot()).tunnel.state === 'disconnected');
  const { tunnel } = await client.snapshot();
  if (!ended || tunnel.state !== 'disconnected') return [`still ${tunnel.state}, expected the end`];
  return tunnel.lastFailure?.code === code
    ? []
    : [`ended with ${tunnel.lastFailure?.code}, expected ${code}`];
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
    name: 'the gateway deletes the IKE SA',
    theme: 'liveness',
    gateway: {},
    client: {},
    expect: { up: true },
    during: async (stage) => {
      await stage.gateway.vici.must('terminate', { ike: 'gateway', timeout: '3000' });
      return endsWith(stage, 'peer.closed');
    },
  },
  {
    name: 'the gateway deletes the only CHILD SA',
    theme: 'liveness',
    gateway: {},
    client: {},
    expect: { up: true },
    during: async (stage) => {
      await stage.gateway.vici.must('terminate', { child: 'net', timeout: '3000' });
      return endsWith(stage, 'peer.closed');
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
