import { addresses } from '../support/topology.ts';
import { type Stage, within } from './stage.ts';

/** How many pings may be lost: so many, and all that are under way at so many moments. */
interface MayLose {
  readonly pings?: number;
  readonly flights?: number;
}

export interface Watch {
  /** Waits until so many more pings were answered, or for 15 seconds: whoever cares for lost pings is told by `stop`. */
  go(on: number): Promise<void>;
  /**
   * Ends it. Empty, or that more pings were not answered than may be, and what the data plane dropped. What was sent until now counts,
   * and may still be on its way: its answer is waited for.
   */
  stop(may?: MayLose): Promise<string[]>;
  /** Ends it, whatever was lost. */
  end(): Promise<void>;
}

/** Stopped programs answer late; what is lost makes the test wait for so long. */
const patienceMs = 5_000;

const intervalMs = 100;

/** Ten pings a second through the tunnel. */
export function pinging({ topology, tunnel }: Stage): Watch {
  const process = topology.client.spawn(['ping', '-n', '-i', String(intervalMs / 1_000), addresses.lan.v4]);
  const answered = (): ReadonlySet<number> => {
    const answers = process.stdout.matchAll(/icmp_seq=(\d+) ttl/g);
    return new Set(Array.from(answers, ([, sequence]) => Number(sequence)));
  };
  /** How many are under way at once, by the slowest answer: one on a quiet machine. */
  const flight = (): number => {
    const times = process.stdout.matchAll(/time=([\d.]+) ms/g);
    return Math.ceil(Math.max(1, ...Array.from(times, ([, ms]) => Number(ms))) / intervalMs);
  };
  /** At SIGQUIT ping says how many it has sent, and goes on. */
  const sentByNow = async (): Promise<number> => {
    await process.waitFor(/^PING/);
    process.signal('SIGQUIT');
    const [, sent] = await process.waitFor(/\d+\/(\d+) packets/);
    return Number(sent);
  };
  return {
    end: async () => {
      await process.stop('SIGINT');
    },
    go: async (on) => {
      const { size } = answered();
      await within(15_000, async () => answered().size >= size + on);
    },
    stop: async ({ pings = 0, flights = 0 } = {}) => {
      const sent = await sentByNow();
      const lost = (): readonly number[] => {
        const there = answered();
        return Array.from({ length: sent }, (_, i) => i + 1).filter((sequence) => !there.has(sequence));
      };
      const allThere = await within(patienceMs, async () => lost().length <= pings + flights * flight());
      await process.stop('SIGINT');
      if (allThere) return [];
      const { outbound, inbound } = (await tunnel())?.counters ?? {};
      const drops = `outbound ${JSON.stringify(outbound?.drops)}, inbound ${JSON.stringify(inbound?.drops)}`;
      return [`${lost().length} of ${sent} pings were lost (${lost().slice(0, 20)}); dropped: ${drops}`];
    },
  };
}
