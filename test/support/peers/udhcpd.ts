import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Namespace } from '../net/lab.ts';
import type { LabProcess } from '../net/lab-process.ts';
import { until } from './freeradius.ts';

export interface DhcpOptions {
  readonly device: string;
  /** First and last address that it leases. */
  readonly range: readonly [string, string];
  readonly dns: string;
}

/** BusyBox's DHCP server, for the addresses of a protected network. */
export async function startDhcpServer(namespace: Namespace, options: DhcpOptions): Promise<LabProcess> {
  const folder = join(namespace.folder, 'udhcpd');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'leases'), '');
  const [first, last] = options.range;
  writeFileSync(
    join(folder, 'udhcpd.conf'),
    `start ${first}
end ${last}
interface ${options.device}
max_leases 20
lease_file ${folder}/leases
pidfile ${folder}/pid
option subnet 255.255.255.0
option dns ${options.dns}
option lease 3600
`,
  );
  const process = namespace.spawn(['busybox', 'udhcpd', '-f', join(folder, 'udhcpd.conf')]);
  const said = () => process.stdout + process.stderr;
  await until(process, () => said().includes('started'), said);
  return process;
}
