import { equal } from '../../core/base/octets.ts';
import { notifyOf, payloadsOf } from '../../core/wire/ike/lookup.ts';
import { decodeMessage } from '../../core/wire/ike/message.ts';
import type { IkeHeader } from '../../core/wire/ike/payload.ts';
import { exchangeType } from '../../core/wire/registry/exchange-types.ts';
import { notifyType } from '../../core/wire/registry/notify-types.ts';
import { securityProtocol } from '../../core/wire/registry/protocols.ts';
import type { SealMemory } from './sim-crypto.ts';
import { readMessage } from './trace.ts';
import { Violation } from './violation.ts';

interface SaOfSide {
  /** Octets of everything that was sent, by direction, message ID and fragment. */
  readonly sent: Map<string, Uint8Array>;
  /** The last request of this side: its ID, and whether the answer came. */
  request?: { id: number; answered: boolean; deletes: boolean };
  /** Requests of the peer that came in. */
  readonly heard: Set<number>;
  /** The SA was deleted, and this side knows that the peer knows. */
  gone: boolean;
}

/** Holds every message that one side sends against the rules of RFC 7296 2.1 to 2.3 and 1.4.1. */
export class WireWatch {
  readonly #side: string;
  readonly #memory: SealMemory;
  readonly #sas = new Map<string, SaOfSide>();

  constructor(side: string, memory: SealMemory) {
    this.#side = side;
    this.#memory = memory;
  }

  /** This side sends a datagram; `whole`: padded, to find out how large it may be, and once without the padding afterwards. */
  sends(octets: Uint8Array, whole = false): void {
    const decoded = decodeMessage(octets);
    if (!decoded.ok) throw new Violation('exception', `${this.#side} sends what is no message`);
    const { header, encrypted } = decoded.value;
    // IKE_SA_INIT starts anew with a cookie or another group, before there is an SA. @rfc 7296 2.6
    if (header.exchange === exchangeType.IKE_SA_INIT) return;
    // To what a damaged octet made a newer version of IKE, which no SA is asked about. @rfc 7296 2.5
    if (encrypted === undefined && notifyOf(decoded.value, notifyType.INVALID_MAJOR_VERSION) !== undefined)
      return;
    const sa = this.#sa(header);
    const fragment = encrypted?.fragment;
    const name = `${header.isResponse ? 'response' : 'request'} ${header.messageId}${fragment === undefined ? '' : ` (${fragment.number}/${fragment.total})`}${whole ? ', padded' : ''}`;
    const before = sa.sent.get(name);
    if (before !== undefined) {
      if (!equal(before, octets)) throw this.#wrong('retransmission', `${name} is not what it was before`);
      if (!header.isResponse && sa.gone) throw this.#wrong('removed-sa', `${name} again`);
      return;
    }
    sa.sent.set(name, octets.slice());
    if (header.isResponse) {
      if (!sa.heard.has(header.messageId)) throw this.#wrong('unasked-response', `${name} without a request`);
      if (this.#deletesSa(octets) || sa.gone) sa.gone = true;
      return;
    }
    this.#newRequest(sa, header, name, this.#deletesSa(octets));
  }

  /** An undamaged datagram of the peer reaches this side. */
  hears(octets: Uint8Array): void {
    const decoded = decodeMessage(octets);
    if (!decoded.ok || decoded.value.header.exchange === exchangeType.IKE_SA_INIT) return;
    const { header } = decoded.value;
    const sa = this.#sa(header);
    if (!header.isResponse) {
      sa.heard.add(header.messageId);
      return;
    }
    if (sa.request?.id !== header.messageId) return;
    sa.request.answered = true;
    if (sa.request.deletes) sa.gone = true;
  }

  #newRequest(sa: SaOfSide, { messageId }: IkeHeader, name: string, deletes: boolean): void {
    const { request } = sa;
    if (request?.id === messageId) return;
    if (sa.gone) throw this.#wrong('removed-sa', `${name} on an IKE SA that is deleted`);
    if (request !== undefined && !request.answered) {
      throw this.#wrong('window', `${name} while request ${request.id} waits for its answer`);
    }
    const expected = request === undefined ? [0, 1] : [request.id + 1];
    if (!expected.includes(messageId))
      throw this.#wrong('message-id', `${name} where ${expected.join(' or ')} was next`);
    sa.request = { id: messageId, answered: false, deletes };
  }

  #deletesSa(octets: Uint8Array): boolean {
    const message = readMessage(octets, this.#memory);
    return (
      message !== undefined &&
      payloadsOf(message, 'D').some(({ protocol }) => protocol === securityProtocol.IKE)
    );
  }

  #sa({ initiatorSpi, responderSpi }: IkeHeader): SaOfSide {
    const name = `${initiatorSpi}/${responderSpi}`;
    const known = this.#sas.get(name) ?? { sent: new Map(), heard: new Set(), gone: false };
    this.#sas.set(name, known);
    return known;
  }

  #wrong(invariant: ConstructorParameters<typeof Violation>[0], what: string): Violation {
    return new Violation(invariant, `${this.#side}: ${what}`);
  }
}
