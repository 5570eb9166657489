import type { Duration, Instant } from '../base/time.ts';

const informational = 37;
const responseFlag = 0x20;
const headerOctets = 28;

/**
 * Measures a round trip by INFORMATIONAL exchanges of ours, from the outside: when a request left and when the answer with
 * its message ID came. A request that left twice is not counted, since nobody knows which one was answered. What comes in
 * proves nothing by itself; the caller confirms it when the engine has taken it for authentic. @rfc 7296 3.1
 */
export class RoundTrip {
  #request: { readonly messageId: number; readonly at: Instant; readonly again: boolean } | undefined;
  #answered: Duration | undefined;
  #last: Duration | undefined;

  /** An IKE message without the non-ESP marker leaves. */
  sent(octets: Uint8Array, now: Instant): void {
    const header = readHeader(octets);
    if (header === undefined || header.response) return;
    const again = this.#request?.messageId === header.messageId;
    this.#request = { messageId: header.messageId, at: now, again };
  }

  received(octets: Uint8Array, now: Instant): void {
    this.#answered = undefined;
    const header = readHeader(octets);
    if (header === undefined || !header.response || header.messageId !== this.#request?.messageId) return;
    if (!this.#request.again) this.#answered = now - this.#request.at;
  }

  /** What was received last is authentic. */
  confirm(): void {
    if (this.#answered === undefined) return;
    this.#last = this.#answered;
    this.#answered = undefined;
    this.#request = undefined;
  }

  /** The last round trip that nobody has taken yet. */
  take(): Duration | undefined {
    const last = this.#last;
    this.#last = undefined;
    return last;
  }
}

function readHeader(octets: Uint8Array): { messageId: number; response: boolean } | undefined {
  if (octets.length < headerOctets || octets[18] !== informational) return undefined;
  const messageId = new DataView(octets.buffer, octets.byteOffset).getUint32(20);
  return { messageId, response: ((octets[19] ?? 0) & responseFlag) !== 0 };
}
