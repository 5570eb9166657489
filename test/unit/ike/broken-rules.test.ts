import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { limits } from '../../../core/base/limits.ts';
import type { IkeConfig } from '../../../core/ike/config.ts';
import { redirectIn } from '../../../core/ike/tasks/redirect.ts';
import { payloadOf } from '../../../core/wire/ike/lookup.ts';
import type { Payload } from '../../../core/wire/ike/payload.ts';
import { exchangeType } from '../../../core/wire/registry/exchange-types.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { espOctets, RekeyScenario } from './rekey-peer.ts';
import { Scenario, type Script, type Stage, testConfig } from './scenario.ts';
import { clear, notify, selector } from './scripted-responder.ts';

/*
 * Each rule that a peer can break ends in a failure that names it, and in the answer that RFC 7296 2.21 asks for: an error notify,
 * a DELETE where both sides have the IKE SA, or silence towards whom nobody has authenticated.
 */

type Answer = number | 'silence' | 'DELETE';

interface Broken {
  readonly rule: string;
  /** What the peer says instead of the right thing, and the stage after which. */
  readonly script: Script;
  readonly stage: Stage;
  readonly answer: Answer;
  readonly code?: 'peer.unacceptable-choice' | 'auth.wants-no-eap';
}

const without = (kind: Payload['kind']) => (all: Payload[]) => all.filter((each) => each.kind !== kind);
const instead = (payload: Payload) => (all: Payload[]) =>
  all.map((each) => (each.kind === payload.kind ? payload : each));
const proposal = (all: Payload[], change: (proposal: object) => object): Payload[] =>
  all.map((each) =>
    each.kind === 'SA'
      ? { ...each, proposals: each.proposals.map((one) => ({ ...one, ...change(one) })) }
      : each,
  );
const { INVALID_SYNTAX } = notifyType;
const nobodysCipher = { transforms: [{ type: 1, id: 3 }] };

const inLogin: readonly Broken[] = [
  {
    rule: 'IKE_SA_INIT response has none of',
    script: { init: without('KE') },
    stage: 'authenticating-gateway',
    answer: 'silence',
  },
  {
    rule: 'a cookie has 1 to 64 octets',
    script: { init: () => [notify(notifyType.COOKIE, new Uint8Array(65))] },
    stage: 'authenticating-gateway',
    answer: 'silence',
  },
  {
    rule: 'INVALID_KE_PAYLOAD names one group',
    script: { init: () => [notify(notifyType.INVALID_KE_PAYLOAD, Uint8Array.of(19))] },
    stage: 'authenticating-gateway',
    answer: 'silence',
  },
  {
    rule: 'INVALID_KE_PAYLOAD names a group that was offered',
    script: { init: () => [notify(notifyType.INVALID_KE_PAYLOAD, Uint8Array.of(0, 1))] },
    stage: 'authenticating-gateway',
    answer: 'silence',
  },
  {
    rule: 'the key exchange has the group of the accepted proposal',
    script: { init: instead({ kind: 'KE', group: 20, publicValue: new Uint8Array(96) }) },
    stage: 'authenticating-gateway',
    answer: 'silence',
  },
  {
    rule: 'chosen',
    code: 'peer.unacceptable-choice',
    script: { init: (all) => proposal(all, () => nobodysCipher) },
    stage: 'authenticating-gateway',
    answer: 'silence',
  },
  {
    rule: 'the first IKE_AUTH response has a payload IDr',
    script: { gateway: without('IDr') },
    stage: 'judging-gateway',
    answer: INVALID_SYNTAX,
  },
  {
    rule: 'IKE_AUTH response has 2 IDr payloads',
    script: { gateway: (all) => [...all, ...all.filter(({ kind }) => kind === 'IDr')] },
    stage: 'judging-gateway',
    answer: 'silence',
  },
  {
    rule: 'EAP begins beside the proof of the gateway',
    code: 'auth.wants-no-eap',
    script: { gateway: without('EAP') },
    stage: 'awaiting-credential',
    answer: 'silence',
  },
  {
    rule: 'an IKE_AUTH response goes on with EAP',
    script: { eap: () => [notify(notifyType.INITIAL_CONTACT)] },
    stage: 'requesting-address',
    answer: INVALID_SYNTAX,
  },
  {
    rule: 'the last IKE_AUTH response has a payload AUTH',
    script: { last: without('AUTH') },
    stage: 'established',
    answer: INVALID_SYNTAX,
  },
  {
    rule: 'IKE_AUTH response lacks TSi',
    script: { last: without('TSi') },
    stage: 'established',
    answer: 'silence',
  },
  {
    rule: 'the answer with a CHILD SA has a payload SA',
    script: { last: (all) => all.filter(({ kind }) => kind === 'AUTH' || kind === 'CP') },
    stage: 'established',
    answer: 'DELETE',
  },
  {
    rule: 'selectors are narrowed, never widened',
    script: {
      last: instead({ kind: 'TSr', selectors: [{ ...selector('0.0.0.0', '9.9.9.9'), protocol: 0 }] }),
    },
    stage: 'established',
    answer: 'DELETE',
  },
  {
    rule: 'an ESP SPI is not one of the reserved 0 to 255',
    script: { last: (all) => proposal(all, () => ({ spi: Uint8Array.of(0, 0, 0, 255) })) },
    stage: 'established',
    answer: 'DELETE',
  },
  {
    rule: 'chosen',
    code: 'peer.unacceptable-choice',
    script: { last: (all) => proposal(all, () => nobodysCipher) },
    stage: 'established',
    answer: 'DELETE',
  },
];

/** What the engine said after the peer broke the rule. */
function lastWord(scenario: Scenario): Answer {
  const said = scenario.all('transmit').findLast(({ octets }) => octets[18] === exchangeType.INFORMATIONAL);
  if (said === undefined) return 'silence';
  const message = scenario.responder.open(said.octets);
  if (payloadOf(message, 'D')?.protocol === 1) return 'DELETE';
  return payloadOf(message, 'N')?.type ?? 'silence';
}

for (const { rule, script, stage, answer, code = 'peer.misbehaved' } of inLogin) {
  test(`${rule} (${stage}): ${typeof answer === 'number' ? `notify ${answer}` : answer}`, () => {
    const networks = rule.startsWith('selectors')
      ? { children: [{ remote: [selector('10.0.0.0', '10.0.0.9')] }] }
      : {};
    const scenario = new Scenario(script, networks);
    scenario.to(stage);
    for (let i = 0; i < 20 && scenario.ike.state !== 'closed'; i++) scenario.wake();
    assert.equal(scenario.error?.code, code);
    const said = Object.values(scenario.error?.detail ?? {}).join();
    if (code === 'peer.misbehaved') assert.ok(said.includes(rule), said);
    assert.equal(lastWord(scenario), answer);
  });
}

test(`IKE_SA_INIT restarts at most ${limits.initRestarts} times`, () => {
  const scenario = new Scenario();
  scenario.command('connect');
  for (let i = 0; i <= limits.initRestarts; i++) {
    const cookie = notify(notifyType.COOKIE, new Uint8Array(8).fill(i + 1));
    scenario.deliver(scenario.responder.clearResponse(scenario.sent(), [cookie]));
  }
  const requests = new Set(scenario.all('transmit').map(({ octets }) => Buffer.from(octets).toString('hex')));
  assert.equal(requests.size, limits.initRestarts + 1);
  while (scenario.ike.state !== 'closed') scenario.wake();
  assert.match(String(scenario.error?.detail['rule']), /IKE_SA_INIT restarts at most/);
  assert.equal(clear(scenario.sent()).header.exchange, 34, 'and not a word of blame');
});

test(`EAP ends within ${limits.eapRounds} rounds: INVALID_SYNTAX`, () => {
  const scenario = new Scenario().to('logging-in');
  for (let i = 0; i <= limits.eapRounds && scenario.ike.state !== 'closed'; i++) {
    const round: Payload = { kind: 'EAP', packet: Buffer.from(`round ${i}`) };
    scenario.deliver(scenario.responder.respond(scenario.sent(), [round]));
  }
  assert.match(String(scenario.error?.detail['rule']), /EAP ends within/);
  assert.equal(lastWord(scenario), INVALID_SYNTAX);
});

interface BrokenLater {
  readonly rule: string;
  readonly exchange: number;
  readonly payloads: (scenario: RekeyScenario) => Payload[];
  readonly answer: number;
  readonly ends?: true;
}

const unknownCritical: Payload = { kind: 'unknown', type: 200, critical: true, body: new Uint8Array(4) };
const later: readonly BrokenLater[] = [
  {
    rule: 'an INFORMATIONAL request has no Nonce',
    exchange: 37,
    payloads: () => [{ kind: 'Nonce', nonce: new Uint8Array(32) }],
    answer: INVALID_SYNTAX,
    ends: true,
  },
  {
    rule: 'a critical payload is known to both',
    exchange: 37,
    payloads: () => [unknownCritical],
    answer: notifyType.UNSUPPORTED_CRITICAL_PAYLOAD,
  },
  {
    rule: 'IKE_AUTH is over',
    exchange: 35,
    payloads: () => [{ kind: 'EAP', packet: new Uint8Array(4) }],
    answer: INVALID_SYNTAX,
  },
  {
    rule: 'N(REKEY_SA) names an ESP SPI of four octets',
    exchange: 36,
    payloads: ({ responder }) => [
      { kind: 'N', protocol: 3, spi: new Uint8Array(3), type: notifyType.REKEY_SA, data: new Uint8Array(0) },
      { kind: 'SA', proposals: [responder.espChoice()] },
      { kind: 'Nonce', nonce: new Uint8Array(32) },
      { kind: 'TSi', selectors: [selector('0.0.0.0', '255.255.255.255')] },
      { kind: 'TSr', selectors: [selector('10.9.0.5', '10.9.0.5')] },
    ],
    answer: INVALID_SYNTAX,
  },
];

for (const { rule, exchange, payloads, answer, ends } of later) {
  test(`${rule}: notify ${answer}, ${ends ? 'the end' : 'and the connection lives'}`, () => {
    const scenario = new RekeyScenario();
    scenario.link.request(payloads(scenario), exchange);
    assert.equal(scenario.refusal(), answer);
    assert.equal(scenario.ike.state, ends ? 'closed' : 'established');
    if (ends) assert.equal(scenario.error?.code, 'peer.misbehaved');
    else scenario.link.request([]);
  });
}

test('a new IKE SA has an SPI of 8 octets that is not 0: the peer has it all the same, so DELETE', () => {
  const scenario = new RekeyScenario({ ikeLifetimeMs: 20_000 });
  scenario.advance(15_500);
  const transforms = [
    { type: 1, id: 20, keyBits: 256 },
    { type: 2, id: 6 },
    { type: 4, id: 19 },
  ];
  const request = scenario.link.last();
  const [offered] = payloadOf(request, 'SA')?.proposals ?? [];
  assert.ok(offered);
  scenario.link.answer([
    { kind: 'SA', proposals: [{ ...offered, transforms, spi: new Uint8Array(8) }] },
    { kind: 'Nonce', nonce: new Uint8Array(32) },
  ]);
  assert.equal(payloadOf(scenario.link.last(), 'D')?.protocol, 1);
  scenario.link.answer([]);
  assert.equal(scenario.error?.code, 'peer.misbehaved');
});

test('our rekey is answered with a reserved SPI: told, and what the peer made is deleted there', () => {
  const scenario = new RekeyScenario();
  scenario.rekeyFirst();
  const request = scenario.link.last();
  const [ts1, ts2] = [payloadOf(request, 'TSi'), payloadOf(request, 'TSr')];
  assert.ok(ts1 && ts2);
  const proposals = [{ ...scenario.responder.espChoice(), spi: espOctets(7) }];
  scenario.link.answer([{ kind: 'SA', proposals }, { kind: 'Nonce', nonce: new Uint8Array(32) }, ts1, ts2]);
  assert.equal(scenario.only('rekey-failed').error.code, 'peer.misbehaved');
  assert.equal(payloadOf(scenario.link.last(), 'D')?.protocol, 3);
  assert.equal(scenario.ike.state, 'established');
});

/** The fixed part of each rule that the source of the engine names. */
function rulesInSource(): string[] {
  const root = fileURLToPath(new URL('../../../core/ike', import.meta.url));
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const text = files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
  const found = [...text.matchAll(/(?:rule(?: =|:)|misbehaved\() ?(['`])([^'`]*)\1/g)];
  return found.map((match) => (match[2] ?? '').split('${')[0]?.trim() ?? '').filter((rule) => rule !== '');
}

test('what is said of other addresses and other gateways, rule by rule', () => {
  const rules = (data: Uint8Array, redirects: IkeConfig['redirects'], nonce?: Uint8Array): unknown => {
    const config = { ...testConfig, ...(redirects === undefined ? {} : { redirects }) };
    const target = redirectIn(config, { payloads: [notify(notifyType.REDIRECT, data)] }, nonce);
    return target?.ok === false ? target.error.detail['rule'] : undefined;
  };
  const address = Uint8Array.of(1, 4, 192, 0, 2, 1);
  assert.equal(rules(address, {}), undefined);
  assert.equal(rules(address, undefined), 'only clients that ask for it are redirected');
  assert.equal(rules(address.subarray(0, 5), {}), 'REDIRECT names a gateway');
  assert.equal(rules(address.with(0, 9), {}), 'REDIRECT names a gateway by address or name');
  assert.equal(rules(address, {}, new Uint8Array(32)), 'REDIRECT in IKE_SA_INIT repeats our nonce');
});

test('every rule that the engine names is broken in some test', () => {
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const tests = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  const rules = rulesInSource();
  assert.ok(rules.length > 10);
  assert.deepEqual(
    rules.filter((rule) => !tests.some((text) => text.includes(rule))),
    [],
  );
});
