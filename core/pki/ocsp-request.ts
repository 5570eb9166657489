import { Integer, Null, OctetString } from 'asn1js';
import { AlgorithmIdentifier, CertID, Extension, OCSPRequest, Request, TBSRequest } from 'pkijs';
import type { CryptoProvider } from '../crypto/interfaces.ts';
import type { Certificate } from './certificate.ts';

export const nonceExtension = '1.3.6.1.5.5.7.48.1.2';
const sha1 = '1.3.14.3.2.26';

/**
 * An OCSP request (DER) for `certificate`, which `issuer` has issued. SHA-1 names the issuer here, as every responder knows; nothing
 * hangs on its strength. @rfc 6960 4.1
 */
export function encodeOcspRequest(
  certificate: Certificate,
  issuer: Certificate,
  nonce: Uint8Array,
  hash: CryptoProvider['hash'],
): Uint8Array {
  const octetString = (octets: Uint8Array) => new OctetString({ valueHex: octets.slice().buffer });
  const id = new CertID({
    hashAlgorithm: new AlgorithmIdentifier({ algorithmId: sha1, algorithmParams: new Null() }),
    issuerNameHash: octetString(hash('sha1', certificate.issuer.der)),
    issuerKeyHash: octetString(hash('sha1', issuer.publicKey)),
    serialNumber: new Integer({ valueHex: certificate.serial.slice().buffer }),
  });
  const extension = new Extension({
    extnID: nonceExtension,
    extnValue: octetString(nonce).toBER(),
  });
  const request = new OCSPRequest({
    tbsRequest: new TBSRequest({
      requestList: [new Request({ reqCert: id })],
      requestExtensions: [extension],
    }),
  });
  return new Uint8Array(request.toSchema(true).toBER());
}
