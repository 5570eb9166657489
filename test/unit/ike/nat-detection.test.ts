import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { Endpoint } from '../../../core/base/address.ts';
import { notifyOf } from '../../../core/wire/ike/lookup.ts';
import type { Payload } from '../../../core/wire/ike/payload.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { Scenario, testConfig } from './scenario.ts';
import { clear, notify } from './scripted-responder.ts';

/** SHA-1(SPIi | SPIr | address | port), written down a second time. @rfc 7296 2.23 */
function hash(spis: readonly bigint[], { address, port }: Endpoint): Uint8Array {
  const octets = Buffer.alloc(16);
  octets.writeBigUInt64BE(spis[0] ?? 0n);
  octets.writeBigUInt64BE(spis[1] ?? 0n, 8);
  const portOctets = Buffer.alloc(2);
  portOctets.writeUInt16BE(port);
  return new Uint8Array(createHash('sha1').update(octets).update(address.octets).update(portOctets).digest());
}

const elsewhere: Endpoint = { ...testConfig.local, port: 9 };

/** What the summary says when the gateway sees the packets come from and go to these endpoints. */
function detected(sources: readonly Endpoint[], destination: Endpoint | undefined) {
  const scenario = new Scenario({
    init: (payloads, responder): Payload[] => {
      const { initiatorSpi } = clear(scenario.sent()).header;
      const spis = [initiatorSpi, responder.spi];
      const hashes = sources.map((source) => notify(notifyType.NAT_DETECTION_SOURCE_IP, hash(spis, source)));
      const ours =
        destination === undefined
          ? []
          : [notify(notifyType.NAT_DETECTION_DESTINATION_IP, hash(spis, destination))];
      return [...payloads, ...hashes, ...ours];
    },
  });
  return scenario.to('established').only('established').summary.natDetected;
}

const { local, remote } = testConfig;

test('no NAT: both hashes fit', () =>
  assert.deepEqual(detected([remote], local), { local: false, remote: false }));

test('we are behind a NAT: the gateway sees another address of ours', () =>
  assert.deepEqual(detected([remote], elsewhere), { local: true, remote: false }));

test('the gateway is behind a NAT: its own address is another', () =>
  assert.deepEqual(detected([elsewhere], local), { local: false, remote: true }));

test('a gateway with several addresses names all; one that fits is enough', () =>
  assert.deepEqual(detected([elsewhere, remote], local), { local: false, remote: false }));

test('without hashes nothing is known', () =>
  assert.deepEqual(detected([], undefined), { local: false, remote: false }));

test('our source hash fits no address, so the gateway encapsulates; our destination hash is true', () => {
  const scenario = new Scenario().to('init');
  const message = clear(scenario.sent());
  const spis = [message.header.initiatorSpi, 0n];
  const source = notifyOf(message, notifyType.NAT_DETECTION_SOURCE_IP)?.data;
  assert.notDeepEqual(source, hash(spis, local));
  assert.deepEqual(notifyOf(message, notifyType.NAT_DETECTION_DESTINATION_IP)?.data, hash(spis, remote));
});
