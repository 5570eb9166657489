import { type Failure, failure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { concat } from '../../base/octets.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { type EapTlsPacket, encodeEapTlsPacket } from '../../wire/eap/eap-tls-packet.ts';

export type Incoming =
  /** One fragment of several: to be acknowledged. */
  | { readonly kind: 'fragment' }
  /** Our fragment arrived: the next one is due. */
  | { readonly kind: 'acknowledged' }
  /** All of the server's message; empty when it only passes us the word. */
  | { readonly kind: 'message'; readonly records: Uint8Array };

/**
 * Messages of TLS records in EAP packets: larger ones go in fragments, each of which the other side acknowledges with an empty
 * packet. @rfc 5216 2.1.5
 */
export class MessageFraming {
  readonly #version: number;
  /** Fragments of the server's message so far, and what it said the whole is long. */
  #incoming:
    | { readonly parts: Uint8Array[]; octets: number; readonly announced: number | undefined }
    | undefined;
  /** What is left of our message. */
  #outgoing: Uint8Array = new Uint8Array(0);

  constructor(version: number) {
    this.#version = version;
  }

  /** Fragments of our message wait for their turn. */
  get hasMore(): boolean {
    return this.#outgoing.length > 0;
  }

  take(packet: EapTlsPacket): Result<Incoming, Failure> {
    if (this.hasMore) return this.#acknowledged(packet);
    const { data, more, messageOctets } = packet;
    const begun = this.#incoming ?? { parts: [], octets: 0, announced: messageOctets };
    if (more && data.length === 0) return broken('a fragment holds something');
    if (messageOctets !== undefined && messageOctets !== begun.announced)
      return broken('all fragments of a message tell the same length');
    begun.octets += data.length;
    const most = Math.min(begun.announced ?? limits.eapTlsMessageOctets, limits.eapTlsMessageOctets);
    if (begun.octets > most || (begun.announced ?? 0) > limits.eapTlsMessageOctets)
      return broken(`a TLS message has ${most} octets at most`);
    begun.parts.push(data.slice());
    this.#incoming = more ? begun : undefined;
    if (more) return ok({ kind: 'fragment' });
    if (begun.announced !== undefined && begun.announced !== begun.octets)
      return broken(`a TLS message of ${begun.announced} octets does not end after ${begun.octets}`);
    return ok({ kind: 'message', records: concat(...begun.parts) });
  }

  /** The first packet of a message. */
  send(records: Uint8Array): Uint8Array {
    this.#outgoing = records;
    const length = records.length > limits.eapFragmentOctets ? { messageOctets: records.length } : {};
    return this.#packet(length);
  }

  /** The next fragment. */
  next(): Uint8Array {
    return this.#packet({});
  }

  /** Says nothing but that the other side may go on. */
  acknowledge(): Uint8Array {
    return encodeEapTlsPacket({
      start: false,
      more: false,
      version: this.#version,
      data: new Uint8Array(0),
    });
  }

  #acknowledged({ data, more }: EapTlsPacket): Result<Incoming, Failure> {
    if (data.length > 0 || more) return broken('a fragment is acknowledged with an empty packet');
    return ok({ kind: 'acknowledged' });
  }

  #packet(length: { readonly messageOctets?: number }): Uint8Array {
    const data = this.#outgoing.subarray(0, limits.eapFragmentOctets);
    this.#outgoing = this.#outgoing.subarray(data.length);
    return encodeEapTlsPacket({
      start: false,
      more: this.hasMore,
      version: this.#version,
      ...length,
      data,
    });
  }
}

function broken(rule: string): Result<never, Failure> {
  return err(failure('auth.login-server', { side: 'remote', rule }));
}
