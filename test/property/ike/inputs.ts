import { failure } from '../../../core/base/errors.ts';
import { Secret } from '../../../core/base/secret.ts';
import { instant } from '../../../core/base/time.ts';
import type { IkeAnswer, IkeCommand } from '../../../core/ike/io.ts';
import type { Payload } from '../../../core/wire/ike/payload.ts';
import type { Scenario } from '../../unit/ike/scenario.ts';
import { notify, selector } from '../../unit/ike/scripted-responder.ts';
import type { Machine } from './machine.ts';

/** One kind of input; what cannot be made in a situation (nobody has keys yet) is nothing. */
export type Input = readonly [string, (machine: Machine) => void];

const [informational, createChild, auth] = [37, 36, 35];
const sixteen = (value: number) => new Uint8Array(16).fill(value);

function command(name: string, build: (scenario: Scenario) => IkeCommand): Input {
  return [
    `command ${name}`,
    (machine) =>
      machine.act((scenario) => {
        scenario.command(build(scenario));
      }),
  ];
}

const firstSpi = (scenario: Scenario) => scenario.all('child-install').at(0)?.child.inbound.spi ?? 0;
const lastSpi = (scenario: Scenario) => scenario.all('child-install').at(-1)?.child.inbound.spi ?? 0;
const elsewhere = (last: number) => ({
  address: { family: 4, octets: Uint8Array.of(192, 0, 2, last) } as const,
  port: 40_001,
});

const commands: readonly Input[] = [
  command('connect', () => ({ kind: 'connect' })),
  command('disconnect', () => ({ kind: 'disconnect' })),
  command('abandon', () => ({ kind: 'abandon' })),
  command('probe', () => ({ kind: 'probe' })),
  command('urgent probe', () => ({ kind: 'probe', urgent: true })),
  command('roam', () => ({ kind: 'roam', local: elsewhere(8) })),
  command('roam back', () => ({ kind: 'roam', local: elsewhere(7) })),
  command('traffic-seen', ({ now }) => ({ kind: 'traffic-seen', at: instant(now) })),
  command('rekey-child, the first', (scenario) => ({ kind: 'rekey-child', inboundSpi: firstSpi(scenario) })),
  command('rekey-child, the last', (scenario) => ({ kind: 'rekey-child', inboundSpi: lastSpi(scenario) })),
  command('rekey-child, nobody', () => ({ kind: 'rekey-child', inboundSpi: 1 })),
  command('child-used, the last', (scenario) => ({ kind: 'child-used', inboundSpi: lastSpi(scenario) })),
  command('child-carried', (scenario) => ({
    kind: 'child-carried',
    inboundSpi: lastSpi(scenario),
    at: instant(scenario.now),
  })),
  command('wake-child, the last', (scenario) => ({ kind: 'wake-child', inboundSpi: lastSpi(scenario) })),
  command('child-used, nobody', () => ({ kind: 'child-used', inboundSpi: 1 })),
];

function answer(name: string, build: () => IkeAnswer): readonly Input[] {
  const give = (name: string, id: (scenario: Scenario) => number): Input => [
    name,
    (machine) => machine.act((scenario) => scenario.answerAsk(id(scenario), build())),
  ];
  return [
    give(`answer ${name}`, (scenario) => scenario.all('ask').at(-1)?.id ?? 0),
    give(`answer ${name}, to nothing that was asked`, () => 9_999),
    give(`answer ${name}, to the first ask`, (scenario) => scenario.all('ask').at(0)?.id ?? 0),
  ];
}

const answersOfDriver: readonly Input[] = [
  ...answer('credential', () => ({ kind: 'credential', secret: Secret.fromText('secret') })),
  ...answer('signature', () => ({ kind: 'signature', signature: new Uint8Array(64) })),
  ...answer('good certificate of another key', () => ({
    kind: 'certificate-verdict',
    verdict: { ok: true, spki: new Uint8Array(91) },
  })),
  ...answer('bad certificate', () => ({
    kind: 'certificate-verdict',
    verdict: { ok: false, error: failure('auth.signature', { side: 'remote' }) },
  })),
  ...answer('refused', () => ({ kind: 'refused', error: failure('tunnel.cancelled') })),
];

function later(name: string, ms: number): Input {
  return [
    `time-out ${name}`,
    (machine) =>
      machine.act((scenario) => {
        scenario.now += ms;
        scenario.timeout();
      }),
  ];
}

const timeouts: readonly Input[] = [
  later('too early', 0),
  later('after a second', 1_000),
  later('after a minute', 60_000),
  later('after a day of sleep', 86_400_000),
  ['time-out when due', (machine) => machine.act((scenario) => void scenario.wake())],
];

function datagram(name: string, build: (scenario: Scenario) => Uint8Array): Input {
  return [
    `datagram ${name}`,
    (machine) =>
      machine.act((scenario) => {
        if (scenario.all('transmit').length > 0) scenario.deliver(build(scenario));
      }),
  ];
}

const change = (octets: Uint8Array, at: number, value: number): Uint8Array => octets.with(at, value);

const strangers: readonly Input[] = [
  datagram('empty', () => new Uint8Array(0)),
  datagram('noise', () => sixteen(0xa5)),
  datagram('our own, back', (scenario) => scenario.sent()),
  datagram('our own as an answer', (scenario) => change(scenario.sent(), 19, 0x20)),
  datagram('our own as a request', (scenario) => change(scenario.sent(), 19, 0)),
  datagram('our own of version 3', (scenario) => change(change(scenario.sent(), 19, 0), 17, 0x30)),
  datagram('our own, cut', (scenario) => scenario.sent().slice(0, 40)),
  datagram('IKE_SA_INIT without protection', (scenario) => clearNotify(scenario, 14)),
  datagram('COOKIE without protection', (scenario) => clearNotify(scenario, 16_390)),
];

/** An unprotected answer to IKE_SA_INIT with one notify. */
function clearNotify(scenario: Scenario, type: number): Uint8Array {
  const first = scenario.all('transmit')[0]?.octets ?? new Uint8Array(28);
  return scenario.responder.clearResponse(first, [notify(type, sixteen(1))]);
}

/** An authentic answer to the last request. */
function reply(name: string, payloads: readonly Payload[], header = {}): Input {
  return [
    `answer of the peer: ${name}`,
    (machine) => {
      if (!machine.hasKeys) return;
      machine.act((scenario) => {
        const last = scenario
          .all('transmit')
          .map(({ octets }) => octets)
          .findLast((octets) => octets[18] !== 34 && ((octets[19] ?? 0) & 0x20) === 0);
        if (last !== undefined && isOf(scenario, last))
          scenario.deliver(scenario.responder.respond(last, payloads, header));
      });
    },
  ];
}

/** It was sent on the first IKE SA, whose keys the responder has. */
function isOf(scenario: Scenario, octets: Uint8Array): boolean {
  const spi = new DataView(octets.buffer, octets.byteOffset, 8).getBigUint64(0);
  return spi === scenario.responder.association.initiatorSpi;
}

/** An authentic request of the peer. */
function request(
  name: string,
  payloads: (scenario: Scenario) => readonly Payload[],
  exchange: number,
): Input {
  return [
    `request of the peer: ${name}`,
    (machine) => {
      const octets = machine.request((id) =>
        machine.scenario.responder.request(id, payloads(machine.scenario), exchange),
      );
      if (octets !== undefined) machine.act((scenario) => scenario.deliver(octets));
    },
  ];
}

const wrongId: Input = [
  'request of the peer with another message ID',
  (machine) => {
    const octets = machine.request((id) => machine.scenario.responder.request(id + 3, []));
    if (octets !== undefined) machine.act((scenario) => scenario.deliver(octets));
  },
];

const garbageInside: Input = [
  'request of the peer with garbage inside',
  (machine) => {
    const octets = machine.request((id) => {
      const { responder } = machine.scenario;
      return responder.withInside(responder.request(id, []), 33, sixteen(0x41));
    });
    if (octets !== undefined) machine.act((scenario) => scenario.deliver(octets));
  },
];

const outbound = (scenario: Scenario) => scenario.all('child-install').at(0)?.child.outbound.spi ?? 300;
const esp = (transforms: readonly { readonly type: number; readonly id: number }[]): Payload => ({
  kind: 'SA',
  proposals: [{ number: 1, protocol: 3, spi: Uint8Array.of(0xd2, 0, 0, 1), transforms }],
});
const wholeChild: readonly Payload[] = [
  {
    kind: 'SA',
    proposals: [
      {
        number: 1,
        protocol: 3,
        spi: Uint8Array.of(0xd3, 0, 0, 1),
        transforms: [
          { type: 1, id: 20, keyBits: 256 },
          { type: 5, id: 0 },
        ],
      },
    ],
  },
  { kind: 'Nonce', nonce: new Uint8Array(32) },
  { kind: 'TSi', selectors: [selector('0.0.0.0', '255.255.255.255')] },
  { kind: 'TSr', selectors: [selector('0.0.0.0', '255.255.255.255')] },
];
const spiOctets = (spi: number) => new Uint8Array([spi >>> 24, spi >>> 16, spi >>> 8, spi]);

const ofPeer: readonly Input[] = [
  reply('nothing', []),
  reply('another message ID', [], { messageId: 77 }),
  reply('another exchange', [], { exchange: informational + 6 }),
  reply('NO_PROPOSAL_CHOSEN', [notify(14)]),
  reply('TEMPORARY_FAILURE', [notify(43)]),
  reply('CHILD_SA_NOT_FOUND', [notify(44)]),
  reply('AUTHENTICATION_FAILED', [notify(24)]),
  reply('INVALID_KE_PAYLOAD', [notify(17, Uint8Array.of(0, 20))]),
  reply('EAP', [{ kind: 'EAP', packet: Buffer.from('challenge') }]),
  reply('EAP success', [{ kind: 'EAP', packet: Buffer.from('success') }]),
  reply('a CHILD SA of a strange kind', [esp([{ type: 1, id: 3 }]), { kind: 'Nonce', nonce: sixteen(1) }]),
  reply('a CHILD SA', wholeChild),
  reply('a DELETE', [{ kind: 'D', protocol: 1, spis: [] }]),
  request('sign of life', () => [], informational),
  request('DELETE of the IKE SA', () => [{ kind: 'D', protocol: 1, spis: [] }], informational),
  request('DELETE of the first', (it) => [{ kind: 'D', protocol: 3, spis: [outbound(it)] }], informational),
  request('DELETE of nobody', () => [{ kind: 'D', protocol: 3, spis: [1, 2, 3] }], informational),
  request('INVALID_SPI', (it) => [notify(11, spiOctets(outbound(it)))], informational),
  request('unknown notifies', () => [notify(40_000), notify(8_000, sixteen(3))], informational),
  request('a further CHILD SA', () => wholeChild, createChild),
  request('a CHILD SA without selectors', () => wholeChild.slice(0, 2), createChild),
  request(
    'rekey of the first',
    (it) => [
      { kind: 'N', protocol: 3, spi: spiOctets(outbound(it)), type: 16_393, data: new Uint8Array(0) },
      ...wholeChild,
    ],
    createChild,
  ),
  request('IKE_AUTH', () => [{ kind: 'EAP', packet: sixteen(9) }], auth),
  request('an exchange that nobody knows', () => [], 250),
  wrongId,
  garbageInside,
];

/** Every kind of input that there is. */
export const inputs: readonly Input[] = [
  ...commands,
  ...answersOfDriver,
  ...timeouts,
  ...strangers,
  ...ofPeer,
];
