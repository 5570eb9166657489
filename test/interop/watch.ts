import { addresses } from '../support/topology.ts';
import type { Stage } from './stage.ts';

export interface Watch {
  /** Pings that were not answered. */
  stop(): Promise<number>;
}

/** Ten pings a second through the tunnel. */
export function pinging({ topology }: Stage): Watch {
  const process = topology.client.spawn(['ping', '-n', '-i', '0.1', addresses.lan.v4]);
  return {
    stop: async () => {
      await process.stop('SIGINT');
      const [, sent, answered] = /(\d+) packets transmitted, (\d+) received/.exec(process.stdout) ?? [];
      return sent === undefined ? Number.NaN : Number(sent) - Number(answered);
    },
  };
}
