import { type Failure, failure } from '../../base/errors.ts';
import { concat } from '../../base/octets.ts';
import type { Secret } from '../../base/secret.ts';
import type { TlsFailure, TlsProgress, TlsRequest, TlsResult, TlsSessionName } from '../../crypto/tls.ts';
import { decodeEapTlsPacket, type EapTlsPacket } from '../../wire/eap/eap-tls-packet.ts';
import type { EapMethod, EapMethodContext, EapMethodKind, EapMethodStep } from '../method.ts';
import { MessageFraming } from './message-framing.ts';
import type { InsideStep, TunnelInside, TunnelKind } from './tunnel-inside.ts';

/** An EAP method that is TLS with something inside. */
export function tunnelMethod(kind: TunnelKind): EapMethodKind {
  return { type: kind.type, name: kind.name, start: (context) => new TunnelMethod(kind, context) };
}

/** We speak version 0 of TTLS and PEAP; EAP-TLS has zeroes there. */
const version = 0;
const nothing = new Uint8Array(0);

/** What our message means once its last fragment goes out. */
type Ending = Extract<InsideStep, { kind: 'done' }> | { readonly kind: 'failed'; readonly error: Failure };

/**
 * Where TLS stands:
 * - expect-start: the server opens with an empty packet
 * - handshake: TLS proves the server
 * - inside: the inside has the word
 */
type State =
  | { readonly kind: 'expect-start' }
  | { readonly kind: 'handshake' }
  | { readonly kind: 'inside'; readonly inside: TunnelInside }
  | { readonly kind: 'ended' };

class TunnelMethod implements EapMethod {
  readonly #kind: TunnelKind;
  readonly #context: EapMethodContext;
  readonly #session: TlsSessionName;
  readonly #framing = new MessageFraming(version);
  #state: State = { kind: 'expect-start' };
  /** The step of TLS that we wait for; `inside`: it is one of a method inside. */
  #waiting: 'ours' | 'inside' | undefined;
  /** Records that TLS itself wants to send, before those of the inside. */
  #records: Uint8Array = nothing;
  #ending: Ending | undefined;
  #failing: Failure | undefined;

  constructor(kind: TunnelKind, context: EapMethodContext) {
    this.#kind = kind;
    this.#context = context;
    this.#session = context.tlsSession ?? 'outer';
  }

  process(data: Uint8Array): EapMethodStep {
    const decoded = decodeEapTlsPacket(data);
    if (!decoded.ok) return this.#fail(decoded.error);
    const packet = decoded.value;
    if (this.#state.kind === 'expect-start') return this.#start(packet);
    if (this.#state.kind === 'ended' || packet.start) return this.#broken(`${this.#kind.name} starts once`);
    const incoming = this.#framing.take(packet);
    if (!incoming.ok) return this.#fail(incoming.error);
    switch (incoming.value.kind) {
      case 'fragment':
        return { kind: 'respond', data: this.#framing.acknowledge() };
      case 'acknowledged':
        return this.#emit(this.#framing.next());
      case 'message':
        return this.#message(incoming.value.records);
    }
  }

  answer(secret: Secret): EapMethodStep {
    const state = this.#state;
    if (state.kind !== 'inside')
      return this.#fail(failure('misuse', { reason: 'no password was asked for' }));
    return this.#play(state.inside.answer(secret));
  }

  refuse(error: Failure): EapMethodStep {
    const inside = this.#state.kind === 'inside' ? this.#state.inside : undefined;
    return this.#play(inside?.refuse?.(error) ?? { kind: 'failed', error });
  }

  tls(result: TlsResult): EapMethodStep {
    const waiting = this.#waiting;
    const state = this.#state;
    this.#waiting = undefined;
    if (waiting === undefined || state.kind === 'ended')
      return this.#fail(failure('misuse', { reason: 'no TLS was asked for' }));
    if (waiting === 'inside' && state.kind === 'inside') return this.#play(state.inside.tls(result));
    return result.ok ? this.#progress(result.value) : this.#tlsFailed(result.error);
  }

  wipe(): void {
    if (this.#state.kind === 'inside') this.#state.inside.wipe();
    if (this.#ending?.kind === 'done') this.#ending.msk.fill(0);
    this.#ending = undefined;
    this.#waiting = undefined;
    this.#state = { kind: 'ended' };
  }

  #start(packet: EapTlsPacket): EapMethodStep {
    if (!packet.start || packet.more) return this.#broken(`${this.#kind.name} begins with its start packet`);
    this.#state = { kind: 'handshake' };
    const { clientCertificate, exports } = this.#kind;
    return this.#ask({ action: 'start', session: this.#session, clientCertificate, exports });
  }

  #message(records: Uint8Array): EapMethodStep {
    if (records.length > 0) return this.#ask({ action: 'receive', session: this.#session, records });
    const state = this.#state;
    if (state.kind !== 'inside') return this.#broken('a TLS handshake goes on with records');
    return this.#play(state.inside.turn(nothing));
  }

  #progress({ records, plaintext, established, closed }: TlsProgress): EapMethodStep {
    if (established !== undefined)
      this.#state = { kind: 'inside', inside: this.#kind.open(this.#context, established) };
    const ending = this.#ending;
    this.#records = concat(this.#records, records);
    // What the inside had to say is protected now.
    if (ending !== undefined || (plaintext.length === 0 && this.#records.length > 0))
      return this.#sendRecords();
    const state = this.#state;
    if (state.kind !== 'inside') return this.#broken('each message of the TLS handshake is whole');
    if (closed && plaintext.length === 0)
      return this.#fail(
        failure('auth.tls-alert', { side: 'remote', alert: 'close notify' }),
        this.#framing.acknowledge(),
      );
    const step = this.#play(state.inside.turn(plaintext));
    plaintext.fill(0);
    return step;
  }

  /** An alert of ours goes to the server; to one of its own it gets an acknowledgement, and to a stranger nothing goes. */
  #tlsFailed({ error, records }: TlsFailure): EapMethodStep {
    if (records.length > 0) {
      this.#records = records;
      this.#ending = { kind: 'failed', error };
      return this.#sendRecords();
    }
    const alerted = error.code === 'auth.tls-alert' || error.code === 'auth.client-certificate';
    return alerted ? this.#fail(error, this.#framing.acknowledge()) : this.#fail(error);
  }

  #play(step: InsideStep): EapMethodStep {
    switch (step.kind) {
      case 'send':
        this.#failing = step.failing;
        return this.#protect(step.plaintext);
      case 'acknowledge':
        return this.#sendRecords();
      case 'ask':
        return step;
      case 'tls':
        this.#waiting = 'inside';
        return step;
      case 'done':
        this.#ending = step;
        return step.plaintext === undefined ? this.#sendRecords() : this.#protect(step.plaintext);
      case 'failed':
        if (step.last === undefined) return this.#fail(step.error);
        this.#ending = { kind: 'failed', error: step.error };
        return step.last === 'acknowledge' ? this.#sendRecords() : this.#protect(step.last);
    }
  }

  #protect(plaintext: Uint8Array): EapMethodStep {
    return this.#ask({ action: 'send', session: this.#session, plaintext });
  }

  #ask(request: TlsRequest): EapMethodStep {
    this.#waiting = 'ours';
    return { kind: 'tls', request };
  }

  /** Sends what TLS has to say, or an acknowledgement when that is nothing. */
  #sendRecords(): EapMethodStep {
    const records = this.#records;
    this.#records = nothing;
    return this.#emit(records.length === 0 ? this.#framing.acknowledge() : this.#framing.send(records));
  }

  #emit(data: Uint8Array): EapMethodStep {
    const ending = this.#ending;
    const failing = this.#failing;
    if (this.#framing.hasMore || ending === undefined)
      return failing === undefined ? { kind: 'respond', data } : { kind: 'respond', data, failing };
    this.#ending = undefined;
    if (ending.kind === 'failed') return this.#fail(ending.error, data);
    const { msk, more } = ending;
    return more === true ? { kind: 'done', data, msk, more } : { kind: 'done', data, msk };
  }

  #broken(rule: string): EapMethodStep {
    return this.#fail(failure('auth.login-server', { side: 'remote', rule }));
  }

  #fail(error: Failure, data?: Uint8Array): EapMethodStep {
    this.wipe();
    return data === undefined ? { kind: 'failed', error } : { kind: 'failed', error, data };
  }
}
