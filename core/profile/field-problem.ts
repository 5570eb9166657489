import { type Failure, failure } from '../base/errors.ts';
import { quote } from './text-rules.ts';

/**
 * What can be wrong with a field, by a code that has its words in each language; these are the English ones. Each goes on after the
 * name of the field. `{name}` stands for a value.
 */
export const fieldProblems = {
  required: 'is required',
  'required-psk': 'is required with the method psk: the gateway finds the key by it',
  'unknown-field': 'there is no such field; the fields here are {known}',
  'unknown-field-near': 'there is no such field; did you mean `{meant}`?',
  password: 'a password must not stand in a profile; leave it out and Godwit asks, or name a `passwordFile`',
  'names-file': 'names a file, which a client must not',
  type: 'must be {wanted}, not {given}',
  choice: 'must be {choices}',
  'not-valid': 'is not valid',
  said: '{why}',
  empty: 'must not be empty',
  'too-long': 'is too long',
  'too-long-for': 'must not be longer than {most} characters',
  invisible: 'holds a control or invisible character',
  'whole-number': 'must be a whole number',
  range: 'must be {least} to {most}',
  'too-few': 'must hold one at least',
  'too-few-networks':
    'must hold one network at least; leave the field out to send everything through the tunnel',
  'too-many': 'must not hold more than {most}',
  host: 'must be a host name or an IP address, without a port',
  domain: 'is not a domain name',
  address: 'is not an IP address',
  'one-per-family': 'must hold one address of each family at most',
  prefix: '{value}: {why}',
  'prefix-host-bits': '{value} has bits set after its prefix length; did you mean "{meant}"?',
  'unknown-algorithm': '{value}: {word} is not an algorithm that Godwit knows',
  'weak-algorithm': '{value}: {word}: {why}',
  proposal: '{value}: {why}',
  port: 'must be a port or a range like "5060-5061"',
  'ports-without-protocol': 'has `ports` and needs a `protocol` that has such: tcp, udp or sctp',
  'networks-or-children': 'must have either `remoteNetworks` or `children`',
  mtu: 'must be "auto", or 1280 to 1500',
  'worker-pairs': 'must be "auto", or 1 to {most}',
  protocol: 'must be icmp, tcp, udp, icmpv6, sctp or a number from 1 to 255',
  keepalive: 'must be "auto", or 1 to 3600',
  'certificate-pem': 'must be PEM text with "-----BEGIN CERTIFICATE-----" in it',
  'public-key-pem': 'must be PEM text with "-----BEGIN PUBLIC KEY-----" in it',
  'crl-pem': 'must be PEM text with "-----BEGIN X509 CRL-----" in it',
  base64: 'must be base64',
  pin: '{why}',
  url: 'must be an address that begins with "http://"',
  trust: 'must have one of `caFile`, `ca` and `system`, or `pins`, or `publicKeyFile`',
  'no-key-file': 'must have `keyFile`',
  'only-one': 'must have only one of `{one}` and `{other}`',
  'certificate-source': 'must have one of `certificateFile`, `pkcs12File` and `pkcs11`',
  'key-without-certificate': 'must not have `keyFile` without `certificateFile`',
  'pkcs11-uri': '{why}',
  'pkcs11-module': 'must have `pkcs11Module` beside `pkcs11` only, and as an absolute path',
  'pkcs11-password': 'must not have `passwordFile` beside `pkcs11`: a PIN is asked for',
  'stands-alone': '`pap` and `mschapv2` stand alone: with them the server cannot choose',
  'second-not-eap': 'or `authentication` must be a method of EAP',
  'second-with-compatibility':
    'cannot be combined with `compatibility`: the second factor comes in the same login',
  'ppk-with-second': 'cannot be combined with `secondAuthentication`',
  'gateway-eap': '"eap" goes with eap-tls, eap-ttls or peap in `authentication`, which prove the gateway',
  'file-too-large': 'the file is larger than {most} octets',
  'file-empty': 'the file is empty',
  'file-nesting': 'more than {most} levels of nesting',
  'file-syntax': 'not valid JSON at column {column} ({what})',
  twice: '{name} is there twice',
  'not-a-field': '{name} is not a field',
} as const;

export type FieldProblemCode = keyof typeof fieldProblems;

export interface FieldProblem {
  readonly code: FieldProblemCode;
  /** For the places in the words; texts of a stranger are quoted already. */
  readonly values: Readonly<Record<string, string | number>>;
}

export function fieldProblem(code: FieldProblemCode, values: FieldProblem['values'] = {}): FieldProblem {
  return { code, values };
}

/** The same as the message of a rule of the schema, which can only be text: `readRule` reads it. */
export function rule(code: FieldProblemCode, values: FieldProblem['values'] = {}): string {
  return JSON.stringify([code, values]);
}

/** What a rule of the schema says; the schema's library has words of its own where no rule has. */
export function readRule(message: string): FieldProblem {
  const [, code] = /^\["([a-z0-9-]+)",/.exec(message) ?? [];
  return isCode(code) ? { code, values: JSON.parse(message)[1] } : { code: 'said', values: { why: message } };
}

/** In English, as a log and the command line have it. */
export function formatProblem({ code, values }: FieldProblem): string {
  return fillProblem(fieldProblems[code], values);
}

/** Puts values into the words of any language. */
export function fillProblem(words: string, values: FieldProblem['values']): string {
  return words.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? quote('?')));
}

function isCode(code: string | undefined): code is FieldProblemCode {
  return code !== undefined && Object.hasOwn(fieldProblems, code);
}

/** The problem that a failure `profile.invalid` tells of; `undefined` for one that was not made from a field's rule. */
export function problemOf(detail: FieldProblem['values']): FieldProblem | undefined {
  const code = String(detail['problem'] ?? '');
  return isCode(code) ? { code, values: detail } : undefined;
}

/** The failure that tells a user what is wrong with which field, in which line. */
export function profileInvalid(
  file: string,
  at: { readonly line: number; readonly field: string; readonly problem: FieldProblem },
): Failure<'profile.invalid'> {
  const { line, field, problem } = at;
  const reason = formatProblem(problem);
  return failure('profile.invalid', { ...problem.values, file, line, field, reason, problem: problem.code });
}
