import { failure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { err, ok } from '../../base/result.ts';
import type { ProfileImporter } from './importer.ts';

/**
 * PKCS#12 containers (.p12, .pfx): a certificate with its private key, behind a password. One says who its owner is and
 * nothing of a gateway. What is in it shows only when it is opened, which is not done here. @rfc 7292 4
 */
export const pkcs12Importer: ProfileImporter = {
  kind: 'PKCS#12',
  recognises: ({ octets }) => {
    // SEQUENCE, its length in any form, then INTEGER 3.
    if (octets[0] !== 0x30) return false;
    const first = octets[1] ?? 0;
    const at = first < 0x80 ? 2 : 2 + (first & 0x7f);
    return first !== 0xff && octets[at] === 0x02 && octets[at + 1] === 0x01 && octets[at + 2] === 0x03;
  },
  read: ({ name, octets }) =>
    octets.length > limits.keyFileOctets
      ? err(failure('import.too-large', { file: name, most: limits.keyFileOctets }))
      : ok({ kind: 'key-file', name, octets }),
};
