import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { equal } from '../base/octets.ts';
import { Secret } from '../base/secret.ts';
import { utf8 } from '../base/utf8.ts';
import type { Random } from '../crypto/interfaces.ts';
import {
  decodeEapPacket,
  type EapRequestOrResponse,
  eapNak,
  encodeEapPacket,
} from '../wire/eap/eap-packet.ts';
import { escapeText } from '../wire/escape-text.ts';
import { eapType } from '../wire/registry/eap-types.ts';
import { nameOf } from '../wire/registry/registry.ts';
import type { EapMethod, EapMethodContext, EapMethodKind, EapMethodStep, EapQuestion } from './method.ts';
import { identityMethod } from './methods/identity.ts';
import { mschapv2Method } from './methods/mschapv2.ts';
import type { EapPeer, EapStep } from './peer.ts';

export interface EapPeerConfig {
  /** What EAP-Identity is answered with. */
  readonly identity: string;
  /** The user name inside the method; the identity when absent. */
  readonly userName?: string;
  readonly random: Random;
  /** What may be used, best first; without it, all that Godwit can do. */
  readonly methods?: readonly EapMethodKind[];
}

/** Every method that Godwit can do, best first. */
export const eapMethods: readonly EapMethodKind[] = [mschapv2Method];

/** The peer of one login. Use a new one for the next. @rfc 3748 4 */
export function createEapPeer(config: EapPeerConfig): EapPeer {
  return new Peer(config);
}

/** The method that was agreed on by answering its first request. */
type Selected =
  | { readonly kind: 'none'; readonly refused?: string }
  | { readonly kind: 'running'; readonly method: EapMethod; readonly of: EapMethodKind }
  | { readonly kind: 'done'; readonly of: EapMethodKind; readonly msk?: Uint8Array }
  | { readonly kind: 'failing'; readonly error: Failure };

class Peer implements EapPeer {
  readonly #context: EapMethodContext;
  readonly #allowed: readonly EapMethodKind[];
  #selected: Selected = { kind: 'none' };
  /** The last request with its response, so that a duplicate is answered identically. @rfc 3748 4.1 */
  #last: { readonly request: Uint8Array; readonly identifier: number; readonly step: EapStep } | undefined;
  /** The request that waits for the answer to a question. */
  #asking: { readonly request: EapRequestOrResponse; readonly question: EapQuestion } | undefined;
  #password: Secret | undefined;
  #notice = '';
  #rounds = 0;
  #end: EapStep | undefined;

  constructor(config: EapPeerConfig) {
    const { identity, userName = identity, random } = config;
    this.#context = { identity, userName, random };
    this.#allowed = config.methods ?? eapMethods;
  }

  handle(octets: Uint8Array): EapStep {
    if (this.#end !== undefined) return this.#end;
    if (this.#last !== undefined && equal(octets, this.#last.request)) return this.#last.step;
    this.#rounds += 1;
    if (this.#rounds > limits.eapRounds)
      return this.#misbehaved(`more than ${limits.eapRounds} EAP requests`);
    const decoded = decodeEapPacket(octets);
    if (!decoded.ok) return this.#fail(decoded.error);
    const packet = decoded.value;
    switch (packet.code) {
      case 'success':
        return this.#success(packet.identifier);
      case 'failure':
        return this.#failed();
      case 'request': {
        const step = this.#request(packet);
        this.#last = { request: octets.slice(), identifier: packet.identifier, step };
        return step;
      }
      case 'response':
        return this.#misbehaved('an EAP response was sent to a client');
    }
  }

  answer(secret: Secret): EapStep {
    const asking = this.#asking;
    const selected = this.#selected;
    if (this.#end !== undefined || asking === undefined || selected.kind !== 'running') {
      return { kind: 'failure', error: failure('misuse', { reason: 'EAP asked for no password' }) };
    }
    if (asking.question.kind === 'password') {
      this.#password?.wipe();
      this.#password = new Secret(secret.expose());
    }
    this.#asking = undefined;
    const step = this.#advance(asking.request, selected, selected.method.answer(secret));
    if (this.#last !== undefined) this.#last = { ...this.#last, step };
    return step;
  }

  wipe(): void {
    this.#password?.wipe();
    this.#password = undefined;
    if (this.#selected.kind === 'running') this.#selected.method.wipe();
    if (this.#selected.kind === 'done') this.#selected.msk?.fill(0);
    this.#end ??= { kind: 'failure', error: failure('misuse', { reason: 'this EAP run is over' }) };
  }

  #request(request: EapRequestOrResponse): EapStep {
    if (this.#asking !== undefined)
      return this.#misbehaved('a second EAP request before the first was answered');
    if (request.type === eapType.Notification) return this.#notification(request);
    const selected = this.#selected;
    if (selected.kind === 'none') return this.#select(request);
    if (selected.kind === 'running' && request.type === selected.of.type) {
      return this.#advance(request, selected, selected.method.process(request.data));
    }
    // Once a method runs, only its own requests and Notification may come until it ends. @rfc 3748 2.1
    return this.#misbehaved(`an EAP request for ${typeName(request.type)} in the middle of another method`);
  }

  #select(request: EapRequestOrResponse): EapStep {
    if (request.type === eapType.Identity) {
      const method = identityMethod.start(this.#context);
      return this.#stepOfIdentity(request, method.process(request.data));
    }
    const of = this.#allowed.find((kind) => kind.type === request.type);
    if (of === undefined) return this.#nak(request);
    const selected = { kind: 'running', method: of.start(this.#context), of } as const;
    this.#selected = selected;
    return this.#advance(request, selected, selected.method.process(request.data));
  }

  #stepOfIdentity(request: EapRequestOrResponse, step: EapMethodStep): EapStep {
    if (step.kind === 'respond') return respond(request, request.type, step.data);
    return this.#fail(failure('misuse', { reason: 'EAP-Identity cannot fail' }));
  }

  /** Type 254 is answered by a plain Nak too, as a peer must that does not interpret it. @rfc 3748 5.3.1 @rfc 3748 5.7 */
  #nak(request: EapRequestOrResponse): EapStep {
    if (request.type === eapType.Nak) return this.#misbehaved('an EAP request of type Nak');
    this.#selected = { kind: 'none', refused: typeName(request.type) };
    const wishes = this.#allowed.map((kind) => kind.type);
    return { kind: 'respond', packet: encodeEapPacket(eapNak(request.identifier, wishes)) };
  }

  #notification(request: EapRequestOrResponse): EapStep {
    const selected = this.#selected;
    if (selected.kind === 'done' || selected.kind === 'failing') {
      return this.#misbehaved('an EAP Notification after the end of the method');
    }
    this.#notice = escapeText(utf8.decode(request.data), limits.peerTextCharacters);
    return respond(request, eapType.Notification, new Uint8Array(0));
  }

  #advance(
    request: EapRequestOrResponse,
    selected: Extract<Selected, { kind: 'running' }>,
    step: EapMethodStep,
  ): EapStep {
    switch (step.kind) {
      case 'respond':
        return respond(request, request.type, step.data);
      case 'ask':
        if (step.question.kind === 'password' && step.question.retry === 0 && this.#password !== undefined) {
          return this.#advance(request, selected, selected.method.answer(this.#password));
        }
        this.#asking = { request, question: step.question };
        return { kind: 'ask', identity: this.#context.userName, question: step.question };
      case 'done':
        selected.method.wipe();
        this.#selected = {
          kind: 'done',
          of: selected.of,
          ...(step.msk === undefined ? {} : { msk: step.msk }),
        };
        return respond(request, request.type, step.data);
      case 'failed':
        selected.method.wipe();
        if (step.data === undefined) return this.#fail(step.error);
        this.#selected = { kind: 'failing', error: step.error };
        return respond(request, request.type, step.data, step.error);
    }
  }

  /**
   * Its identifier is that of the last response, or the next one: some login servers count on. @rfc 3748 4.2
   */
  #success(identifier: number): EapStep {
    const selected = this.#selected;
    if (selected.kind === 'failing') return this.#fail(selected.error);
    if (selected.kind !== 'done') return this.#misbehaved('EAP-Success came before the method had finished');
    const last = this.#last?.identifier ?? 0;
    if (identifier !== last && identifier !== ((last + 1) & 0xff)) {
      return this.#misbehaved('EAP-Success answers no response of ours');
    }
    const { of, msk } = selected;
    this.#end = { kind: 'success', method: of.name, ...(msk === undefined ? {} : { msk: msk.slice() }) };
    return this.#end;
  }

  #failed(): EapStep {
    const selected = this.#selected;
    if (selected.kind === 'failing') return this.#fail(selected.error);
    if (selected.kind === 'none' && selected.refused !== undefined) {
      const offered = this.#allowed.map((kind) => kind.name).join(', ');
      return this.#fail(failure('auth.eap-method', { wanted: selected.refused, offered }));
    }
    const notice = this.#notice === '' ? {} : { notice: this.#notice };
    return this.#fail(failure('auth.refused', { side: 'local', ...notice }));
  }

  #misbehaved(rule: string): EapStep {
    return this.#fail(failure('peer.misbehaved', { rule }));
  }

  #fail(error: Failure): EapStep {
    const end: EapStep = { kind: 'failure', error };
    this.#end = end;
    this.wipe();
    return end;
  }
}

function respond(request: EapRequestOrResponse, type: number, data: Uint8Array, failing?: Failure): EapStep {
  const packet = encodeEapPacket({ code: 'response', identifier: request.identifier, type, data });
  return failing === undefined ? { kind: 'respond', packet } : { kind: 'respond', packet, failing };
}

function typeName(type: number): string {
  return `EAP-${nameOf(eapType, type)}`;
}
