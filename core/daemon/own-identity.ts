import { createHash } from 'node:crypto';
import { utf8 } from '../base/utf8.ts';
import { parseCertificate } from '../pki/certificate.ts';
import { type IkeIdentity, identityTypes } from '../pki/identity.ts';

/**
 * Who a certificate says its holder is: the first mail address of its subjectAltName, else the first host name, else the
 * subject. `undefined` when it cannot be read.
 */
export function identityOfCertificate(der: Uint8Array): IkeIdentity | undefined {
  const certificate = parseCertificate(der);
  if (!certificate.ok) return undefined;
  const { extensions, subjectDer } = certificate.value;
  const names = extensions.subjectAltNames;
  const mail = names.find((name) => name.kind === 'mail');
  if (mail?.kind === 'mail') return { type: identityTypes.rfc822, data: utf8.encode(mail.text) };
  const host = names.find((name) => name.kind === 'dns');
  if (host?.kind === 'dns') return { type: identityTypes.fqdn, data: utf8.encode(host.text) };
  return { type: identityTypes.distinguishedName, data: subjectDer };
}

/** Who the holder of a key without a certificate is: the SHA-1 of its SubjectPublicKeyInfo (DER), as strongSwan has it. */
export function identityOfPublicKey(spki: Uint8Array): IkeIdentity {
  const data = new Uint8Array(createHash('sha1').update(spki).digest());
  return { type: identityTypes.keyId, data };
}
