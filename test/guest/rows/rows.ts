import type { GuestRow } from '../bench.ts';
import { badPathRows } from './bad-path.ts';
import { kernelEspRows } from './kernel-esp.ts';
import { networkManagerRows } from './network-manager.ts';
import { packageRows } from './package.ts';
import { removalRows } from './removal.ts';
import { serviceRows } from './service.ts';

/** In the order of play: the package is installed by the first row that needs it, and removed by the last. */
export const rows: readonly GuestRow[] = [
  ...packageRows,
  ...serviceRows,
  ...kernelEspRows,
  ...networkManagerRows,
  ...badPathRows,
  ...removalRows,
];
