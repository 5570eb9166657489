import { addresses } from '../support/topology.ts';
import type { Stage } from './stage.ts';

export interface Watch {
  /**
   * Empty, or that more than so many pings were not answered, and what the data plane dropped. The last ping counts for nothing:
   * `ping` does not wait for its answer when it is told to end.
   */
  stop(atMost?: number): Promise<string[]>;
}

/** From `first` up to but without `end`. */
const range = (first: number, end: number): number[] =>
  Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);

/** Ten pings a second through the tunnel. */
export function pinging({ topology, tunnel }: Stage): Watch {
  const process = topology.client.spawn(['ping', '-n', '-i', '0.1', addresses.lan.v4]);
  return {
    stop: async (atMost = 0) => {
      await process.stop('SIGINT');
      const sent = /(\d+) packets transmitted/.exec(process.stdout)?.[1];
      if (sent === undefined) return ['ping has not said what it sent'];
      const answers = process.stdout.matchAll(/icmp_seq=(\d+) ttl/g);
      const answered = new Set(Array.from(answers, ([, sequence]) => sequence));
      const lost = range(1, Number(sent)).filter((sequence) => !answered.has(String(sequence)));
      if (lost.length <= atMost) return [];
      const { outbound, inbound } = (await tunnel())?.counters ?? {};
      const drops = `outbound ${JSON.stringify(outbound?.drops)}, inbound ${JSON.stringify(inbound?.drops)}`;
      return [`${lost.length} of ${sent} pings were lost (${lost.slice(0, 20)}); dropped: ${drops}`];
    },
  };
}
