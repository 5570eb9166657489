import type { IkeMessage, NotifyPayload, Payload } from './payload.ts';

/** The payload types by kind: `PayloadOf<'TSi'>` is `TsPayload`. */
export type PayloadOf<K extends Payload['kind'], P extends Payload = Payload> = P extends Payload
  ? K extends P['kind']
    ? P
    : never
  : never;

type HasPayloads = Pick<IkeMessage, 'payloads'>;

/** All payloads of one kind, in the message's order. */
export function payloadsOf<K extends Payload['kind']>(message: HasPayloads, kind: K): PayloadOf<K>[] {
  return message.payloads.filter((payload): payload is PayloadOf<K> => payload.kind === kind);
}

/** The first payload of one kind. */
export function payloadOf<K extends Payload['kind']>(
  message: HasPayloads,
  kind: K,
): PayloadOf<K> | undefined {
  return payloadsOf(message, kind)[0];
}

/** The nonce: 16 to 256 octets, a view into the message. */
export function nonceOf(message: HasPayloads): Uint8Array | undefined {
  return payloadOf(message, 'Nonce')?.nonce;
}

/** All notifies of one type. */
export function notifiesOf(message: HasPayloads, type: number): NotifyPayload[] {
  return payloadsOf(message, 'N').filter((notify) => notify.type === type);
}

/** The first notify of one type. */
export function notifyOf(message: HasPayloads, type: number): NotifyPayload | undefined {
  return notifiesOf(message, type)[0];
}
