import { libc } from '../../platform/linux/libc.ts';
import type { WorkerCommand } from '../commands.ts';
import { LaneWriter } from './lane-ring.ts';

/** What makes an eventfd readable. */
export const wakeUp = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);

/** The writing end of a lane to another worker, which sleeps on `wakeFd`. */
export function openLane({ memory, wakeFd }: Extract<WorkerCommand, { kind: 'open-lane' }>): LaneWriter {
  return new LaneWriter(memory, () => libc.write(wakeFd, wakeUp, wakeUp.length));
}
