import type { InteropCase } from '../case.ts';

const ikeCiphers = [
  'aes256gcm16',
  'aes128gcm16',
  'aes192gcm16',
  'chacha20poly1305',
  'aes256-sha256',
  'aes128-sha384',
  'aes192-sha512',
];
const prfs = ['prfsha256', 'prfsha384', 'prfsha512'];
const groups = ['ecp256', 'x25519', 'modp2048', 'ecp384', 'modp3072', 'ecp521', 'modp4096'];
const espCiphers = [
  'aes256gcm16',
  'aes256-sha256',
  'chacha20poly1305',
  'aes128-sha384',
  'aes128gcm16',
  'aes256-sha512',
  'aes192gcm16',
  'aes192-sha256',
];

/** Every pair of IKE cipher and group, each of them with every PRF, and every ESP cipher with each of them. */
const pairs: readonly InteropCase[] = ikeCiphers.flatMap((cipher, i) =>
  groups.map((group, j) => {
    const prf = prfs[(i + j) % prfs.length] ?? '';
    const esp = espCiphers[(i + 2 * j) % espCiphers.length] ?? '';
    return only(`${cipher}-${prf}-${group}`, esp);
  }),
);

/** Client and gateway both have just this suite. */
function only(ike: string, esp: string): InteropCase {
  return {
    name: `ike ${ike}, esp ${esp}`,
    theme: 'algorithms',
    gateway: { ike: [ike], esp: [esp] },
    client: { ike: [ike], esp: [esp] },
    expect: { up: true, ike, esp },
  };
}

/** The gateway takes only this; the client offers what it always offers. */
function gatewayWants(ike: string, esp: string): InteropCase {
  return {
    name: `gateway wants ike ${ike}, esp ${esp}`,
    theme: 'algorithms',
    gateway: { ike: [ike], esp: [esp] },
    client: {},
    expect: { up: true, ike, esp },
  };
}

function noCommon(name: string, gateway: InteropCase['gateway']): InteropCase {
  return {
    name,
    theme: 'algorithms',
    gateway,
    client: {},
    expect: { up: false, failure: 'peer.no-proposal-chosen' },
  };
}

export const algorithmCases: readonly InteropCase[] = [
  ...pairs,
  // One group after the other that the first KE payload does not hold: INVALID_KE_PAYLOAD each time.
  ...groups.map((group) => gatewayWants(`aes256gcm16-prfsha384-${group}`, 'aes256gcm16')),
  ...[
    'aes256-sha256',
    'aes256-sha384',
    'aes256-sha512',
    'aes128-sha256',
    'chacha20poly1305',
    'aes128gcm16',
  ].map((esp) => gatewayWants('aes256-sha256-modp2048', esp)),
  gatewayWants('aes128-sha256-x25519', 'aes128gcm16'),
  {
    name: 'AEAD in IKE, though the gateway would rather derive keys with AES-XCBC',
    theme: 'algorithms',
    gateway: {
      ike: ['aes128gcm16-aesxcbc-x25519', 'aes128gcm16-prfsha256-x25519'],
      esp: ['aes128gcm16-x25519'],
    },
    client: {},
    expect: { up: true, ike: 'aes128gcm16-prfsha256-x25519', esp: 'aes128gcm16' },
  },
  {
    name: 'chacha20poly1305 for both',
    theme: 'algorithms',
    gateway: { ike: ['chacha20poly1305-prfsha256-x25519'], esp: ['chacha20poly1305-x25519'] },
    client: {},
    expect: { up: true, ike: 'chacha20poly1305-prfsha256-x25519', esp: 'chacha20poly1305' },
  },
  {
    name: 'a second group after INVALID_KE_PAYLOAD, ecp384',
    theme: 'algorithms',
    gateway: { ike: ['aes192-sha384-ecp384'], esp: ['aes192-sha384'] },
    client: { ike: ['aes128-sha256-ecp256', 'aes192-sha384-ecp384'] },
    expect: { up: true, ike: 'aes192-sha384-ecp384', esp: 'aes192-sha384' },
  },
  {
    name: 'a second group after INVALID_KE_PAYLOAD, ecp521',
    theme: 'algorithms',
    gateway: { ike: ['aes256-sha512-ecp521'], esp: ['aes256-sha512'] },
    client: { ike: ['aes128-sha256-ecp256', 'aes256-sha512-ecp521'] },
    expect: { up: true, ike: 'aes256-sha512-ecp521', esp: 'aes256-sha512' },
  },
  noCommon('groups 22 to 24 are not offered', {
    ike: ['aes128-sha1-modp1024s160', 'aes128-sha256-modp2048s256'],
    esp: ['aes128gcm16'],
  }),
  noCommon('ESP without encryption is not offered', { ike: ['aes128-sha256-x25519'], esp: ['null-sha256'] }),
  noCommon('3DES, MD5 and group 2 are not offered', { ike: ['3des-md5-modp1024'], esp: ['3des-md5'] }),
  noCommon('DES, SHA-1 and group 2, the default of old Windows servers, are not offered', {
    ike: ['3des-sha1-modp1024'],
    esp: ['aes256-sha1'],
  }),
];
