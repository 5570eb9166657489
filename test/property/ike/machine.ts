import assert from 'node:assert/strict';
import type { IkeConfig } from '../../../core/ike/config.ts';
import type { IkeCommand } from '../../../core/ike/io.ts';
import { decodeMessage } from '../../../core/wire/ike/message.ts';
import { checkDriver, RekeyScenario } from '../../unit/ike/rekey-peer.ts';
import { Scenario, type Stage, stages } from '../../unit/ike/scenario.ts';
import { selector } from '../../unit/ike/scripted-responder.ts';
import { isWiped, watchedCrypto } from '../../unit/ike/watched-crypto.ts';

const tcp = { ...selector('10.2.0.0', '10.2.255.255'), protocol: 6 };
const twoChildren: Partial<IkeConfig> = {
  children: [{ remote: [selector('0.0.0.0', '255.255.255.255')] }, { remote: [tcp] }],
};
const away: IkeCommand = {
  kind: 'roam',
  local: { address: { family: 4, octets: Uint8Array.of(192, 0, 2, 99) }, port: 41_000 },
};

/** The engine in some situation, and what must hold of it whatever comes. */
export class Machine {
  readonly scenario: Scenario;
  readonly #watched: ReturnType<typeof watchedCrypto>;
  /** Message ID of the next request of the peer. */
  #peerId = 0;

  constructor(make: (crypto: ReturnType<typeof watchedCrypto>['crypto']) => Scenario) {
    this.#watched = watchedCrypto();
    this.scenario = make(this.#watched.crypto);
  }

  /** A request of the peer that the engine takes for the next one; `undefined` while there are no keys. */
  request(build: (id: number) => Uint8Array): Uint8Array | undefined {
    return this.hasKeys ? build(this.#peerId) : undefined;
  }

  get hasKeys(): boolean {
    return this.scenario.all('transmit').some(({ octets }) => octets[18] !== 34);
  }

  /** Gives it one input and checks what must hold afterwards. */
  act(input: (scenario: Scenario) => void): void {
    const { scenario } = this;
    const wasClosed = scenario.ike.state === 'closed';
    const before = scenario.outputs.length;
    input(scenario);
    const fresh = scenario.outputs.slice(before);
    if (wasClosed) assert.equal(fresh.length, 0, 'a closed engine says nothing');
    assert.ok(fresh.length <= 64, 'a bounded number of outputs');
    if (fresh.some((output) => output.kind === 'transmit' && answers(output.octets, this.#peerId)))
      this.#peerId += 1;
    this.#checkEnd();
    this.#checkWindow();
    this.#checkTimer();
    checkDriver(scenario.outputs);
  }

  #checkEnd(): void {
    const { scenario } = this;
    const ends = scenario.all('closed').length;
    assert.equal(ends, scenario.ike.state === 'closed' ? 1 : 0);
    if (ends === 0) return;
    assert.equal(scenario.outputs.at(-1)?.kind, 'closed', 'nothing follows');
    assert.equal(scenario.ike.nextWakeup(), undefined);
    assert.ok(this.#watched.keys.every(isWiped), 'keys are wiped');
    assert.ok(this.#watched.exchanges.wiped >= this.#watched.exchanges.made, 'key exchanges are wiped');
    const open = checkDriver(scenario.outputs);
    assert.deepEqual(open, [], 'no CHILD SA stays in the data plane');
  }

  /** On each IKE SA a request goes out only when the one before was answered; the last word of all needs no answer. */
  #checkWindow(): void {
    const { scenario } = this;
    const ids = new Map<string, Set<number>>();
    for (const { octets } of scenario.all('transmit')) {
      const decoded = decodeMessage(octets);
      assert.ok(decoded.ok, 'what we say is well-formed');
      const { header, encrypted } = decoded.value;
      if (header.isResponse || encrypted === undefined) continue;
      const sa = `${header.initiatorSpi} ${header.responderSpi}`;
      ids.set(sa, (ids.get(sa) ?? new Set()).add(header.messageId));
    }
    const asked = [...ids.values()].reduce((sum, each) => sum + each.size, 0);
    const lastWord = scenario.ike.state === 'closed' ? 1 : 0;
    const bound = scenario.all('proven').length + ids.size + lastWord;
    assert.ok(asked <= bound, `${asked} requests, and ${bound} are allowed`);
  }

  /** A timer that is due is off after its time-out. */
  #checkTimer(): void {
    const { scenario } = this;
    const due = () => {
      const at = scenario.ike.nextWakeup();
      return at !== undefined && at <= scenario.now;
    };
    for (let i = 0; i < 20 && due(); i++) scenario.timeout();
    assert.ok(!due(), 'the timer goes off for ever');
  }
}

function answers(octets: Uint8Array, peerId: number): boolean {
  const decoded = decodeMessage(octets);
  return decoded.ok && decoded.value.header.isResponse && decoded.value.header.messageId === peerId;
}

function rekeying(config: Partial<IkeConfig>, begin: (scenario: RekeyScenario) => void) {
  return () =>
    new Machine((crypto) => {
      const scenario = new RekeyScenario(config, crypto);
      begin(scenario);
      return scenario;
    });
}

const byStage = stages.map((stage): [string, () => Machine] => [
  stage,
  () => new Machine((crypto) => new Scenario({}, {}, crypto).to(stage)),
]);

function ended(stage: Stage, command: 'disconnect' | 'abandon'): () => Machine {
  return () =>
    new Machine((crypto) => {
      const scenario = new Scenario({}, {}, crypto).to(stage);
      scenario.command(command);
      return scenario;
    });
}

/** Every state of the engine, and an established one with each of its own exchanges on the wire. */
export const situations: readonly (readonly [string, () => Machine])[] = [
  ['idle', () => new Machine((crypto) => new Scenario({}, {}, crypto))],
  ...byStage,
  ['established, rekeying a CHILD SA', rekeying({}, (scenario) => scenario.rekeyFirst())],
  ['established, adding a CHILD SA', rekeying(twoChildren, () => {})],
  ['established, replacing what the peer has lost', rekeying({}, loseChild)],
  ['established, deleting a CHILD SA', rekeying({}, replaceChild)],
  ['established, rekeying the IKE SA', rekeying({ ikeLifetimeMs: 20_000 }, (it) => it.advance(16_000))],
  ['established, asking for a sign of life', rekeying({}, (scenario) => scenario.command('probe'))],
  ['established, roaming', rekeying({}, (scenario) => scenario.command(away))],
  ['closing', ended('established', 'disconnect')],
  ['closed', ended('established', 'abandon')],
  ['closed before the login', ended('init', 'disconnect')],
];

function loseChild(scenario: RekeyScenario): void {
  scenario.rekeyFirst();
  const type = 44;
  scenario.link.answer([{ kind: 'N', protocol: 3, spi: new Uint8Array(4), type, data: new Uint8Array(0) }]);
}

function replaceChild(scenario: RekeyScenario): void {
  scenario.rekeyFirst();
  scenario.deliver(scenario.acceptChild().octets);
}
