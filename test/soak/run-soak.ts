import { fileURLToPath } from 'node:url';
import { layCable } from '../bench/cable.ts';
import { benchGateway, benchLogin } from '../bench/pairs/credentials.ts';
import { Lab, type Namespace } from '../support/net/lab.ts';
import { Godwit } from '../support/peers/godwit.ts';
import { startStrongSwanGateway } from '../support/peers/strongswan-gateway.ts';
import type { FlowsReport } from './flow.ts';

const flowProgram = fileURLToPath(new URL('flow.ts', import.meta.url));
const port = '7000';
/** The lifetime that has keys replaced about every 20 s. */
const childSeconds = 25;

export interface SoakOptions {
  readonly seconds: number;
  readonly gibibytes: number;
  readonly flows: number;
  /** Of datagrams, in both directions. */
  readonly lossPercent: number;
}

export interface SoakResult extends FlowsReport {
  readonly ok: boolean;
  readonly seconds: number;
  readonly gibibytes: number;
  readonly mbitPerSecond: number;
  readonly rekeys: number;
  /** Datagrams that the path lost. */
  readonly lost: number;
  /** What the client's data plane dropped, by cause. */
  readonly drops: Readonly<Record<string, number>>;
}

/**
 * A tunnel to strongSwan over a path that loses datagrams, with keys that live some seconds: TCP flows in both directions, whose
 * octets are compared as they come.
 */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  await using lab = new Lab('soak');
  const network = await layCable(lab);
  const { client, gateway } = network;
  for (const namespace of [client, gateway]) {
    // Each datagram crosses, and is lost, by itself.
    await namespace.ip(['link set eth0 gso_max_segs 1']);
    await lose(namespace, options.lossPercent);
  }
  const charon = await startStrongSwanGateway(gateway, benchGateway(network));
  const godwit = await Godwit.start(client);
  try {
    const login = await godwit.connect({ ...benchLogin(network), rekey: { childSeconds, earlySeconds: 0 } });
    if (!login.ok) throw new Error(`no tunnel: ${login.detail}`);
    const server = gateway.spawn([process.execPath, flowProgram, 'serve', network.target, port]);
    await server.waitFor(/ready/);
    const started = performance.now();
    // A little more than is needed, and no more: the rest of the time belongs to the keys.
    const rate = Math.ceil((options.gibibytes * 1.15 * 2 ** 30) / options.seconds);
    const flows = [process.execPath, flowProgram, 'run', network.target, port, String(options.flows)];
    const report: FlowsReport = JSON.parse(
      await client.must([...flows, String(options.seconds), String(rate)]),
    );
    const seconds = (performance.now() - started) / 1_000;
    const { tunnel } = await godwit.snapshot();
    if (tunnel.state !== 'connected') throw new Error(`the tunnel is ${tunnel.state} at the end`);
    const { inbound, outbound } = tunnel.counters;
    const gibibytes = (report.up + report.down) / 2 ** 30;
    const rekeys = tunnel.esp.rekeys;
    const fine = report.corrupt === 0 && report.broken === 0 && gibibytes >= options.gibibytes;
    return {
      ok:
        fine &&
        inbound.drops['bad-tag'] === undefined &&
        rekeys >= Math.floor(options.seconds / childSeconds),
      ...report,
      seconds: Math.round(seconds),
      gibibytes: Math.round(gibibytes * 1_000) / 1_000,
      mbitPerSecond: Math.round(((report.up + report.down) * 8) / seconds / 1e6),
      rekeys,
      lost: (await lostIn(client)) + (await lostIn(gateway)),
      drops: { ...inbound.drops, ...outbound.drops },
    };
  } finally {
    await godwit.stop();
    await charon.stop();
  }
}

async function lose(namespace: Namespace, percent: number): Promise<void> {
  const share = Math.round(percent * 10);
  await namespace.nft(
    `table inet path { chain in { type filter hook input priority 0; iifname "eth0" meta l4proto udp numgen random mod 1000 < ${share} counter drop; }; }`,
  );
}

async function lostIn(namespace: Namespace): Promise<number> {
  const rules = await namespace.must(['nft', 'list', 'table', 'inet', 'path']);
  return Number(/counter packets (\d+)/.exec(rules)?.[1] ?? 0);
}
