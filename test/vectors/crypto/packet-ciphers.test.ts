import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromHex, toHex } from '../../../core/base/octets.ts';
import { threePacketCiphers } from './three-packet-ciphers.ts';

interface AeadVector {
  readonly name: string;
  readonly cipher: readonly [id: number, keyBits: number];
  readonly key: string;
  /** Salt and IV. */
  readonly nonce: string;
  readonly associated: string;
  readonly plaintext: string;
  readonly ciphertext: string;
  readonly tag: string;
}

const feff = 'feffe9928665731c6d6a8f9467308308';
const gcmPlaintext =
  'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525' +
  'b16aedf5aa0de657ba637b39';
const gcmAssociated = 'feedfacedeadbeeffeedfacedeadbeefabaddad2';
const zeros = (octets: number) => '00'.repeat(octets);
const chachaKey = '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f';

const vectors: readonly AeadVector[] = [
  // McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", appendix B, test cases 1, 2, 4, 10, 13, 14, 16.
  {
    name: 'GCM test case 1',
    cipher: [20, 128],
    key: zeros(16),
    nonce: zeros(12),
    associated: '',
    plaintext: '',
    ciphertext: '',
    tag: '58e2fccefa7e3061367f1d57a4e7455a',
  },
  {
    name: 'GCM test case 2',
    cipher: [20, 128],
    key: zeros(16),
    nonce: zeros(12),
    associated: '',
    plaintext: zeros(16),
    ciphertext: '0388dace60b6a392f328c2b971b2fe78',
    tag: 'ab6e47d42cec13bdf53a67b21257bddf',
  },
  {
    name: 'GCM test case 4',
    cipher: [20, 128],
    key: feff,
    nonce: 'cafebabefacedbaddecaf888',
    associated: gcmAssociated,
    plaintext: gcmPlaintext,
    ciphertext:
      '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05' +
      '1ba30b396a0aac973d58e091',
    tag: '5bc94fbc3221a5db94fae95ae7121a47',
  },
  {
    name: 'GCM test case 10',
    cipher: [20, 192],
    key: feff + feff.slice(0, 16),
    nonce: 'cafebabefacedbaddecaf888',
    associated: gcmAssociated,
    plaintext: gcmPlaintext,
    ciphertext:
      '3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525ac619d18c84a3f47' +
      '18e2448b2fe324d9ccda2710',
    tag: '2519498e80f1478f37ba55bd6d27618c',
  },
  {
    name: 'GCM test case 13',
    cipher: [20, 256],
    key: zeros(32),
    nonce: zeros(12),
    associated: '',
    plaintext: '',
    ciphertext: '',
    tag: '530f8afbc74536b9a963b4f1c4cb738b',
  },
  {
    name: 'GCM test case 14',
    cipher: [20, 256],
    key: zeros(32),
    nonce: zeros(12),
    associated: '',
    plaintext: zeros(16),
    ciphertext: 'cea7403d4d606b6e074ec5d3baf39d18',
    tag: 'd0d1c8a799996bf0265b98b5d48ab919',
  },
  {
    name: 'GCM test case 16',
    cipher: [20, 256],
    key: feff + feff,
    nonce: 'cafebabefacedbaddecaf888',
    associated: gcmAssociated,
    plaintext: gcmPlaintext,
    ciphertext:
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838' +
      'c5f61e6393ba7a0abcc9f662',
    tag: '76fc6ece0f4e1768cddf8853bb2d551b',
  },
  {
    name: 'RFC 7634 appendix A: an ESP packet with an echo request inside',
    cipher: [28, 256],
    key: chachaKey,
    nonce: 'a0a1a2a3 1011121314151617',
    associated: '01020304 00000005',
    plaintext:
      '45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec1000073627' +
      '08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637' +
      '01020204',
    ciphertext:
      '24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c614ee8099d52844eb61aa95dfab4c02f7' +
      '2aa71e7c4c4f64c9befe2facc638e8f3cbec163fac469b502773f6fb94e664da9165b82829f641e0',
    tag: '76aaa8266b7fb0f7b11b369907e1ad43',
  },
  {
    name: 'RFC 7634 appendix B: an IKE INFORMATIONAL message',
    cipher: [28, 256],
    key: chachaKey,
    nonce: 'a0a1a2a3 1011121314151617',
    associated: 'c0c1c2c3c4c5c6c7 d0d1d2d3d4d5d6d7 2e202500 00000009 00000045 29000029',
    plaintext: '0000000c 0000400100 00000a00',
    ciphertext: '6103 94701f8d017f7c12924889',
    tag: '6b71bfe25236efd7cdc67066906315b2',
  },
  {
    // RFC 8439 2.8.2; the first four octets of its nonce stand where IPsec has the salt.
    name: 'RFC 8439 section 2.8.2',
    cipher: [28, 256],
    key: chachaKey,
    nonce: '07000000 4041424344454647',
    associated: '50515253c0c1c2c3c4c5c6c7',
    plaintext: toHex(
      Buffer.from(
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
      ),
    ),
    ciphertext:
      'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b' +
      '1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc' +
      '3ff4def08e4b7a9de576d26586cec64b6116',
    tag: '1ae10b594f09e26a7e902ecbd0600691',
  },
];

for (const { name, cipher, key, nonce, associated, plaintext, ciphertext, tag } of vectors)
  describe(name, () => {
    for (const [implementation, packetCipher] of threePacketCiphers(...cipher, 0))
      test(implementation, () => {
        const open = packetCipher.open({
          encryption: fromHex(key),
          salt: fromHex(nonce).subarray(0, 4),
          integrity: new Uint8Array(0),
        });
        const iv = fromHex(nonce).subarray(4);
        const sealed = fromHex(ciphertext + tag);
        assert.equal(toHex(open.seal(fromHex(associated), iv, fromHex(plaintext))), toHex(sealed));
        assert.deepEqual(open.unseal(fromHex(associated), iv, sealed), fromHex(plaintext));
        open.wipe();
      });
  });

// NIST SP 800-38A, appendix F.2.1, F.2.3 and F.2.5. Behind the ciphertext comes the HMAC, which is not under test here.
const cbcPlaintext =
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51' +
  '30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710';
for (const [section, keyBits, key, ciphertext] of [
  [
    'F.2.1',
    128,
    '2b7e151628aed2a6abf7158809cf4f3c',
    '7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2' +
      '73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7',
  ],
  [
    'F.2.3',
    192,
    '8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b',
    '4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a' +
      '571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd',
  ],
  [
    'F.2.5',
    256,
    '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
    'f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d' +
      '39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b',
  ],
] as const)
  describe(`NIST SP 800-38A ${section}: AES-CBC with ${keyBits} bits`, () => {
    for (const [integrityId, octets] of [
      [12, 32],
      [13, 48],
      [14, 64],
    ] as const)
      for (const [implementation, packetCipher] of threePacketCiphers(12, keyBits, integrityId))
        test(`${implementation} with integrity ${integrityId}`, () => {
          const open = packetCipher.open({
            encryption: fromHex(key),
            salt: new Uint8Array(0),
            integrity: new Uint8Array(octets).fill(7),
          });
          const iv = fromHex('000102030405060708090a0b0c0d0e0f');
          const sealed = open.seal(new Uint8Array(8), iv, fromHex(cbcPlaintext));
          assert.equal(toHex(sealed.subarray(0, 64)), ciphertext);
          assert.equal(sealed.length, 64 + octets / 2);
          assert.deepEqual(open.unseal(new Uint8Array(8), iv, sealed), fromHex(cbcPlaintext));
          open.wipe();
        });
  });
