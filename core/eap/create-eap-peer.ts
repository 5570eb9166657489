import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { equal } from '../base/octets.ts';
import { Secret } from '../base/secret.ts';
import { utf8 } from '../base/utf8.ts';
import type { Random } from '../crypto/interfaces.ts';
import type { TlsResult, TlsSessionName } from '../crypto/tls.ts';
import {
  decodeEapPacket,
  decodeExpandedType,
  type EapRequestOrResponse,
  eapExpandedNak,
  eapNak,
  encodeEapPacket,
  encodeExpandedType,
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
  /** What may be used, best first: a gateway that wants another is told these. EAP-MSCHAPv2 alone when absent. */
  readonly methods?: readonly EapMethodKind[];
  /**
   * Methods that may follow a first one in the same run, as FortiGate has it: its EAP-Success names the next one. None when absent.
   * No RFC knows this; nothing ties the methods to each other.
   */
  readonly following?: readonly EapMethodKind[];
  /** For methods with TLS; `inner` for a peer inside of another's TLS. */
  readonly tlsSession?: TlsSessionName;
}

/** The peer of one login. Use a new one for the next. @rfc 3748 4 */
export function createEapPeer(config: EapPeerConfig): EapPeer {
  return new Peer(config);
}

/** The method that was agreed on by answering its first request. */
type Selected =
  | { readonly kind: 'none'; readonly refused: readonly string[] }
  /** `ready`: EAP-Success may come, though the method may also go on. */
  | {
      readonly kind: 'running';
      readonly method: EapMethod;
      readonly of: EapMethodKind;
      readonly ready?: { readonly msk?: Uint8Array };
    }
  | { readonly kind: 'done'; readonly of: EapMethodKind; readonly msk?: Uint8Array }
  | { readonly kind: 'failing'; readonly error: Failure };

class Peer implements EapPeer {
  readonly #context: EapMethodContext;
  #allowed: readonly EapMethodKind[];
  readonly #following: readonly EapMethodKind[];
  /** The method that came before, in a run of two. */
  #before: EapMethodKind | undefined;
  #selected: Selected = { kind: 'none', refused: [] };
  /** The last request with its response, so that a duplicate is answered identically. @rfc 3748 4.1 */
  #last: { readonly request: Uint8Array; readonly identifier: number; readonly step: EapStep } | undefined;
  /** The request that waits for the answer to a question, or for a step of TLS. */
  #asking: { readonly request: Request; readonly question: EapQuestion | 'tls' } | undefined;
  #password: Secret | undefined;
  /** Why the method thinks that the login is lost; what the server says next only ends it. */
  #failing: Failure | undefined;
  #notice = '';
  #rounds = 0;
  #end: EapStep | undefined;

  constructor(config: EapPeerConfig) {
    const { identity, userName = identity, random, tlsSession = 'outer' } = config;
    this.#context = { identity, userName, random, tlsSession };
    this.#allowed = config.methods ?? [mschapv2Method];
    this.#following = config.following ?? [];
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
        return this.#success(packet.identifier, packet.next);
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
    const { question } = this.#asking ?? {};
    if (question === undefined || question === 'tls') return misuse('EAP asked for no password');
    if (question.kind === 'password') {
      this.#password?.wipe();
      this.#password = new Secret(secret.expose());
    }
    return this.#resume((method) => method.answer(secret));
  }

  refuse(error: Failure): EapStep {
    const { question } = this.#asking ?? {};
    if (question === undefined || question === 'tls') return misuse('EAP asked for no password');
    return this.#resume((method) => method.refuse?.(error) ?? { kind: 'failed', error });
  }

  tls(result: TlsResult): EapStep {
    if (this.#asking?.question !== 'tls') return misuse('EAP asked for no TLS');
    return this.#resume((method) => method.tls?.(result) ?? { kind: 'failed', error: noTls() });
  }

  wipe(): void {
    this.#password?.wipe();
    this.#password = undefined;
    this.#asking = undefined;
    if (this.#selected.kind === 'running') {
      this.#selected.method.wipe();
      this.#selected.ready?.msk?.fill(0);
    }
    if (this.#selected.kind === 'done') this.#selected.msk?.fill(0);
    this.#end ??= { kind: 'failure', error: failure('misuse', { reason: 'this EAP run is over' }) };
  }

  /** Goes on with the request that waited. */
  #resume(how: (method: EapMethod) => EapMethodStep): EapStep {
    const asking = this.#asking;
    const selected = this.#selected;
    if (this.#end !== undefined || asking === undefined || selected.kind !== 'running')
      return misuse('EAP waits for nothing');
    this.#asking = undefined;
    const step = this.#advance(asking.request, selected, how(selected.method));
    if (this.#last !== undefined) this.#last = { ...this.#last, step };
    return step;
  }

  #request(packet: EapRequestOrResponse): EapStep {
    if (this.#asking !== undefined)
      return this.#misbehaved('a second EAP request before the first was answered');
    const request = unwrap(packet);
    if (request.type === eapType.Notification) return this.#notification(request);
    const selected = this.#selected;
    if (selected.kind === 'none') return this.#select(request);
    if (selected.kind === 'running' && request.type === selected.of.type) {
      selected.ready?.msk?.fill(0);
      const { method, of } = selected;
      const running = { kind: 'running', method, of } as const;
      this.#selected = running;
      return this.#advance(request, running, method.process(request.data, request.identifier));
    }
    // Once a method runs, only its own requests and Notification may come until it ends. @rfc 3748 2.1
    return this.#misbehaved(`an EAP request for ${typeName(request.type)} in the middle of another method`);
  }

  #select(request: Request): EapStep {
    if (request.type === eapType.Identity) {
      const method = identityMethod.start(this.#context);
      return this.#stepOfIdentity(request, method.process(request.data, request.identifier));
    }
    const of = this.#allowed.find((kind) => kind.type === request.type);
    if (of === undefined) return this.#nak(request);
    const selected = { kind: 'running', method: of.start(this.#context), of } as const;
    this.#selected = selected;
    return this.#advance(request, selected, selected.method.process(request.data, request.identifier));
  }

  #stepOfIdentity(request: Request, step: EapMethodStep): EapStep {
    if (step.kind === 'respond') return respond(request, step.data);
    return this.#fail(failure('misuse', { reason: 'EAP-Identity cannot fail' }));
  }

  /** An expanded request gets the expanded Nak. @rfc 3748 5.3.1 @rfc 3748 5.3.2 */
  #nak(request: Request): EapStep {
    if (request.type === eapType.Nak) return this.#misbehaved('an EAP request of type Nak');
    const { selected, error } = this.#refusal(typeName(request.type));
    this.#selected = selected;
    const wishes = this.#allowed.map((kind) => kind.type);
    const nak = request.expanded || request.type === eapType.Expanded ? eapExpandedNak : eapNak;
    const packet = encodeEapPacket(nak(request.identifier, wishes));
    // Many a server just falls silent now: then this is why.
    return { kind: 'respond', packet, failing: error };
  }

  #refusal(wanted: string): { selected: Extract<Selected, { kind: 'none' }>; error: Failure } {
    const before = this.#selected.kind === 'none' ? this.#selected.refused : [];
    const refused = [...before.filter((name) => name !== wanted), wanted].slice(-limits.eapMethodsShown);
    const names = refused.join(', ');
    const offered = this.#allowed.map((kind) => kind.name).join(', ');
    // Behind a method that was done it is no question any more which one to begin with: the password was shown.
    const error =
      this.#before === undefined
        ? failure('auth.eap-method', { wanted: names, offered })
        : failure('auth.second-factor', { wanted: `${this.#before.name}, then ${names}` });
    return { selected: { kind: 'none', refused }, error };
  }

  #notification(request: Request): EapStep {
    const selected = this.#selected;
    if (selected.kind === 'done' || selected.kind === 'failing') {
      return this.#misbehaved('an EAP Notification after the end of the method');
    }
    this.#notice = escapeText(utf8.decode(request.data), limits.peerTextCharacters);
    return respond(request, new Uint8Array(0));
  }

  #advance(request: Request, selected: Extract<Selected, { kind: 'running' }>, step: EapMethodStep): EapStep {
    switch (step.kind) {
      case 'respond':
        this.#failing = step.failing;
        return respond(request, step.data, step.failing);
      case 'ask':
        if (step.question.kind === 'password' && step.question.retry === 0 && this.#password !== undefined) {
          return this.#advance(request, selected, selected.method.answer(this.#password));
        }
        this.#asking = { request, question: step.question };
        return { kind: 'ask', identity: this.#context.userName, question: step.question };
      case 'tls':
        this.#asking = { request, question: 'tls' };
        return { kind: 'tls', request: step.request };
      case 'done':
        this.#selected = this.#finished(selected, step);
        return { ...respond(request, step.data), final: true };
      case 'failed':
        selected.method.wipe();
        if (step.data === undefined) return this.#fail(step.error);
        this.#selected = { kind: 'failing', error: step.error };
        return respond(request, step.data, step.error);
    }
  }

  #finished(
    selected: Extract<Selected, { kind: 'running' }>,
    { msk, more }: Extract<EapMethodStep, { kind: 'done' }>,
  ): Selected {
    const key = msk === undefined ? {} : { msk };
    if (more === true) return { ...selected, ready: key };
    selected.method.wipe();
    return { kind: 'done', of: selected.of, ...key };
  }

  /**
   * Its identifier is that of the last response, or the next one: some login servers count on. @rfc 3748 4.2
   */
  #success(identifier: number, next: number | undefined): EapStep {
    const selected = this.#selected;
    if (selected.kind === 'failing') return this.#fail(selected.error);
    const ready = selected.kind === 'running' ? selected.ready : selected;
    if (selected.kind === 'none' || ready === undefined || this.#asking !== undefined)
      return this.#misbehaved('EAP-Success came before the method had finished');
    const last = this.#last?.identifier ?? 0;
    if (identifier !== last && identifier !== ((last + 1) & 0xff)) {
      return this.#misbehaved('EAP-Success answers no response of ours');
    }
    const { of } = selected;
    const msk = 'msk' in ready ? ready.msk : undefined;
    if (next !== undefined) return this.#goOn(of, msk, next);
    const method = this.#before === undefined ? of.name : `${this.#before.name}, then ${of.name}`;
    this.#end = {
      kind: 'success',
      method,
      ...(msk === undefined ? {} : { msk: msk.slice() }),
      ...(this.#before === undefined ? {} : { chained: true }),
    };
    return this.#end;
  }

  /** The method is done, and the gateway wants another one, which it begins when it hears our last response again. */
  #goOn(of: EapMethodKind, msk: Uint8Array | undefined, next: number): EapStep {
    const kind = this.#following.find(({ type }) => type === next);
    const last = this.#last?.step;
    if (kind === undefined || this.#before !== undefined || last?.kind !== 'respond') {
      return this.#fail(failure('auth.second-factor', { wanted: `${of.name}, then ${typeName(next)}` }));
    }
    // What comes last has the say on the key.
    msk?.fill(0);
    this.#before = of;
    this.#allowed = [kind];
    this.#selected = { kind: 'none', refused: [] };
    return { kind: 'respond', packet: last.packet };
  }

  #failed(): EapStep {
    const selected = this.#selected;
    if (selected.kind === 'failing') return this.#fail(selected.error);
    if (selected.kind === 'none' && selected.refused.length > 0)
      return this.#fail(this.#refusal(selected.refused.at(-1) ?? '').error);
    if (this.#failing !== undefined) return this.#fail(this.#failing);
    if (selected.kind === 'running' && selected.of.refusal !== undefined)
      return this.#fail(selected.of.refusal);
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

/** A request, whichever way its type was written. */
interface Request {
  readonly identifier: number;
  readonly type: number;
  readonly data: Uint8Array;
  /** An IETF type in the long form, which is answered in the long form. @rfc 3748 5.7 */
  readonly expanded: boolean;
}

function unwrap({ identifier, type, data }: EapRequestOrResponse): Request {
  if (type === eapType.Expanded) {
    const long = decodeExpandedType(data);
    if (long.ok && long.value.vendor === 0 && long.value.vendorType < eapType.Expanded)
      return { identifier, type: long.value.vendorType, data: long.value.data, expanded: true };
  }
  return { identifier, type, data, expanded: false };
}

type Response = Extract<EapStep, { readonly kind: 'respond' }>;

function respond({ identifier, type, expanded }: Request, data: Uint8Array, failing?: Failure): Response {
  const code = 'response' as const;
  const packet = encodeEapPacket(
    expanded
      ? {
          code,
          identifier,
          type: eapType.Expanded,
          data: encodeExpandedType({ vendor: 0, vendorType: type, data }),
        }
      : { code, identifier, type, data },
  );
  return failing === undefined ? { kind: 'respond', packet } : { kind: 'respond', packet, failing };
}

function misuse(reason: string): EapStep {
  return { kind: 'failure', error: failure('misuse', { reason }) };
}

function noTls(): Failure {
  return failure('misuse', { reason: 'this method has no TLS' });
}

function typeName(type: number): string {
  return `EAP-${nameOf(eapType, type)}`;
}
