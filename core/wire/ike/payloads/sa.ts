/**
 * Security Association payload.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | Last Substruc |   RESERVED    |         Proposal Length       |   0 last, 2 more
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | Proposal Num  |  Protocol ID  |    SPI Size   |Num  Transforms|
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~                        SPI (variable)                         ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | Last Substruc |   RESERVED    |        Transform Length       |   0 last, 3 more
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |Transform Type |   RESERVED    |          Transform ID         |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |A|       Attribute Type        |    A=0: Length, A=1: Value    |
 * |F|                             |                               |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~                   A=0: Attribute Value                        ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * @rfc 7296 3.3
 */
import type { ByteReader } from '../../../base/byte-reader.ts';
import type { ByteWriter } from '../../../base/byte-writer.ts';
import type { MalformedError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { toHex } from '../../../base/octets.ts';
import type { Result } from '../../../base/result.ts';
import { securityProtocol } from '../../registry/protocols.ts';
import { nameOf } from '../../registry/registry.ts';
import { transformAttribute, transformIds, transformType } from '../../registry/transforms.ts';
import type { Proposal, SaPayload, Transform } from '../payload.ts';

const moreProposals = 2;
const moreTransforms = 3;

export function decodeSa(reader: ByteReader): Result<SaPayload, MalformedError> {
  const proposals: Proposal[] = [];
  let more = true;
  while (more && !reader.failed) {
    if (proposals.length === limits.proposalsPerSa) reader.fail('too many proposals');
    more = readSubstructureHead(reader, moreProposals);
    const body = readSubstructureBody(reader, 'proposal');
    const proposal = readProposal(body);
    if (!proposal.ok) reader.adopt(proposal.error);
    else proposals.push(proposal.value);
  }
  return reader.finishAll({ kind: 'SA' as const, proposals });
}

/** @throws RangeError when a transform has `unknownAttribute`: what was not understood can't be repeated. */
export function encodeSa(writer: ByteWriter, payload: SaPayload): void {
  for (const [i, proposal] of payload.proposals.entries()) {
    const start = writer.length;
    writer.u8(i + 1 < payload.proposals.length ? moreProposals : 0).u8(0);
    writer.u16(0).u8(proposal.number).u8(proposal.protocol);
    writer.u8(proposal.spi.length).u8(proposal.transforms.length).bytes(proposal.spi);
    for (const [j, transform] of proposal.transforms.entries()) {
      writeTransform(writer, transform, j + 1 === proposal.transforms.length);
    }
    writer.patchU16(start + 2, writer.length - start);
  }
}

/** Each proposal as `1:ESP spi c0ffee00 {ENCR AES_GCM_16/256, ESN NO_ESN}`. */
export function notateSa(payload: SaPayload): string {
  return payload.proposals.map(notateProposal).join(' | ');
}

function notateProposal(proposal: Proposal): string {
  const spi = proposal.spi.length === 0 ? '' : ` spi ${toHex(proposal.spi)}`;
  const transforms = proposal.transforms.map(notateTransform).join(', ');
  return `${proposal.number}:${nameOf(securityProtocol, proposal.protocol)}${spi} {${transforms}}`;
}

function notateTransform(transform: Transform): string {
  const id = nameOf(transformIds(transform.type), transform.id);
  const bits = transform.keyBits === undefined ? '' : `/${transform.keyBits}`;
  const unknown = transform.unknownAttribute === true ? ' with unknown attribute' : '';
  return `${nameOf(transformType, transform.type)} ${id}${bits}${unknown}`;
}

/** The "Last Substruc" octet and the reserved one after it: true when another one of the kind follows. */
function readSubstructureHead(reader: ByteReader, moreMark: number): boolean {
  const mark = reader.u8();
  if (mark !== 0 && mark !== moreMark) reader.fail(`last-substructure octet ${mark}`);
  reader.u8();
  return mark === moreMark;
}

/** The length, which counts the four octets up to and with itself, and the rest of the substructure. */
function readSubstructureBody(reader: ByteReader, what: string): ByteReader {
  const length = reader.u16();
  if (length < 8) reader.fail(`${what} length ${length} below 8`);
  return reader.sub(Math.max(length - 4, 0), what);
}

function readProposal(reader: ByteReader): Result<Proposal, MalformedError> {
  const number = reader.u8();
  const protocol = reader.u8();
  const spiOctets = reader.u8();
  const count = reader.u8();
  if (spiOctets !== 0 && spiOctets !== 4 && spiOctets !== 8) reader.fail(`SPI size ${spiOctets}`);
  if (count > limits.transformsPerProposal) reader.fail('too many transforms');
  const spi = reader.take(spiOctets);
  const transforms: Transform[] = [];
  for (let i = 0; i < count && !reader.failed; i++) {
    const more = readSubstructureHead(reader, moreTransforms);
    if (more !== i + 1 < count) reader.fail('number of transforms and last-substructure octet disagree');
    const transform = readTransform(readSubstructureBody(reader, 'transform'));
    if (!transform.ok) reader.adopt(transform.error);
    else transforms.push(transform.value);
  }
  return reader.finishAll({ number, protocol, spi, transforms });
}

function readTransform(reader: ByteReader): Result<Transform, MalformedError> {
  const type = reader.u8();
  reader.u8();
  const id = reader.u16();
  let keyBits: number | undefined;
  let unknownAttribute = false;
  for (let i = 0; reader.remaining > 0 && !reader.failed; i++) {
    if (i === limits.attributesPerTransform) reader.fail('too many attributes');
    const head = reader.u16();
    const value = reader.u16();
    const short = head >= 0x8000;
    if (!short) reader.take(value);
    if (short && (head & 0x7fff) === transformAttribute.KEY_LENGTH && keyBits === undefined) keyBits = value;
    else unknownAttribute = true;
  }
  const transform: Transform = {
    type,
    id,
    ...(keyBits === undefined ? {} : { keyBits }),
    ...(unknownAttribute ? { unknownAttribute } : {}),
  };
  return reader.finish(transform);
}

function writeTransform(writer: ByteWriter, transform: Transform, last: boolean): void {
  if (transform.unknownAttribute === true) throw new RangeError('an unknown attribute can not be encoded');
  writer.u8(last ? 0 : moreTransforms).u8(0);
  writer.u16(transform.keyBits === undefined ? 8 : 12);
  writer.u8(transform.type).u8(0).u16(transform.id);
  if (transform.keyBits === undefined) return;
  writer.u16(0x8000 | transformAttribute.KEY_LENGTH).u16(transform.keyBits);
}
