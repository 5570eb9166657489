import type { IkeSpi } from '../wire/ike/payload.ts';

export interface IkeSpis {
  readonly initiator: IkeSpi;
  readonly responder: IkeSpi;
}

/** The SPIs that an IKE message begins with, unchecked; `undefined` where there are fewer than their 16 octets. @rfc 7296 3.1 */
export function readSpis(octets: Uint8Array): IkeSpis | undefined {
  if (octets.length < 16) return undefined;
  const view = new DataView(octets.buffer, octets.byteOffset, 16);
  return { initiator: view.getBigUint64(0), responder: view.getBigUint64(8) };
}
