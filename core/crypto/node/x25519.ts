import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { concat, fromHex } from '../../base/octets.ts';
import { ok } from '../../base/result.ts';
import type { KeyExchange, KeyExchangeSecret } from '../interfaces.ts';
import { refusePublicValue } from '../key-exchange-failure.ts';

const publicOctets = 32;
const pkcs8Prefix = fromHex('302e020100300506032b656e04220420');
const spkiPrefix = fromHex('302a300506032b656e032100');

/** Curve25519, group 31. @rfc 8031 @rfc 7748 5 */
export const x25519: KeyExchange = {
  id: 31,
  name: 'x25519',
  publicOctets,
  generate: (random) => x25519Secret(random.octets(32)),
};

function x25519Secret(scalar: Uint8Array): KeyExchangeSecret {
  let key: KeyObject | undefined = createPrivateKey({
    key: Buffer.from(concat(pkcs8Prefix, scalar)),
    format: 'der',
    type: 'pkcs8',
  });
  scalar.fill(0);
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    publicValue: new Uint8Array(spki.subarray(-publicOctets)),
    agree(peerPublic) {
      if (key === undefined) throw new Error('a wiped key exchange');
      if (peerPublic.length !== publicOctets)
        return refusePublicValue('x25519', `it has ${peerPublic.length} octets instead of ${publicOctets}`);
      const publicKey = createPublicKey({
        key: Buffer.from(concat(spkiPrefix, peerPublic)),
        format: 'der',
        type: 'spki',
      });
      try {
        const secret = new Uint8Array(diffieHellman({ privateKey: key, publicKey }));
        // A secret of zeroes comes from a point of small order: anyone knows it. @rfc 8031 2
        if (secret.some((octet) => octet !== 0)) return ok(secret);
      } catch {
        // OpenSSL refuses the same points itself.
      }
      return refusePublicValue('x25519', 'it is a point of small order');
    },
    wipe() {
      key = undefined;
    },
  };
}
