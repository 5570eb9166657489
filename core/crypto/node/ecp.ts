import { createECDH } from 'node:crypto';
import { concat, fromHex } from '../../base/octets.ts';
import { ok } from '../../base/result.ts';
import type { KeyExchange, KeyExchangeSecret, Random } from '../interfaces.ts';
import { refusePublicValue } from '../key-exchange-failure.ts';

interface Curve {
  readonly name: string;
  readonly openssl: string;
  /** Octets of one coordinate. */
  readonly fieldOctets: number;
  /** Bits of the group's order, and the order itself. */
  readonly orderBits: number;
  readonly order: Uint8Array;
}

const curves: Readonly<Record<number, Curve>> = {
  19: {
    name: 'ecp256',
    openssl: 'prime256v1',
    fieldOctets: 32,
    orderBits: 256,
    order: fromHex('ffffffff00000000ffffffffffffffff bce6faada7179e84f3b9cac2fc632551'),
  },
  20: {
    name: 'ecp384',
    openssl: 'secp384r1',
    fieldOctets: 48,
    orderBits: 384,
    order: fromHex(
      'ffffffffffffffffffffffffffffffffffffffffffffffff c7634d81f4372ddf581a0db248b0a77aecec196accc52973',
    ),
  },
  21: {
    name: 'ecp521',
    openssl: 'secp521r1',
    fieldOctets: 66,
    orderBits: 521,
    order: fromHex(
      '01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff' +
        'fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
    ),
  },
};

/** ECP group 19, 20 or 21: the public value is x || y, the secret is x. @rfc 5903 */
export function ecpGroup(id: 19 | 20 | 21): KeyExchange {
  const curve = curves[id];
  if (curve === undefined) throw new RangeError(`no ECP group ${id}`);
  return {
    id,
    name: curve.name,
    publicOctets: 2 * curve.fieldOctets,
    generate: (random) => ecpSecret(curve, drawScalar(curve, random)),
  };
}

function ecpSecret(curve: Curve, scalar: Uint8Array): KeyExchangeSecret {
  const uncompressed = Uint8Array.of(4);
  let ecdh: ReturnType<typeof createECDH> | undefined = createECDH(curve.openssl);
  ecdh.setPrivateKey(scalar);
  scalar.fill(0);
  const publicValue = new Uint8Array(ecdh.getPublicKey().subarray(1));
  return {
    publicValue,
    agree(peerPublic) {
      if (ecdh === undefined) throw new Error('a wiped key exchange');
      if (peerPublic.length !== publicValue.length)
        return refusePublicValue(
          curve.name,
          `it has ${peerPublic.length} octets instead of ${publicValue.length}`,
        );
      try {
        // OpenSSL checks coordinates and curve equation when it reads the point. @rfc 6989 2.3
        return ok(new Uint8Array(ecdh.computeSecret(concat(uncompressed, peerPublic))));
      } catch {
        return refusePublicValue(curve.name, 'it is not a point of the curve');
      }
    },
    wipe() {
      ecdh = undefined;
    },
  };
}

/** 1 to order - 1, each equally likely: numbers outside are drawn again. */
function drawScalar(curve: Curve, random: Random): Uint8Array {
  const spareBits = curve.order.length * 8 - curve.orderBits;
  // A fair source needs a second draw with odds far below 1 in 2; a hundred in a row means that it is broken.
  for (let tries = 0; tries < 100; tries++) {
    const scalar = random.octets(curve.order.length);
    scalar[0] = (scalar[0] ?? 0) & (0xff >> spareBits);
    const different = scalar.findIndex((octet, at) => octet !== curve.order[at]);
    const below = different >= 0 && (scalar[different] ?? 0) < (curve.order[different] ?? 0);
    if (below && scalar.some((octet) => octet !== 0)) return scalar;
  }
  throw new Error('a source of randomness that never gives a usable number');
}
