import { limits } from '../../base/limits.ts';
import { exchangeType } from '../registry/exchange-types.ts';
import { payloadType } from '../registry/payload-types.ts';
import { nameOf } from '../registry/registry.ts';
import type { Decoded } from './message.ts';
import type { IkeHeader, IkeMessage, Payload } from './payload.ts';
import { notateAuth } from './payloads/auth.ts';
import { notateCert } from './payloads/cert.ts';
import { notateCertReq } from './payloads/certreq.ts';
import { configNotation, notateConfig } from './payloads/config.ts';
import { notateDelete } from './payloads/delete.ts';
import { notateEap } from './payloads/eap.ts';
import { notateId } from './payloads/id.ts';
import { notateKe } from './payloads/ke.ts';
import { notateNonce } from './payloads/nonce.ts';
import { notateNotify } from './payloads/notify.ts';
import { notateSa } from './payloads/sa.ts';
import { notateTs } from './payloads/ts.ts';
import { notateVendorId } from './payloads/vendor-id.ts';

/**
 * A message as one line in the RFC's notation, e.g. `IKE_AUTH 1 → HDR, SK {IDi(alice), CPRQ(ADDR DNS), …}`: the arrow
 * is `→` for a request and `←` for a response. Nonces, keys, certificates and EAP data appear as lengths alone;
 * control characters are escaped; the line is cut at a bound. `encrypted` says that the payloads came out of, or go
 * into, an SK payload; without it the exchange type decides. @rfc 7296 1.2
 */
export function notateMessage(
  { header, payloads }: IkeMessage,
  encrypted: boolean = header.exchange !== exchangeType.IKE_SA_INIT,
): string {
  const list = payloads.map((payload) => notatePayload(payload, header)).join(', ');
  if (encrypted) return bounded(`${notateHeader(header)} HDR, SK {${list}}`);
  return bounded(`${notateHeader(header)} HDR${list === '' ? '' : `, ${list}`}`);
}

/** What can be told of a datagram without a key: as `notateMessage`, with sealed octets as a length. */
export function notateDecoded(decoded: Decoded): string {
  if (decoded.encrypted === undefined) return notateMessage(decoded, false);
  const { header, encrypted, cleartextPayloads } = decoded;
  const clear = cleartextPayloads.map((payload) => `, ${notatePayload(payload, header)}`).join('');
  const { fragment } = encrypted;
  const name = fragment === undefined ? 'SK' : `SKF(${fragment.number}/${fragment.total})`;
  return bounded(`${notateHeader(header)} HDR${clear}, ${name} {${encrypted.sealed.length} octets}`);
}

/** One payload: its name in the RFC's exchanges and what is worth seeing of it. */
export function notatePayload(payload: Payload, header: IkeHeader): string {
  const side = header.isResponse ? 'r' : 'i';
  switch (payload.kind) {
    case 'SA':
      return `SA${side}${saNumber(header)}(${notateSa(payload)})`;
    case 'KE':
      return `KE${side}(${notateKe(payload)})`;
    case 'Nonce':
      return `N${side}(${notateNonce(payload)})`;
    case 'IDi':
    case 'IDr':
      return `${payload.kind}(${notateId(payload)})`;
    case 'CERT':
      return `CERT(${notateCert(payload)})`;
    case 'CERTREQ':
      return `CERTREQ(${notateCertReq(payload)})`;
    case 'AUTH':
      return `AUTH(${notateAuth(payload)})`;
    case 'N':
      return `N(${notateNotify(payload)})`;
    case 'D':
      return `D(${notateDelete(payload)})`;
    case 'V':
      return `V(${notateVendorId(payload)})`;
    case 'TSi':
    case 'TSr':
      return `${payload.kind}(${notateTs(payload)})`;
    case 'CP':
      return `${configNotation(payload.type)}(${notateConfig(payload)})`;
    case 'EAP':
      return `EAP(${notateEap(payload)})`;
    case 'unknown':
      return `${nameOf(payloadType, payload.type)}${payload.critical ? '!' : ''}(${payload.body.length})`;
  }
}

function notateHeader(header: IkeHeader): string {
  const exchange = nameOf(exchangeType, header.exchange);
  return `${exchange} ${header.messageId} ${header.isResponse ? '←' : '→'}`;
}

/** SAi1 and SAr1 make the IKE SA, SAi2 and SAr2 the first CHILD SA; later ones have no number. */
function saNumber(header: IkeHeader): string {
  if (header.exchange === exchangeType.IKE_SA_INIT) return '1';
  return header.exchange === exchangeType.IKE_AUTH ? '2' : '';
}

function bounded(line: string): string {
  return line.length <= limits.notationCharacters ? line : `${line.slice(0, limits.notationCharacters - 1)}…`;
}
