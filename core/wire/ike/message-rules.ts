import { type Failure, failure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { exchangeType } from '../registry/exchange-types.ts';
import { nameOf } from '../registry/registry.ts';
import type { IkeMessage, Payload } from './payload.ts';

type Kind = Exclude<Payload['kind'], 'unknown'>;

/**
 * Which payloads one message may have. Notifies and vendor IDs may be in every message, in any number. Payloads stand
 * in any order. @rfc 7296 C
 */
export interface MessageRule {
  /** Whether the payloads must come out of an SK payload. */
  readonly encrypted: boolean;
  /** How often a kind may occur at most; a kind that is not listed may not occur. */
  readonly atMost: Readonly<Partial<Record<Kind, number>>>;
  /** At least one of these sets must be there as a whole. An error answer is `N` alone. */
  readonly forms: readonly (readonly Kind[])[];
  /** Of these, all or none. */
  readonly together: readonly (readonly Kind[])[];
}

export interface ExchangeRules {
  readonly request: MessageRule;
  readonly response: MessageRule;
}

const certificates = { CERT: limits.certificatesPerMessage, CERTREQ: limits.payloadsPerMessage } as const;
const childSa: readonly Kind[] = ['SA', 'TSi', 'TSr'];
const selectors: readonly Kind[] = ['TSi', 'TSr'];

const init: MessageRule = {
  encrypted: false,
  atMost: { SA: 1, KE: 1, Nonce: 1 },
  forms: [['SA', 'KE', 'Nonce']],
  together: [],
};

const auth: MessageRule = {
  encrypted: true,
  atMost: { IDi: 1, IDr: 1, AUTH: 1, EAP: 1, SA: 1, TSi: 1, TSr: 1, CP: 1, ...certificates },
  forms: [['IDi'], ['EAP'], ['AUTH']],
  together: [childSa],
};

const createChild: MessageRule = {
  encrypted: true,
  atMost: { SA: 1, Nonce: 1, KE: 1, TSi: 1, TSr: 1, CP: 1 },
  forms: [['SA', 'Nonce']],
  together: [selectors],
};

const informational: MessageRule = {
  encrypted: true,
  atMost: { D: limits.payloadsPerMessage, CP: 1 },
  forms: [[]],
  together: [],
};

const intermediate: MessageRule = { encrypted: true, atMost: { KE: 1 }, forms: [[]], together: [] };

/** The table: exchange type → its two directions. */
const messageRules: ReadonlyMap<number, ExchangeRules> = new Map([
  [
    exchangeType.IKE_SA_INIT,
    {
      request: init,
      response: {
        ...init,
        atMost: { ...init.atMost, CERTREQ: limits.payloadsPerMessage },
        forms: [...init.forms, ['N']],
      },
    },
  ],
  [
    exchangeType.IKE_AUTH,
    {
      request: auth,
      // SA alone ends a further round, where the gateway has proven itself before. @rfc 4739 2.2
      response: { ...auth, forms: [['IDr'], ['EAP'], ['AUTH'], ['SA'], ['N']] },
    },
  ],
  [
    exchangeType.CREATE_CHILD_SA,
    { request: createChild, response: { ...createChild, forms: [...createChild.forms, ['N']] } },
  ],
  [exchangeType.INFORMATIONAL, { request: informational, response: informational }],
  [exchangeType.IKE_INTERMEDIATE, { request: intermediate, response: intermediate }],
]);

/**
 * `peer.critical-payload` (its `type` is the payload type to send back): a payload that we do not know and must.
 * `peer.misbehaved`: `rule` says which payload is missing, too many, or out of place.
 */
export type OccurrenceError = Failure<'peer.critical-payload' | 'peer.misbehaved'>;

/**
 * Checks a message against the table. `encrypted` says that its payloads came out of an SK payload. Payloads of
 * unknown type are skipped, unless they are critical. @rfc 7296 2.5
 */
export function checkOccurrence(message: IkeMessage, encrypted: boolean): Result<undefined, OccurrenceError> {
  const { header, payloads } = message;
  for (const payload of payloads) {
    if (payload.kind === 'unknown' && payload.critical) {
      return err(failure('peer.critical-payload', { type: payload.type }));
    }
  }
  const exchange = nameOf(exchangeType, header.exchange);
  const name = `${exchange} ${header.isResponse ? 'response' : 'request'}`;
  const broken = (rule: string) => err(failure('peer.misbehaved', { rule, exchange }));
  const rules = messageRules.get(header.exchange);
  if (rules === undefined) return broken(`the exchange ${exchange} is not one of IKEv2`);
  const rule = header.isResponse ? rules.response : rules.request;
  if (rule.encrypted !== encrypted) return broken(`${name} must ${rule.encrypted ? '' : 'not '}be encrypted`);
  const counts = countKinds(payloads);
  for (const [kind, count] of counts) {
    if (kind === 'N' || kind === 'V') continue;
    const most = rule.atMost[kind] ?? 0;
    if (count > most) return broken(`${name} has ${count} ${kind} payloads, at most ${most} may be there`);
  }
  const has = (kind: Kind) => counts.has(kind);
  for (const group of rule.together) {
    const missing = group.filter((kind) => !has(kind));
    if (missing.length > 0 && missing.length < group.length)
      return broken(`${name} lacks ${missing.join(', ')}`);
  }
  if (rule.forms.some((form) => form.every(has))) return ok();
  return broken(`${name} has none of: ${rule.forms.map((form) => form.join(' with ')).join('; ')}`);
}

function countKinds(payloads: readonly Payload[]): ReadonlyMap<Kind, number> {
  const counts = new Map<Kind, number>();
  for (const { kind } of payloads) {
    if (kind !== 'unknown') counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}
