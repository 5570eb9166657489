import { concat, equal, toHex } from '../../core/base/octets.ts';
import { ok } from '../../core/base/result.ts';
import type {
  CryptoProvider,
  KeyExchange,
  OpenPacketCipher,
  PacketCipher,
  PacketCipherKey,
  Random,
  Signer,
} from '../../core/crypto/interfaces.ts';
import { nodeHash, nodePrf } from '../../core/crypto/node/hash.ts';
import { nodePacketCipher } from '../support/crypto/node-packet-cipher.ts';
import { Violation } from './violation.ts';

export interface SealKeys {
  readonly cipher: PacketCipher;
  readonly open: OpenPacketCipher;
}

/** What was encrypted, by the last octets of what came out: how the simulator reads the messages. */
export class SealMemory {
  readonly #plaintexts = new Map<string, Uint8Array>();
  readonly #keys = new Map<string, SealKeys>();

  keep(sealed: Uint8Array, plaintext: Uint8Array, keys: SealKeys): void {
    const name = toHex(sealed.subarray(-16));
    this.#plaintexts.set(name, plaintext);
    this.#keys.set(name, keys);
  }

  /** What it was sealed with, not watched by anybody. */
  keyOf(sealed: Uint8Array): SealKeys | undefined {
    return this.#keys.get(toHex(sealed.subarray(-16)));
  }

  /** The padded plaintext; undefined for octets that nobody sealed. */
  find(sealed: Uint8Array): Uint8Array | undefined {
    return this.#plaintexts.get(toHex(sealed.subarray(-16)));
  }
}

/** Every secret that one engine was given or made, held to be looked at when it has closed. */
export class KeyLedger {
  readonly #keys = new Map<Uint8Array, string>();
  readonly #open = new Set<string>();
  #count = 0;

  /** A key that the engine holds, or that was made for it. */
  key(octets: Uint8Array, name: string): void {
    if (octets.length > 0 && !this.#keys.has(octets)) this.#keys.set(octets, name);
  }

  /** Something that must be wiped by a call; call the result then. */
  opened(what: string): () => void {
    const name = `${what} ${++this.#count}`;
    this.#open.add(name);
    return () => this.#open.delete(name);
  }

  /** What is still there. */
  unwiped(): string[] {
    const keys = [...this.#keys].filter(([octets]) => octets.some((octet) => octet !== 0));
    return [...keys.map(([octets, name]) => `${name} of ${octets.length} octets`), ...this.#open];
  }
}

/**
 * Cryptography that is quick and gives the same octets for the same seed: real PRFs and ciphers, but groups that are plain
 * multiplication, and signatures that are hashes. It keeps no secret from anybody.
 */
export function simCrypto(memory: SealMemory, ledger: KeyLedger): CryptoProvider {
  return {
    prf(id) {
      const prf = nodePrf(id);
      if (prf === undefined) return undefined;
      return {
        ...prf,
        compute(key, ...data) {
          // Nonces are the key of SKEYSEED, and no secret; they are longer than any PRF's own key here.
          if (key.length === prf.keyOctets) ledger.key(key, 'a PRF key');
          return prf.compute(key, ...data);
        },
      };
    },
    packetCipher(encryptionId, keyBits, integrityId) {
      const cipher = nodePacketCipher(encryptionId, keyBits, integrityId);
      if (cipher === undefined) return undefined;
      return {
        ...cipher,
        open: (key) => watchCipher(cipher, key, memory, ledger),
      };
    },
    keyExchange: (id) => groups.map((group) => watchGroup(group, ledger)).find((group) => group.id === id),
    hash: nodeHash,
    signatures: {
      kindOf: () => 'ec-p256',
      verify: (_scheme, spki, data, signature) => equal(signature, fakeSignature(spki, data)),
    },
  };
}

function watchCipher(
  cipher: PacketCipher,
  key: PacketCipherKey,
  memory: SealMemory,
  ledger: KeyLedger,
): OpenPacketCipher {
  const { encryption, salt, integrity } = key;
  const { randomIv } = cipher;
  const open = cipher.open(key);
  // A second one, which stays when the engine wipes its own.
  const spare = { cipher, open: cipher.open(key) };
  for (const [octets, name] of [
    [encryption, 'an encryption key'],
    [salt, 'a salt'],
    [integrity, 'an integrity key'],
  ] as const)
    ledger.key(octets, name);
  const wiped = ledger.opened('a cipher');
  const used = new Set<string>();
  return {
    seal(associated, iv, plaintext) {
      const name = toHex(iv);
      if (used.has(name) && !randomIv)
        throw new Violation('iv-reuse', `the IV ${name} was used before under this key`);
      used.add(name);
      const sealed = open.seal(associated, iv, plaintext);
      memory.keep(sealed, plaintext.slice(), spare);
      return sealed;
    },
    unseal: (associated, iv, sealed) => open.unseal(associated, iv, sealed),
    wipe() {
      open.wipe();
      wiped();
    },
  };
}

const prime = 2n ** 255n - 19n;

/** g^x is 9x here: as commutative as a group, and a thousand times faster. */
const groups: readonly KeyExchange[] = (
  [
    [14, 'modp2048', 256],
    [19, 'ecp256', 64],
    [31, 'x25519', 32],
  ] as const
).map(([id, name, publicOctets]) => ({
  id,
  name,
  publicOctets,
  generate(random: Random) {
    const secret = toNumber(random.octets(32)) % prime;
    return {
      publicValue: fromNumber((secret * 9n) % prime, publicOctets),
      agree: (peer: Uint8Array) => ok(fromNumber((secret * toNumber(peer)) % prime, 32)),
      wipe: () => {},
    };
  },
}));

function watchGroup(group: KeyExchange, ledger: KeyLedger): KeyExchange {
  return {
    ...group,
    generate(random) {
      const secret = group.generate(random);
      const wiped = ledger.opened('a private value');
      return {
        publicValue: secret.publicValue,
        agree(peer) {
          const shared = secret.agree(peer);
          if (shared.ok) ledger.key(shared.value, 'a shared secret');
          return shared;
        },
        wipe: wiped,
      };
    },
  };
}

function toNumber(octets: Uint8Array): bigint {
  return octets.length === 0 ? 0n : BigInt(`0x${toHex(octets)}`);
}

function fromNumber(number: bigint, length: number): Uint8Array {
  const octets = new Uint8Array(length);
  for (let at = length - 1, rest = number; at >= 0 && rest > 0n; at--, rest >>= 8n)
    octets[at] = Number(rest & 0xffn);
  return octets;
}

/** A hash of both: whoever knows the public key can make it. */
export function fakeSignature(spki: Uint8Array, data: Uint8Array): Uint8Array {
  return nodeHash('sha512', spki, data);
}

/** The gateway's key and what the client knows of it. */
export const simSpki = new TextEncoder().encode('the public key of the gateway');
export const simSigner: Signer = {
  kind: 'ec-p256',
  sign: (_scheme, data) => fakeSignature(simSpki, concat(data)),
};
