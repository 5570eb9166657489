import { type MalformedError, malformed } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { fromHex } from '../../base/octets.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { utf8 } from '../../base/utf8.ts';
import { escapeText } from '../escape-text.ts';

/** The text of a Success request: `S=` and 40 hexadecimal digits, then perhaps ` M=` and words. @rfc 2759 5 */
export interface Mschapv2Success {
  /** 20 octets: the server's proof that it knows the password. */
  readonly authenticatorResponse: Uint8Array;
  /** For people; escaped and bounded. */
  readonly message: string;
}

/** The text of a Failure request: `E=691 R=1 C=… V=3 M=…`, each part of which may be missing. @rfc 2759 6 */
export interface Mschapv2Failure {
  /** 646 hours, 647 disabled, 648 password expired, 649 no dial-in, 691 wrong name or password, 709 changing failed. */
  readonly error?: number;
  /** True when another try is allowed with `challenge`. */
  readonly retry: boolean;
  /** 16 octets. */
  readonly challenge?: Uint8Array;
  /** 3 when the password can be changed with Change-Password. */
  readonly version?: number;
  /** For people; escaped and bounded. */
  readonly message: string;
}

export function parseMschapv2Success(text: Uint8Array): Result<Mschapv2Success, MalformedError> {
  const decoded = utf8.decode(text);
  const match = /^S=([0-9a-fA-F]{40})(?: |$)/.exec(decoded);
  const digits = match?.[1];
  if (digits === undefined) {
    return err(malformed('EAP-MSCHAPv2 success', { offset: 0, reason: 'no authenticator response' }));
  }
  return ok({ authenticatorResponse: fromHex(digits), message: messageIn(decoded) });
}

export function encodeMschapv2Success(authenticatorResponse: Uint8Array, message: string): Uint8Array {
  return utf8.encode(`S=${upperHex(authenticatorResponse)} M=${message}`);
}

/** Whatever the text is: parts that are missing or odd are left out. */
export function parseMschapv2Failure(text: Uint8Array): Mschapv2Failure {
  const decoded = utf8.decode(text);
  const messageAt = decoded.search(/(?:^| )M=/);
  const fields = messageAt < 0 ? decoded : decoded.slice(0, messageAt);
  const error = /(?:^| )E=(\d{1,10})(?: |$)/.exec(fields)?.[1];
  const challenge = /(?:^| )C=([0-9a-fA-F]{32})(?: |$)/.exec(fields)?.[1];
  const version = /(?:^| )V=(\d{1,10})(?: |$)/.exec(fields)?.[1];
  return {
    ...(error === undefined ? {} : { error: Number(error) }),
    retry: /(?:^| )R=1(?: |$)/.test(fields),
    ...(challenge === undefined ? {} : { challenge: fromHex(challenge) }),
    ...(version === undefined ? {} : { version: Number(version) }),
    message: messageIn(decoded),
  };
}

export function encodeMschapv2Failure(failure: Mschapv2Failure): Uint8Array {
  const parts = [`E=${failure.error ?? 691}`, `R=${failure.retry ? 1 : 0}`];
  if (failure.challenge !== undefined) parts.push(`C=${upperHex(failure.challenge)}`);
  parts.push(`V=${failure.version ?? 3}`, `M=${failure.message}`);
  return utf8.encode(parts.join(' '));
}

function messageIn(text: string): string {
  const at = text.search(/(?:^| )M=/);
  if (at < 0) return '';
  return escapeText(text.slice(text.indexOf('M=', at) + 2), limits.peerTextCharacters);
}

function upperHex(octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, '0').toUpperCase()).join('');
}
