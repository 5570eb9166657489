/** strongSwan's keywords → the names that charon gives the same things over vici. */
const names: Readonly<Record<string, string>> = {
  aes128: 'AES_CBC-128',
  aes192: 'AES_CBC-192',
  aes256: 'AES_CBC-256',
  aes128gcm16: 'AES_GCM_16-128',
  aes192gcm16: 'AES_GCM_16-192',
  aes256gcm16: 'AES_GCM_16-256',
  chacha20poly1305: 'CHACHA20_POLY1305',
  sha256: 'HMAC_SHA2_256_128',
  sha384: 'HMAC_SHA2_384_192',
  sha512: 'HMAC_SHA2_512_256',
  prfsha256: 'PRF_HMAC_SHA2_256',
  prfsha384: 'PRF_HMAC_SHA2_384',
  prfsha512: 'PRF_HMAC_SHA2_512',
  modp2048: 'MODP_2048',
  modp3072: 'MODP_3072',
  modp4096: 'MODP_4096',
  ecp256: 'ECP_256',
  ecp384: 'ECP_384',
  ecp521: 'ECP_521',
  x25519: 'CURVE_25519',
};

/** `aes256-sha384-ecp256` → `AES_CBC-256/HMAC_SHA2_384_192/PRF_HMAC_SHA2_384/ECP_256`; without a PRF for ESP. */
export function charonSuite(proposal: string, protocol: 'ike' | 'esp'): string {
  const keywords = proposal.split('-');
  const integrity = keywords.find((keyword) => /^sha\d/.test(keyword));
  if (
    protocol === 'ike' &&
    integrity !== undefined &&
    !keywords.some((keyword) => keyword.startsWith('prf'))
  ) {
    keywords.splice(keywords.indexOf(integrity) + 1, 0, `prf${integrity}`);
  }
  const of = (keyword: string): string => {
    const name = names[keyword];
    if (name === undefined)
      throw new Error(`charon's name of ${keyword} is not in test/interop/suite-names.ts`);
    return name;
  };
  return keywords.map(of).join('/');
}
