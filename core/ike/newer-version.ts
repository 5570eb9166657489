import { encodeMessage } from '../wire/ike/message.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { ikeNotify } from './payload-list.ts';

const headerOctets = 28;
const responseFlag = 0x20;
const initiatorFlag = 0x08;

/** Whether a datagram is a request in a major version of IKE above 2. Version 1 gets no answer. @rfc 7296 2.5 */
export function asksInNewerVersion(octets: Uint8Array): boolean {
  const [version = 0, flags = 0] = [octets[17], octets[19]];
  return octets.length >= headerOctets && version >> 4 > 2 && (flags & responseFlag) === 0;
}

/** The unprotected answer to such a request: its SPIs, exchange and message ID, and the version that we speak. @rfc 7296 1.5 */
export function denyVersion(request: Uint8Array): Uint8Array {
  const view = new DataView(request.buffer, request.byteOffset, headerOctets);
  const header = {
    initiatorSpi: view.getBigUint64(0),
    responderSpi: view.getBigUint64(8),
    majorVersion: 2,
    minorVersion: 0,
    exchange: view.getUint8(18),
    fromInitiator: (view.getUint8(19) & initiatorFlag) === 0,
    isResponse: true,
    messageId: view.getUint32(20),
  };
  return encodeMessage({ header, payloads: [ikeNotify(notifyType.INVALID_MAJOR_VERSION, Uint8Array.of(2))] });
}
