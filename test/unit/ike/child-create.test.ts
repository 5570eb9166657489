import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatIpAddress, parseIpPrefix } from '../../../core/base/address.ts';
import { payloadOf } from '../../../core/wire/ike/lookup.ts';
import type { Payload, TrafficSelector } from '../../../core/wire/ike/payload.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { Scenario } from './scenario.ts';
import { notify, selector } from './scripted-responder.ts';

function prefix(text: string) {
  const parsed = parseIpPrefix(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

const replace =
  (kind: Payload['kind'], by: Payload) =>
  (all: Payload[]): Payload[] =>
    all.map((payload) => (payload.kind === kind ? by : payload));

/** The gateway let us in, but the CHILD SA cannot be: the engine says goodbye, then ends with `code`. */
function assertGoodbye(scenario: Scenario, code: string): void {
  assert.equal(scenario.ike.state, 'closing');
  assert.equal(scenario.all('child-install').length, 0);
  assert.equal(payloadOf(scenario.responder.open(scenario.sent()), 'D')?.protocol, 1);
  scenario.deliver(scenario.responder.respond(scenario.sent(), []));
  assert.equal(scenario.error?.code, code);
}

test('the CHILD SA has the keys of the gateway, crosswise, and the SPIs of either side', () => {
  const scenario = new Scenario().to('established');
  const { child } = scenario.only('child-install');
  const keys = scenario.responder.childKeys();
  assert.deepEqual(child.inbound.key, keys.responder);
  assert.deepEqual(child.outbound.key, keys.initiator);
  assert.equal(child.outbound.spi, scenario.responder.childSpi);
  assert.equal(child.inbound.spi, scenario.responder.childSpiOfInitiator);
  assert.ok(child.inbound.spi >= 256);
  assert.equal(child.inbound.cipher.name, 'aes256gcm16');
});

test('without networks in the profile everything is asked for, IPv4 and IPv6', () => {
  const scenario = new Scenario().to('authenticating-gateway');
  const message = scenario.responder.open(scenario.sent());
  for (const kind of ['TSi', 'TSr'] as const) {
    const ranges = payloadOf(message, kind)?.selectors.map(rangeOf);
    assert.deepEqual(ranges, ['0.0.0.0-255.255.255.255', '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff']);
  }
});

test('with networks in the profile only those are asked for', () => {
  const remoteNetworks = [prefix('10.1.2.3/16'), prefix('fd00::/9'), prefix('192.0.2.1/32')];
  const scenario = new Scenario({}, { remoteNetworks }).to('authenticating-gateway');
  const tsr = payloadOf(scenario.responder.open(scenario.sent()), 'TSr');
  assert.deepEqual(tsr?.selectors.map(rangeOf), [
    '10.1.0.0-10.1.255.255',
    'fd00::-fd7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    '192.0.2.1-192.0.2.1',
  ]);
});

test('the gateway may narrow the selectors', () => {
  const narrowed = { ...selector('10.1.2.0', '10.1.2.255'), protocol: 6, startPort: 443, endPort: 443 };
  const scenario = new Scenario({ last: replace('TSr', { kind: 'TSr', selectors: [narrowed] }) }).to(
    'established',
  );
  assert.deepEqual(scenario.only('child-install').child.selectors.remote.map(rangeOf), [
    '10.1.2.0-10.1.2.255',
  ]);
});

const networks = { remoteNetworks: [prefix('10.1.0.0/16')] };
for (const [name, theirs] of [
  ['wider than asked', selector('10.0.0.0', '10.255.255.255')],
  ['beyond the end', selector('10.1.255.0', '10.2.0.0')],
  ['elsewhere', selector('192.0.2.0', '192.0.2.255')],
] as const) {
  test(`<-- TSr ${name}: the gateway misbehaves`, () => {
    const last = replace('TSr', { kind: 'TSr', selectors: [selector('10.1.0.0', '10.1.0.255'), theirs] });
    assertGoodbye(new Scenario({ last }, networks).to('established'), 'peer.misbehaved');
  });
}

for (const [name, change, code] of [
  ['N(TS_UNACCEPTABLE)', notify(notifyType.TS_UNACCEPTABLE), 'peer.ts-unacceptable'],
  ['N(NO_PROPOSAL_CHOSEN)', notify(notifyType.NO_PROPOSAL_CHOSEN), 'peer.no-proposal-chosen'],
  ['N(INTERNAL_ADDRESS_FAILURE)', notify(notifyType.INTERNAL_ADDRESS_FAILURE), 'peer.no-address'],
  ['N(FAILED_CP_REQUIRED)', notify(notifyType.FAILED_CP_REQUIRED), 'peer.no-address'],
  ['N(TEMPORARY_FAILURE)', notify(notifyType.TEMPORARY_FAILURE), 'peer.refused'],
] as const) {
  test(`<-- SK {AUTH, ${name}}: the IKE SA stands, so it is deleted, then ${code}`, () => {
    const last = (all: Payload[]) => [...all.filter(({ kind }) => kind === 'AUTH'), change];
    assertGoodbye(new Scenario({ last }).to('established'), code);
  });
}

test('<-- SAr2 with what was not offered', () => {
  const last = (all: Payload[]) =>
    all.map((payload): Payload => {
      const [proposal] = payload.kind === 'SA' ? payload.proposals : [];
      if (proposal === undefined) return payload;
      const transforms = [
        { type: 1, id: 3 },
        { type: 5, id: 0 },
      ];
      return { kind: 'SA', proposals: [{ ...proposal, transforms }] };
    });
  assertGoodbye(new Scenario({ last }).to('established'), 'peer.unacceptable-choice');
});

test('<-- SAr2 with a reserved SPI', () => {
  const last = (all: Payload[]) =>
    all.map(
      (payload): Payload =>
        payload.kind === 'SA'
          ? {
              kind: 'SA',
              proposals: payload.proposals.map((own) => ({ ...own, spi: Uint8Array.of(0, 0, 0, 255) })),
            }
          : payload,
    );
  assertGoodbye(new Scenario({ last }).to('established'), 'peer.misbehaved');
});

test('<-- SK {AUTH, CP} without a CHILD SA', () => {
  const last = (all: Payload[]) => all.filter(({ kind }) => kind === 'AUTH' || kind === 'CP');
  assertGoodbye(new Scenario({ last }).to('established'), 'peer.misbehaved');
});

test('<-- SK {AUTH, SAr2, TSi, TSr} without an address', () => {
  const last = (all: Payload[]) => all.filter(({ kind }) => kind !== 'CP');
  assertGoodbye(new Scenario({ last }).to('established'), 'peer.no-address');
});

function rangeOf({ start, end }: TrafficSelector): string {
  return `${formatIpAddress(start)}-${formatIpAddress(end)}`;
}
