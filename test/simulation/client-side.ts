import type { Endpoint, IpAddress } from '../../core/base/address.ts';
import { type Failure, failure, formatFailure } from '../../core/base/errors.ts';
import { limits } from '../../core/base/limits.ts';
import { err, ok } from '../../core/base/result.ts';
import { instant } from '../../core/base/time.ts';
import type { IkeAsk, IkeOutput, IkePort, IkeSummary } from '../../core/ike/io.ts';
import { Connection, type EngineTerms, type IkeEngine } from '../../core/tunnel/connection.ts';
import type { TunnelInput, TunnelOutput, TunnelState } from '../../core/tunnel/io.ts';
import type { PathCandidate } from '../../core/tunnel/paths/path.ts';
import { mayReconnect } from '../../core/tunnel/reconnect-policy.ts';
import type { Spi } from '../../core/wire/ike/payload.ts';
import { wordsOfOutput, wordsOfState } from './client-words.ts';
import { Dice } from './dice.ts';
import { answerTo, proofsOf, questionsOf, saidProofs } from './logins.ts';
import { clientAddress, createSimClient, gatewayAddress, nobody, tunnelConfig } from './parties.ts';
import { KeyLedger } from './sim-crypto.ts';
import { SimDataplane, type SimPacket } from './sim-dataplane.ts';
import type { Story } from './story.ts';
import type { Surroundings } from './surroundings.ts';
import { Violation } from './violation.ts';
import { WatchedEngine } from './watched-engine.ts';
import type { WireWatch } from './wire-watch.ts';

/** A machine takes a moment for what it is asked to do. */
const deedMs = 2;
const userReturnsMs = 3_000;
/** Around an inner packet: IPv4, UDP, ESP with an IV of 8 octets, its trailer and an ICV of 16. */
const leastHeaders = 20 + 8 + 8 + 8 + 2 + 16;

/**
 * The driver of a connection, as the daemon is, and a user behind it who connects again when the connection has ended. It
 * reconnects by its own policy when it is lost.
 */
export class ClientSide {
  readonly #around: Surroundings;
  readonly #watch: WireWatch;
  readonly #send: (octets: Uint8Array, via: IkePort, whole: boolean) => void;
  readonly #everUsed = new Set<Spi>();
  readonly #connection: Connection;
  #engines: WatchedEngine[] = [];
  readonly #sendKeepalive: () => void;
  #keepaliveMs: number | undefined;
  #sentAt = 0;
  #generation = 0;
  /** Which scout a first SPI belongs to. */
  readonly #scouts = new Map<bigint, number>();
  /** Ends of deeds that are done at once. */
  readonly #ends: TunnelInput[] = [];
  #feeding = false;
  #state: TunnelState = { kind: 'disconnected' };
  #moves = 0;
  /** Which of our addresses each path's socket is bound to, by the number of moves until then. */
  readonly #paths = new Map<number, number>();
  #lastTrafficSeen = 0;
  #planned = false;
  /** Since the last end, and nobody has asked for another one. */
  #stood = false;
  #attached = false;
  /** No login follows the next end. */
  stay = false;
  dataplane: SimDataplane;
  received = 0;
  /** Certificates that are being judged. Without EAP the gateway's CHILD SA is up already, and we must not install ours yet. */
  judging = 0;
  logins = 0;
  rekeys = 0;

  constructor(
    around: Surroundings,
    watch: WireWatch,
    send: (octets: Uint8Array, via: IkePort, whole: boolean) => void,
    sendKeepalive: () => void,
  ) {
    this.#around = around;
    this.#watch = watch;
    this.#send = send;
    this.#sendKeepalive = sendKeepalive;
    this.dataplane = new SimDataplane('client', this.#everUsed);
    this.#connection = new Connection({
      ...tunnelConfig,
      random: new Dice(around.story.seed, 'tunnel').random,
      createEngine: (local, remote, terms) => this.#createEngine(local, remote, terms),
    });
  }

  get state(): string {
    return this.#state.kind;
  }

  get finished(): boolean {
    return this.#connection.finished;
  }

  /** Traffic may pass. */
  get isUp(): boolean {
    return this.#state.kind === 'connected';
  }

  /** When anything left for the gateway last. */
  get sentAt(): number {
    return this.#sentAt;
  }

  nextWakeup(): number | undefined {
    const connection = this.#connection.nextWakeup();
    if (this.#keepaliveMs === undefined || !this.isUp) return connection;
    return Math.min(this.#sentAt + this.#keepaliveMs, connection ?? Number.POSITIVE_INFINITY);
  }

  /** A packet of the tunnel leaves; undefined when there is no SA. */
  sendPacket(): SimPacket | undefined {
    const packet = this.dataplane.send();
    if (packet !== undefined) this.#noteSent();
    return packet;
  }

  /** Something left for the gateway: a silence is over. */
  #noteSent(): void {
    const silence = this.#silence;
    this.#sentAt = this.#around.now();
    if (silence >= limits.keepaliveLeastMs) this.#ends.push({ kind: 'silence', ms: silence, endedBy: 'us' });
    if (!this.#feeding) this.#feedAll();
  }

  get #silence(): number {
    return this.#around.now() - this.#sentAt;
  }

  connect(): void {
    this.#lastTrafficSeen = 0;
    this.handle({ kind: 'connect' });
  }

  /** The machine has another address now. */
  roam(): void {
    this.#moves += 1;
    this.handle({ kind: 'network-changed', local: clientAddress(this.#moves) });
  }

  timeout(): void {
    if (
      this.isUp &&
      this.#keepaliveMs !== undefined &&
      this.#around.now() >= this.#sentAt + this.#keepaliveMs
    ) {
      this.#sendKeepalive();
      this.#noteSent();
    }
    this.handle({ kind: 'timeout' });
    const next = this.nextWakeup();
    if (next !== undefined && next <= this.#around.now()) {
      throw new Violation('timer', `the connection wants a wake-up at ${next}, which has been`);
    }
  }

  receive(packet: SimPacket): 'received' | 'unknown' {
    const verdict = this.dataplane.receive(packet);
    if (verdict === 'unknown') return 'unknown';
    this.received += 1;
    const now = instant(this.#around.now());
    if (verdict === 'first') this.handle({ kind: 'child-used', inboundSpi: packet.spi });
    const ms = this.#silence;
    if (ms >= limits.keepaliveLeastMs) this.handle({ kind: 'silence', ms, endedBy: 'gateway' });
    // As the daemon does: not for every packet.
    if (now - this.#lastTrafficSeen >= 1_000) {
      this.#lastTrafficSeen = now;
      this.handle({ kind: 'traffic-seen', at: now });
    }
    return 'received';
  }

  /** Whether a socket is there for it: one that is bound to an address of before hears nothing. */
  listensFor(octets: Uint8Array): boolean {
    return this.#scouts.has(firstSpi(octets)) || this.#pathHere() !== undefined;
  }

  /** An IKE message, which is for a scout where it names the scout's SPI. */
  hear(octets: Uint8Array, via: IkePort): void {
    const scout = this.#scouts.get(firstSpi(octets));
    if (scout !== undefined) return this.handle({ kind: 'scout-datagram', scout, octets });
    const marker = via === 'nat-traversal';
    const path = this.#pathHere();
    if (path === undefined) return;
    this.handle({
      kind: 'datagram',
      path,
      octets,
      from: { address: gatewayAddress, port: marker ? 4500 : 500 },
      marker,
      silentMs: this.#silence,
    });
  }

  handle(input: TunnelInput): void {
    if (input.kind === 'disconnect') this.#stood = false;
    this.#ends.push(input);
    if (!this.#feeding) this.#feedAll();
  }

  #feedAll(): void {
    this.#feeding = true;
    for (let next = this.#ends.shift(); next !== undefined; next = this.#ends.shift()) {
      this.#connection.handle(next, instant(this.#around.now()));
      for (let output = this.#connection.poll(); output !== undefined; output = this.#connection.poll())
        this.#do(output);
    }
    this.#feeding = false;
  }

  /** Of tunnel mode in UDP, with the largest headers that the suites of the stories have. */
  #judgeSize(inner: number): void {
    const { pathMtu } = this.#around.story;
    if (inner + leastHeaders > pathMtu)
      throw new Violation('path-size', `packets of ${inner} octets are to go through a path of ${pathMtu}`);
  }

  #createEngine(local: Endpoint, _remote: Endpoint, terms: EngineTerms): IkeEngine {
    const { story, memory } = this.#around;
    const ledger = new KeyLedger();
    this.#generation += 1;
    const ike = createSimClient(story, memory, ledger, this.#generation, local, terms);
    const engine = new WatchedEngine(ike, ledger, (output) => this.#note(output));
    this.#engines = [...this.#engines.filter(({ closed }) => !closed), engine];
    return engine;
  }

  #do(output: TunnelOutput): void {
    switch (output.kind) {
      case 'transmit':
        this.#watch.sends(output.octets, output.dontFragment === true);
        // The socket is bound to an address that is gone.
        if (this.#paths.get(output.path) !== this.#moves) return;
        this.#send(output.octets, output.marker ? 'nat-traversal' : 'ike', output.dontFragment === true);
        return this.#noteSent();
      case 'ask':
        return this.#answerLater(output.id, output.ask);
      case 'install-child': {
        this.dataplane.install(output.child, output.standby);
        this.#ends.push({ kind: 'child-installed', result: ok() });
        return;
      }
      case 'switch-outbound':
        return this.dataplane.switchOutbound(output.inboundSpi);
      case 'retire-child':
        return;
      case 'sleep-child':
      case 'remove-child':
        return this.dataplane.remove(output.inboundSpi);
      case 'find-paths':
        this.#ends.push({ kind: 'paths-found', paths: [wayFrom(this.#moves)] });
        return;
      case 'open-path': {
        const { path, candidate } = output;
        this.#paths.set(path, this.#moves);
        this.#ends.push({
          kind: 'path-opened',
          path,
          result: ok({ address: candidate.local, port: 50_000 }),
        });
        return;
      }
      case 'use-path':
        if (this.#paths.get(output.path) === undefined)
          throw new Violation('data-plane', 'sends over a path that is not open');
        return;
      case 'close-path':
        this.#paths.delete(output.path);
        return;
      case 'recall-network':
        this.#ends.push({
          kind: 'network-recalled',
          path: output.path,
          known: { network: undefined, lore: {} },
        });
        return;
      case 'set-mtu':
        return this.#judgeSize(output.inner);
      case 'set-keepalive':
        this.#keepaliveMs = output.everyMs;
        return;
      case 'remember-network':
      case 'knock':
        return;
      case 'open-scout':
        return this.#openScout(output.scout, output.remote);
      case 'scout-transmit':
        this.#scouts.set(firstSpi(output.octets), output.scout);
        this.#watch.sends(output.octets);
        if (!isNobody(output.to.address)) this.#send(output.octets, 'ike', false);
        return;
      case 'close-scout':
        for (const [spi, scout] of this.#scouts) if (scout === output.scout) this.#scouts.delete(spi);
        return;
      case 'state':
        return this.#enter(output.state);
      default:
        return this.#doLater(output);
    }
  }

  /** Deeds of the machine, in their order. */
  #doLater(
    output: Extract<
      TunnelOutput,
      { kind: 'resolve' | 'open-transport' | 'apply-network' | 'undo-network' | 'close-transport' }
    >,
  ): void {
    this.#around.later(deedMs, () => this.handle(this.#deed(output)));
  }

  #deed(
    output: Extract<
      TunnelOutput,
      { kind: 'resolve' | 'open-transport' | 'apply-network' | 'undo-network' | 'close-transport' }
    >,
  ): TunnelInput {
    const { story } = this.#around;
    switch (output.kind) {
      case 'resolve':
        return {
          kind: 'resolved',
          result: ok(story.deadAddress === 'none' ? [gatewayAddress] : withNobody(story)),
        };
      case 'open-transport':
        this.dataplane = new SimDataplane('client', this.#everUsed);
        this.#attached = false;
        this.#paths.clear();
        this.#paths.set(0, this.#moves);
        return {
          kind: 'transport-opened',
          via: wayFrom(this.#moves),
          result: ok({ address: clientAddress(this.#moves), port: 50_000 }),
        };
      case 'apply-network':
        if ((output.change === 'new') === this.#planned)
          throw new Violation(
            'data-plane',
            `a plan is ${output.change}, and ${this.#planned ? 'one' : 'none'} holds`,
          );
        this.#planned = true;
        this.#attached = true;
        return { kind: 'network-applied', result: ok() };
      case 'undo-network':
        this.#planned = false;
        return { kind: 'network-undone' };
      case 'close-transport':
        this.dataplane = new SimDataplane('client', this.#everUsed);
        return { kind: 'transport-closed' };
    }
  }

  /** The path whose socket hears what comes to our present address. */
  #pathHere(): number | undefined {
    return [...this.#paths].findLast(([, moves]) => moves === this.#moves)?.[0];
  }

  #openScout(scout: number, remote: IpAddress): void {
    const local = { address: clientAddress(this.#moves), port: 50_000 + scout };
    const result =
      isNobody(remote) && this.#around.story.deadAddress === 'refused'
        ? err(failure('system.network'))
        : ok(local);
    this.#around.later(deedMs, () => this.handle({ kind: 'scout-opened', scout, result }));
  }

  #note(output: IkeOutput): void {
    const { story, trace } = this.#around;
    if (output.kind === 'established') {
      this.logins += 1;
      this.#judge(output.summary);
    }
    if (output.kind === 'rekeyed') this.rekeys += 1;
    if (output.kind === 'closed' && output.error !== undefined && story.forgers !== undefined)
      throw new Violation('forged', `a login is over: ${formatFailure(output.error)}`);
    trace.note(this.#around.now(), () => wordsOfOutput(output));
  }

  #judge(summary: IkeSummary): void {
    const { story, hasImposter } = this.#around;
    const [said, due] = [saidProofs(summary), proofsOf(story.login)];
    if (said !== due) throw new Violation('proof', `a login stands by ${said}, and not by ${due}`);
    if (hasImposter())
      throw new Violation('proof', 'the client is in at a gateway that has not proven itself');
  }

  #answerLater(id: number, ask: IkeAsk): void {
    const { story, later, now } = this.#around;
    // Who mistypes the password finds out, and does not do it for ever.
    const wrong = story.wrongPassword && now() < story.ms;
    const answer = answerTo(ask, wrong);
    if (ask.kind === 'certificate-verdict') this.judging += 1;
    later(story.answerMs / questionsOf(story.login), () => {
      if (ask.kind === 'certificate-verdict') this.judging -= 1;
      this.handle({ kind: 'answer', id, answer });
    });
  }

  #enter(state: TunnelState): void {
    const { trace, now } = this.#around;
    this.#state = state;
    trace.note(now(), () => `client: ${wordsOfState(state)}`);
    if (state.kind === 'connected' && !(this.#planned && this.#attached))
      throw new Violation('data-plane', 'connected, and the device is not attached');
    if (state.kind === 'reconnecting' && this.#around.story.calm)
      throw new Violation('make-before-break', 'the connection is lost where nothing else is');
    if (state.kind === 'connected') this.#stood = true;
    if (state.kind === 'disconnected') this.#end(state.lastFailure);
  }

  #end(error: Failure | undefined): void {
    const { later } = this.#around;
    if (this.#stood && error !== undefined && mayReconnect(error))
      throw new Violation('liveness', `a connection that stood is given up: ${formatFailure(error)}`);
    this.#stood = false;
    const left = this.#engines.flatMap((engine) => engine.unwiped());
    if (left.length > 0) throw new Violation('keys-not-wiped', left.join(', '));
    if (this.#planned) throw new Violation('data-plane', 'the network is not undone at the end');
    if (this.dataplane.size > 0) throw new Violation('data-plane', 'an SA is left at the end');
    if (this.#scouts.size > 0) throw new Violation('leftover', 'a scout is left at the end');
    if (this.stay) return;
    later(userReturnsMs, () => {
      if (this.finished && !this.stay) this.connect();
    });
  }
}

function withNobody({ deadAddress }: Story): readonly IpAddress[] {
  return deadAddress === 'first' ? [nobody, gatewayAddress] : [gatewayAddress, nobody];
}

function isNobody(address: IpAddress): boolean {
  return address === nobody;
}

function firstSpi(octets: Uint8Array): bigint {
  return octets.length < 8 ? 0n : new DataView(octets.buffer, octets.byteOffset, 8).getBigUint64(0);
}

function wayFrom(moves: number): PathCandidate {
  const local = clientAddress(moves);
  return { interfaceName: 'sim0', interfaceIndex: 2, local, remote: gatewayAddress, linkMtu: 1500 };
}
