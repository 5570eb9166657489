import { ByteWriter } from '../base/byte-writer.ts';
import { type MalformedError, malformed } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { utf8 } from '../base/utf8.ts';
import { readU32 } from '../base/words.ts';

/**
 * A frame on the socket:
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |              length of the text in octets, not 0              |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     ~                      JSON text in UTF-8                       ~
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
const headerOctets = 4;

/** Fails when the text of `value` is longer than a frame may be. */
export function encodeFrame(value: unknown): Result<Uint8Array, MalformedError> {
  const text = utf8.encode(JSON.stringify(value));
  if (text.length > limits.rpcFrameOctets) {
    return err(malformed('RPC frame', { offset: 0, need: text.length, got: limits.rpcFrameOctets }));
  }
  return ok(new ByteWriter(headerOctets + text.length).u32(text.length).bytes(text).finish());
}

/**
 * Cuts a stream of octets into JSON values, however the stream was chopped. Holds what has come of one frame at most,
 * and nothing ahead of what has come. After a failure the stream is lost: the decoder keeps failing.
 */
export class FrameDecoder {
  #buffer = new Uint8Array(0);
  #held = 0;
  /** Length of the frame that is coming in, or `undefined` while its header is. */
  #length: number | undefined;
  #failure: MalformedError | undefined;

  /** Octets held of a frame that is not complete. */
  get pending(): number {
    return this.#held;
  }

  /** The values that `chunk` completes, in order. Takes a copy of what it keeps. */
  push(chunk: Uint8Array): Result<readonly unknown[], MalformedError> {
    const values: unknown[] = [];
    let rest = chunk;
    while (this.#failure === undefined && rest.length > 0) {
      const wanted = (this.#length ?? headerOctets) - this.#held;
      this.#keep(rest.subarray(0, wanted));
      rest = rest.subarray(wanted);
      if (this.#held < (this.#length ?? headerOctets)) break;
      const octets = this.#takeAll();
      if (this.#length === undefined) this.#length = this.#readLength(octets);
      else {
        this.#length = undefined;
        values.push(this.#readValue(octets));
      }
    }
    return this.#failure === undefined ? ok(values) : err(this.#failure);
  }

  /** The buffer doubles with what has come, so that an announced length alone costs nothing. */
  #keep(octets: Uint8Array): void {
    const need = this.#held + octets.length;
    if (need > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(need, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, this.#held));
      this.#buffer.fill(0);
      this.#buffer = larger;
    }
    this.#buffer.set(octets, this.#held);
    this.#held = need;
  }

  /** A view of what is held; the next frame starts a new buffer. */
  #takeAll(): Uint8Array {
    const octets = this.#buffer.subarray(0, this.#held);
    this.#buffer = new Uint8Array(0);
    this.#held = 0;
    return octets;
  }

  #readLength(header: Uint8Array): number {
    const length = readU32(header, 0);
    if (length === 0 || length > limits.rpcFrameOctets) {
      this.#failure = malformed('RPC frame', {
        offset: 0,
        reason: `a length of ${length}, not 1 to ${limits.rpcFrameOctets}`,
      });
    }
    return length;
  }

  #readValue(octets: Uint8Array): unknown {
    const text = utf8.decodeStrict(octets);
    // A frame can hold a password: this copy at least does not stay.
    octets.fill(0);
    if (text === undefined) {
      this.#failure = malformed('RPC frame', { offset: headerOctets, reason: 'not UTF-8' });
      return undefined;
    }
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // The parser's own message quotes the text, which may hold a secret.
      this.#failure = malformed('RPC frame', { offset: headerOctets, reason: 'not JSON' });
      return undefined;
    }
  }
}
