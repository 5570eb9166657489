import type { Endpoint } from '../../base/address.ts';
import { equal } from '../../base/octets.ts';
import type { CryptoProvider, Random } from '../../crypto/interfaces.ts';
import { notifiesOf } from '../../wire/ike/lookup.ts';
import type { IkeMessage, IkeSpi, NotifyPayload } from '../../wire/ike/payload.ts';
import { notifyType } from '../../wire/registry/notify-types.ts';
import type { NatSituation } from '../association.ts';
import { spiOctets } from '../keymat.ts';
import { ikeNotify } from '../payload-list.ts';

/*
 * HDR, SAi1, KEi, Ni, N(NAT_DETECTION_SOURCE_IP), N(NAT_DETECTION_DESTINATION_IP)  -->
 *                     <--  HDR, SAr1, KEr, Nr, N(NAT_DETECTION_SOURCE_IP), N(NAT_DETECTION_DESTINATION_IP)
 *
 * Each holds SHA-1(SPIi | SPIr | IP address | port) as its sender sees it. @rfc 7296 2.23
 */

interface SpiPair {
  readonly initiator: IkeSpi;
  readonly responder: IkeSpi;
}

const hashOctets = 20;

/**
 * Our two notifies. ESP goes in UDP always here, so the source hash fits no address: the responder then sees us behind a NAT
 * and encapsulates too, whatever the path is like. In IKE_SA_INIT the responder's SPI is still 0.
 */
export function buildNatDetection(
  crypto: CryptoProvider,
  random: Random,
  spis: SpiPair,
  remote: Endpoint,
): readonly NotifyPayload[] {
  const destination = endpointHash(crypto, spis, remote);
  return [
    ikeNotify(notifyType.NAT_DETECTION_SOURCE_IP, random.octets(hashOctets)),
    ikeNotify(notifyType.NAT_DETECTION_DESTINATION_IP, destination),
  ];
}

/**
 * Who sits behind a NAT, by the responder's hashes. There may be several source hashes (a host with several addresses); one
 * that fits is enough. Without hashes nothing is known, which reads as no NAT.
 */
export function processNatDetection(
  crypto: CryptoProvider,
  message: IkeMessage,
  spis: SpiPair,
  local: Endpoint,
  remote: Endpoint,
): NatSituation {
  const differs = (type: number, endpoint: Endpoint) => {
    const hashes = notifiesOf(message, type);
    const expected = endpointHash(crypto, spis, endpoint);
    return hashes.length > 0 && !hashes.some((notify) => equal(notify.data, expected));
  };
  return {
    local: differs(notifyType.NAT_DETECTION_DESTINATION_IP, local),
    remote: differs(notifyType.NAT_DETECTION_SOURCE_IP, remote),
  };
}

/** SHA-1 (SPIi | SPIr | address | port), 20 octets. @rfc 7296 2.23 */
export function endpointHash(crypto: CryptoProvider, spis: SpiPair, endpoint: Endpoint): Uint8Array {
  const port = Uint8Array.of(endpoint.port >> 8, endpoint.port & 0xff);
  return crypto.hash(
    'sha1',
    spiOctets(spis.initiator),
    spiOctets(spis.responder),
    endpoint.address.octets,
    port,
  );
}
