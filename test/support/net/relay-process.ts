import { fileURLToPath } from 'node:url';
import type { Namespace } from './lab.ts';
import type { LabProcess } from './lab-process.ts';

/** Starts `udp-relay.ts` for IKE and ESP in a namespace; it ends with the namespace. */
export async function startUdpRelay(
  namespace: Namespace,
  listen: string,
  target: string,
): Promise<LabProcess> {
  const program = fileURLToPath(new URL('udp-relay.ts', import.meta.url));
  const relay = namespace.spawn([process.execPath, program, listen, target, '500', '4500']);
  await relay.waitFor(/ready/);
  return relay;
}
