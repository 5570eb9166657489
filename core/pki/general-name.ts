import { formatIpAddress, ipAddress } from '../base/address.ts';
import { utf8 } from '../base/utf8.ts';
import type { DerValue } from './der.ts';
import {
  type DistinguishedName,
  formatDistinguishedName,
  isWithinName,
  printable,
  readDistinguishedName,
} from './distinguished-name.ts';
import { normalHost, normalMail } from './identity.ts';

/** One name of a subjectAltName, or the base of a name constraint. @rfc 5280 4.2.1.6 */
export type GeneralName =
  | { readonly kind: 'dns' | 'mail' | 'uri'; readonly text: string }
  /** 4 or 16 octets; in a constraint 8 or 32, the second half being the mask. */
  | { readonly kind: 'ip'; readonly octets: Uint8Array }
  | { readonly kind: 'directory'; readonly name: DistinguishedName }
  /** otherName and others, which no identity of IKE matches. `tag` tells them apart. */
  | { readonly kind: 'other'; readonly tag: number };

const textKinds: Readonly<Record<number, 'mail' | 'dns' | 'uri'>> = { 1: 'mail', 2: 'dns', 6: 'uri' };

/** `undefined` when the name is malformed. */
export function readGeneralName(value: DerValue): GeneralName | undefined {
  if (value.tagClass !== 3) return undefined;
  const textKind = textKinds[value.tag];
  if (textKind !== undefined) {
    const text = utf8.decodeStrict(value.content);
    return text === undefined ? undefined : { kind: textKind, text };
  }
  if (value.tag === 7) {
    const { length } = value.content;
    return [4, 8, 16, 32].includes(length) ? { kind: 'ip', octets: value.content } : undefined;
  }
  if (value.tag !== 4) return { kind: 'other', tag: value.tag };
  const [inner] = value.parts;
  const name = inner && readDistinguishedName(inner);
  return name === undefined ? undefined : { kind: 'directory', name };
}

/** Text for people; safe to print. */
export function formatGeneralName(name: GeneralName): string {
  switch (name.kind) {
    case 'dns':
    case 'mail':
    case 'uri':
      return printable(name.text);
    case 'ip':
      return [4, 16].includes(name.octets.length) ? formatIpAddress(ipAddress(name.octets)) : '(a network)';
    case 'directory':
      return formatDistinguishedName(name.name);
    case 'other':
      return `(a name of type ${name.tag})`;
  }
}

/** Are the two of the kind that one can constrain the other? */
export function sameKind(name: GeneralName, base: GeneralName): boolean {
  return name.kind === base.kind && (name.kind !== 'other' || base.kind !== 'other' || name.tag === base.tag);
}

/**
 * Is `name` inside the subtree `base` of the same kind? `undefined` when that can't be said, which must count
 * against the certificate. @rfc 5280 4.2.1.10
 */
export function isWithin(name: GeneralName, base: GeneralName): boolean | undefined {
  if (name.kind === 'dns' && base.kind === 'dns') return isHostWithin(normalHost(name.text), base.text);
  if (name.kind === 'mail' && base.kind === 'mail') return isMailWithin(name.text, base.text);
  if (name.kind === 'uri' && base.kind === 'uri') return isUriWithin(name.text, base.text);
  if (name.kind === 'directory' && base.kind === 'directory') return isWithinName(name.name, base.name);
  if (name.kind === 'ip' && base.kind === 'ip') return isAddressWithin(name.octets, base.octets);
  return undefined;
}

/** `example.com` holds itself and all below it; many CAs write `.example.com` and mean all below it. */
function isHostWithin(host: string, base: string): boolean {
  const domain = normalHost(base);
  if (domain === '') return true;
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

/** A whole address, a host, or `.domain`. */
function isMailWithin(mail: string, base: string): boolean {
  if (base.includes('@')) return normalMail(mail) === normalMail(base);
  const host = normalHost(mail.slice(mail.lastIndexOf('@') + 1));
  const domain = normalHost(base);
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain;
}

/** The host of a URI: `example.com` holds itself alone, `.example.com` all below it. An address has no host. */
function isUriWithin(uri: string, base: string): boolean | undefined {
  const [, authority] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(uri) ?? [];
  const host = normalHost((authority ?? '').replace(/^.*@/, '').replace(/:\d*$/, ''));
  if (host === '' || host.startsWith('[') || /^[\d.]+$/.test(host)) return undefined;
  const domain = normalHost(base);
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain;
}

function isAddressWithin(address: Uint8Array, base: Uint8Array): boolean | undefined {
  if (base.length !== 8 && base.length !== 32) return undefined;
  const half = base.length / 2;
  if (address.length !== half) return false;
  return address.every(
    (octet, at) => (octet & (base[half + at] ?? 0)) === ((base[at] ?? 0) & (base[half + at] ?? 0)),
  );
}
