import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { parseIpAddress } from '../../../core/base/address.ts';
import type { Failure } from '../../../core/base/errors.ts';
import { Secret } from '../../../core/base/secret.ts';
import { type Instant, instant } from '../../../core/base/time.ts';
import { defaultEspProposals, defaultIkeProposals } from '../../../core/crypto/default-proposals.ts';
import type { CryptoProvider } from '../../../core/crypto/interfaces.ts';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import type { EapPeer, EapStep } from '../../../core/eap/peer.ts';
import type { IkeConfig } from '../../../core/ike/config.ts';
import { IkeSa } from '../../../core/ike/ike-sa.ts';
import type { IkeAnswer, IkeCommand, IkeOutput } from '../../../core/ike/io.ts';
import type { Payload } from '../../../core/wire/ike/payload.ts';
import { gatewayKey, msk, ScriptedResponder } from './scripted-responder.ts';

export type Output<Kind extends IkeOutput['kind']> = Extract<IkeOutput, { readonly kind: Kind }>;

/** An EAP method of two rounds: "challenge" wants the password, "success" ends it with the MSK of the tests. */
export class FakeEapPeer implements EapPeer {
  readonly seen: string[] = [];
  wiped = false;
  withKey = true;

  handle(packet: Uint8Array): EapStep {
    const text = Buffer.from(packet).toString();
    this.seen.push(text);
    if (text === 'challenge')
      return { kind: 'ask', identity: 'alice', question: { kind: 'password', retry: 0 } };
    if (text === 'success')
      return { kind: 'success', method: 'EAP-Test', ...(this.withKey ? { msk: msk.slice() } : {}) };
    if (text === 'failure') {
      return {
        kind: 'failure',
        error: { code: 'auth.password', family: 'authentication-failed', detail: { side: 'local' } },
      };
    }
    return { kind: 'respond', packet: Buffer.from(`re: ${text}`) };
  }

  answer(password: Secret): EapStep {
    this.seen.push(`password of ${password.length} octets`);
    return { kind: 'respond', packet: Buffer.from('response') };
  }

  refuse(error: Failure): EapStep {
    return { kind: 'failure', error };
  }

  tls(): EapStep {
    this.seen.push('tls');
    return { kind: 'respond', packet: Buffer.from('response') };
  }

  wipe(): void {
    this.wiped = true;
  }
}

export const stages = [
  'init',
  'authenticating-gateway',
  'judging-gateway',
  'awaiting-credential',
  'logging-in',
  'requesting-address',
  'established',
] as const;
export type Stage = (typeof stages)[number];

type Change = (payloads: Payload[], responder: ScriptedResponder) => Payload[];

/** What the responder says at each step, instead of the right thing. */
export interface Script {
  readonly init?: Change;
  readonly gateway?: Change;
  readonly eap?: Change;
  readonly last?: Change;
}

function address(text: string) {
  const parsed = parseIpAddress(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

export const testConfig: IkeConfig = {
  local: { address: address('192.0.2.7'), port: 40001 },
  remote: { address: address('198.51.100.1'), port: 500 },
  localIdentity: { type: 2, data: Buffer.from('alice') },
  remoteIdentity: { type: 2, data: Buffer.from('vpn.example') },
  trustAnchors: [Buffer.from('the public key of a CA')],
  ikeProposals: defaultIkeProposals,
  espProposals: defaultEspProposals,
  remoteNetworks: [],
};

type PlainCommand = 'connect' | 'probe' | 'traffic-seen' | 'disconnect' | 'abandon';

function commandOf(kind: PlainCommand, at: Instant): IkeCommand {
  return kind === 'traffic-seen' ? { kind, at } : { kind };
}

/** The engine and a scripted responder, with a clock of its own. */
export class Scenario {
  readonly responder = new ScriptedResponder();
  readonly eap = new FakeEapPeer();
  readonly ike: IkeSa;
  readonly script: Script;
  /** Everything that came out, in order. */
  readonly outputs: IkeOutput[] = [];
  now = 1_000;
  #read = 0;

  constructor(
    script: Script = {},
    config: Partial<IkeConfig> = {},
    crypto: CryptoProvider = nodeCryptoProvider(),
  ) {
    this.script = script;
    this.ike = new IkeSa(
      { ...testConfig, ...config },
      { crypto, random: seededRandom(1), createEapPeer: () => this.eap },
    );
  }

  command(given: PlainCommand | IkeCommand): void {
    const command = typeof given === 'string' ? commandOf(given, instant(this.now)) : given;
    this.ike.handle({ kind: 'command', command }, instant(this.now));
    this.#drain();
  }

  deliver(octets: Uint8Array): void {
    this.ike.handle({ kind: 'datagram', octets, via: 'nat-traversal' }, instant(this.now));
    this.#drain();
  }

  /** Lets the clock run to the next wake-up; false when there is none. */
  wake(): boolean {
    const at = this.ike.nextWakeup();
    if (at === undefined) return false;
    this.now = Math.max(this.now, at);
    this.timeout();
    return true;
  }

  timeout(): void {
    this.ike.handle({ kind: 'timeout' }, instant(this.now));
    this.#drain();
  }

  /** The driver found the certificate good; its key is this one. */
  giveVerdict(key: KeyObject = gatewayKey().publicKey): void {
    const id = this.only('ask').id;
    const spki = key.export({ type: 'spki', format: 'der' });
    this.answerAsk(id, { kind: 'certificate-verdict', verdict: { ok: true, spki } });
  }

  answerAsk(id: number, answer: IkeAnswer): void {
    this.ike.handle({ kind: 'answer', id, answer }, instant(this.now));
    this.#drain();
  }

  /** The driver's answer to the last ask is no. */
  refuse(error: Failure): void {
    this.answerAsk(this.all('ask').at(-1)?.id ?? 0, { kind: 'refused', error });
  }

  givePassword(): void {
    const id = this.all('ask').at(-1)?.id ?? 0;
    this.answerAsk(id, { kind: 'credential', secret: Secret.fromText('secret') });
  }

  /** Plays the login as far as the engine waits in `stage`. */
  to(stage: Stage): this {
    const unchanged = (payloads: Payload[]) => payloads;
    const { init = unchanged, gateway = unchanged, eap = unchanged, last = unchanged } = this.script;
    const steps: Record<Stage, () => void> = {
      init: () => this.command('connect'),
      'authenticating-gateway': () =>
        this.deliver(this.responder.answerInit(this.sent(), (all) => init(all, this.responder))),
      'judging-gateway': () => {
        const request = this.sent();
        this.responder.open(request);
        this.deliver(
          this.responder.respond(request, gateway(this.responder.proveIdentity(), this.responder)),
        );
      },
      'awaiting-credential': () => this.giveVerdict(),
      'logging-in': () => this.givePassword(),
      'requesting-address': () => {
        const payloads = eap([{ kind: 'EAP', packet: Buffer.from('success') }], this.responder);
        this.deliver(this.responder.respond(this.sent(), payloads));
      },
      established: () => {
        const request = this.sent();
        this.deliver(
          this.responder.respond(
            request,
            last(this.responder.finish(request, this.eap.withKey), this.responder),
          ),
        );
      },
    };
    for (const step of stages.slice(0, stages.indexOf(stage) + 1)) {
      steps[step]();
      if (this.ike.state === 'closed') break;
    }
    return this;
  }

  all<Kind extends IkeOutput['kind']>(kind: Kind): Output<Kind>[] {
    return this.outputs.filter((output): output is Output<Kind> => output.kind === kind);
  }

  only<Kind extends IkeOutput['kind']>(kind: Kind): Output<Kind> {
    const [output, ...more] = this.all(kind);
    assert.ok(output !== undefined && more.length === 0, `exactly one ${kind}`);
    return output;
  }

  /** The datagram that was sent last. */
  sent(): Uint8Array {
    const octets = this.all('transmit').at(-1)?.octets;
    assert.ok(octets !== undefined, 'something was sent');
    return octets;
  }

  /** How it ended. */
  get error(): Failure | undefined {
    return this.only('closed').error;
  }

  /** Outputs since the last call, by kind. */
  fresh(): IkeOutput['kind'][] {
    const kinds = this.outputs.slice(this.#read).map((output) => output.kind);
    this.#read = this.outputs.length;
    return kinds;
  }

  #drain(): void {
    for (let output = this.ike.poll(); output !== undefined; output = this.ike.poll())
      this.outputs.push(output);
  }
}
