import { ikeHeaderOctets } from '../../wire/ike/header.ts';
import type { IkeHeader } from '../../wire/ike/payload.ts';
import { genericHeaderOctets } from '../../wire/ike/payload-chain.ts';
import { sealOctets } from '../../wire/ike/sk.ts';
import type { Protection } from '../protection.ts';

/** What a message says, encoded and not sealed yet. `first` is the type of its first payload; 0 when there is none. */
export interface PlainMessage {
  readonly header: IkeHeader;
  readonly first: number;
  readonly octets: Uint8Array;
}

export type Sealer = Pick<Protection, 'cipher' | 'outbound' | 'nextIv'>;

const fragmentFieldsOctets = 4;

/** Octets of the message in one SK payload. */
export function sealedOctets(
  { octets }: Pick<PlainMessage, 'octets'>,
  { cipher }: Pick<Sealer, 'cipher'>,
): number {
  const { ivOctets, icvOctets, blockOctets } = cipher;
  const padded = Math.ceil((octets.length + 1) / blockOctets) * blockOctets;
  return ikeHeaderOctets + genericHeaderOctets + ivOctets + padded + icvOctets;
}

/**
 * The datagrams of one message, to be sent in this order: one with SK while that has at most `largest` octets (always, when
 * `largest` is absent), else fragments (SKF) of at most `largest` octets each. Each has an IV and ICV of its own; only the first
 * says what the first payload is. A message that is cut anew must get `atLeast` one fragment more than before, because the peer
 * takes fragments of the same total for parts of the same cut.
 *
 * @throws RangeError when `largest` leaves no room for content; the sizes of FragmentSizes always do.
 * @rfc 7383 2.5
 */
export function sealDatagrams(
  message: PlainMessage,
  sealer: Sealer,
  largest?: number,
  atLeast = 1,
): Uint8Array[] {
  const { header, first, octets } = message;
  const cipher = { cipher: sealer.cipher, key: sealer.outbound };
  if (largest === undefined || sealedOctets(message, sealer) <= largest) {
    return [sealOctets(header, { first, octets }, cipher, sealer.nextIv())];
  }
  const most = contentOctets(sealer, largest);
  const fewest = Math.ceil(octets.length / most);
  const total = Math.max(fewest, atLeast);
  const room = total === fewest ? most : Math.ceil(octets.length / total);
  return Array.from({ length: total }, (_, index) => {
    const content = octets.subarray(index * room, (index + 1) * room);
    const fragment = { number: index + 1, total };
    const inner = { first: index === 0 ? first : 0, octets: content, fragment };
    return sealOctets(header, inner, cipher, sealer.nextIv());
  });
}

/** What fits into a fragment beside headers, IV, ICV, padding and the pad length. */
function contentOctets({ cipher }: Sealer, largest: number): number {
  const { ivOctets, icvOctets, blockOctets } = cipher;
  const head = ikeHeaderOctets + genericHeaderOctets + fragmentFieldsOctets;
  const room = Math.floor((largest - head - ivOctets - icvOctets) / blockOctets) * blockOctets - 1;
  if (room < 1) throw new RangeError(`no content fits into a fragment of ${largest} octets`);
  return room;
}
