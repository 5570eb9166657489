import koffi from 'koffi';
import { err, ok, type Result } from '../../base/result.ts';
import { utf8 } from '../../base/utf8.ts';
import { type Address, addressOf } from '../openssl/evp.ts';

/** A function of the module refused: its name and its CK_RV. */
export interface CryptokiFailure {
  readonly call: string;
  readonly rv: number;
}

/** CK_TOKEN_INFO as far as it is needed; texts without their padding. @see PKCS#11 2.40, 3.2 */
export interface TokenInfo {
  readonly slot: number;
  readonly label: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
  readonly flags: number;
}

export type Attribute = readonly [type: number, value: Uint8Array];

/** The calls of a PKCS#11 module that signing needs. Handles are numbers, octets in and out are copies. */
export interface Cryptoki {
  /** Tokens that are inserted. */
  tokens(most: number): Result<readonly TokenInfo[], CryptokiFailure>;
  tokenInfo(slot: number): Result<TokenInfo, CryptokiFailure>;
  openSession(slot: number): Result<number, CryptokiFailure>;
  /** `user`: 1 is the user, 2 the key that is used next. Without a PIN it is typed on the reader. */
  login(session: number, user: number, pin: Uint8Array | undefined): Result<undefined, CryptokiFailure>;
  find(
    session: number,
    template: readonly Attribute[],
    most: number,
  ): Result<readonly number[], CryptokiFailure>;
  /** Empty when the object has no such attribute. */
  attribute(session: number, object: number, type: number): Result<Uint8Array, CryptokiFailure>;
  signInit(
    session: number,
    mechanism: number,
    parameter: Uint8Array,
    key: number,
  ): Result<undefined, CryptokiFailure>;
  sign(session: number, data: Uint8Array): Result<Uint8Array, CryptokiFailure>;
}

/** A CK_ULONG as an attribute's value. */
export function ulong(value: number): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
}

const ulongOctets = 8;
/** CK_ULONG and pointers are 8 octets on every Linux that Node runs on with 64 bits. */
const attributeOctets = 3 * ulongOctets;
const tokenInfoOctets = 256;
const serialSession = 4;
/** No signature is longer: RSA of 8192 bits. */
const signatureOctets = 1_024;
const largestAttribute = 65_536;
const attributeTypeInvalid = 0x12;
const attributeSensitive = 0x11;

/** Places of the functions in CK_FUNCTION_LIST, after its version. */
const places = {
  C_Initialize: 0,
  C_GetSlotList: 4,
  C_GetTokenInfo: 6,
  C_OpenSession: 12,
  C_Login: 18,
  C_GetAttributeValue: 24,
  C_FindObjectsInit: 26,
  C_FindObjects: 27,
  C_FindObjectsFinal: 28,
  C_SignInit: 42,
  C_Sign: 43,
} as const;

type Name = keyof typeof places;

/**
 * Loads a module and initialises it. The error is the end of a sentence. Foreign code runs from here on: call it in a process
 * that can be lost. With RTLD_DEEPBIND the module uses the libcrypto that it was linked with, not the one inside node.
 */
export function loadCryptoki(path: string): Result<Cryptoki, string> {
  let list: bigint;
  try {
    const library = koffi.load(path, { deep: true });
    const getList = library.func('C_GetFunctionList', 'ulong', ['uintptr_t']);
    const out = words(1);
    if (Number(getList(addressOf(out))) !== 0) return err('it does not give its functions');
    list = new BigUint64Array(out.buffer)[0] ?? 0n;
  } catch (error) {
    return err(error instanceof Error ? error.message : 'it cannot be loaded');
  }
  const module = new Module(list);
  const initialised = module.call('C_Initialize', 0);
  return initialised.ok ? ok(module) : err(`C_Initialize failed with ${hex(initialised.error.rv)}`);
}

export function hex(rv: number): string {
  return `0x${rv.toString(16)}`;
}

class Module implements Cryptoki {
  readonly #list: bigint;
  readonly #types = new Map<number, ReturnType<typeof koffi.proto>>();

  constructor(list: bigint) {
    this.#list = list;
  }

  call(name: Name, ...values: readonly number[]): Result<undefined, CryptokiFailure> {
    // CK_VERSION has two octets; the pointers begin at the next multiple of 8.
    const pointer: unknown = koffi.decode(this.#list, ulongOctets * (1 + places[name]), 'uintptr_t');
    const rv = Number(koffi.call(BigInt(Number(pointer)), this.#type(values.length), ...values));
    return rv === 0 ? ok() : err({ call: name, rv });
  }

  /** All parameters are CK_ULONGs, handles or pointers: one register each. */
  #type(parameters: number): ReturnType<typeof koffi.proto> {
    const known = this.#types.get(parameters);
    if (known !== undefined) return known;
    const type = koffi.proto(
      'ulong',
      Array.from({ length: parameters }, () => 'uintptr_t'),
    );
    this.#types.set(parameters, type);
    return type;
  }

  tokens(most: number): Result<readonly TokenInfo[], CryptokiFailure> {
    const count = words(1);
    const counted = this.call('C_GetSlotList', 1, 0, addressOf(count));
    if (!counted.ok) return counted;
    const slots = words(Math.min(most, first(count)));
    new BigUint64Array(count.buffer)[0] = BigInt(slots.length / ulongOctets);
    if (slots.length === 0) return ok([]);
    const listed = this.call('C_GetSlotList', 1, addressOf(slots), addressOf(count));
    if (!listed.ok) return listed;
    const numbers = [...new BigUint64Array(slots.buffer)].slice(0, first(count)).map(Number);
    // A token that can't be read is not one to choose.
    return ok(
      numbers.flatMap((slot) => {
        const info = this.tokenInfo(slot);
        return info.ok ? [info.value] : [];
      }),
    );
  }

  tokenInfo(slot: number): Result<TokenInfo, CryptokiFailure> {
    const info = own(new Uint8Array(tokenInfoOctets));
    const got = this.call('C_GetTokenInfo', slot, addressOf(info));
    if (!got.ok) return got;
    const text = (at: number, length: number) =>
      utf8.decode(info.subarray(at, at + length)).replace(/[\s\0]+$/, '');
    return ok({
      slot,
      label: text(0, 32),
      manufacturer: text(32, 32),
      model: text(64, 16),
      serial: text(80, 16),
      flags: Number(new DataView(info.buffer).getBigUint64(96, true)),
    });
  }

  openSession(slot: number): Result<number, CryptokiFailure> {
    const session = words(1);
    const opened = this.call('C_OpenSession', slot, serialSession, 0, 0, addressOf(session));
    return opened.ok ? ok(first(session)) : opened;
  }

  login(session: number, user: number, pin: Uint8Array | undefined): Result<undefined, CryptokiFailure> {
    if (pin === undefined) return this.call('C_Login', session, user, 0, 0);
    const secret = own(pin);
    const done = this.call('C_Login', session, user, addressOf(secret), pin.length);
    secret.fill(0);
    return done;
  }

  find(
    session: number,
    template: readonly Attribute[],
    most: number,
  ): Result<readonly number[], CryptokiFailure> {
    const values = template.map(([, value]) => own(value));
    const memory = words(template.length * 3);
    const view = new BigUint64Array(memory.buffer);
    template.forEach(([type, value], index) => {
      view.set([BigInt(type), BigInt(addressOf(values[index] ?? memory)), BigInt(value.length)], index * 3);
    });
    const begun = this.call('C_FindObjectsInit', session, addressOf(memory), template.length);
    if (!begun.ok) return begun;
    const handles = words(most);
    const count = words(1);
    const found = this.call('C_FindObjects', session, addressOf(handles), most, addressOf(count));
    this.call('C_FindObjectsFinal', session);
    return found.ok
      ? ok([...new BigUint64Array(handles.buffer)].slice(0, Math.min(most, first(count))).map(Number))
      : found;
  }

  attribute(session: number, object: number, type: number): Result<Uint8Array, CryptokiFailure> {
    const memory = own(new Uint8Array(attributeOctets));
    const view = new BigUint64Array(memory.buffer);
    view[0] = BigInt(type);
    const sized = this.call('C_GetAttributeValue', session, object, addressOf(memory), 1);
    if (!sized.ok)
      return [attributeTypeInvalid, attributeSensitive].includes(sized.error.rv)
        ? ok(new Uint8Array(0))
        : sized;
    const length = Number(view[2]);
    if (length === 0 || length > largestAttribute) return ok(new Uint8Array(0));
    const value = own(new Uint8Array(length));
    view[1] = BigInt(addressOf(value));
    const got = this.call('C_GetAttributeValue', session, object, addressOf(memory), 1);
    return got.ok ? ok(value.slice(0, Math.min(length, Number(view[2])))) : got;
  }

  signInit(
    session: number,
    mechanism: number,
    parameter: Uint8Array,
    key: number,
  ): Result<undefined, CryptokiFailure> {
    const memory = words(3);
    const copy = own(parameter);
    const pointer = parameter.length === 0 ? 0 : addressOf(copy);
    new BigUint64Array(memory.buffer).set([BigInt(mechanism), BigInt(pointer), BigInt(parameter.length)]);
    return this.call('C_SignInit', session, addressOf(memory), key);
  }

  sign(session: number, data: Uint8Array): Result<Uint8Array, CryptokiFailure> {
    const input = own(data);
    const out = own(new Uint8Array(signatureOctets));
    const length = words(1);
    new BigUint64Array(length.buffer)[0] = BigInt(signatureOctets);
    const signed = this.call(
      'C_Sign',
      session,
      addressOf(input),
      data.length,
      addressOf(out),
      addressOf(length),
    );
    return signed.ok ? ok(out.slice(0, Math.min(signatureOctets, first(length)))) : signed;
  }
}

/** A copy outside V8's heap, where it does not move. */
function own(octets: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(new ArrayBuffer(Math.max(octets.length, 1)), 0, octets.length);
  copy.set(octets);
  return copy;
}

function words(count: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(Math.max(count, 1) * ulongOctets), 0, count * ulongOctets);
}

function first(memory: Uint8Array<ArrayBuffer>): Address {
  return Number(new BigUint64Array(memory.buffer)[0] ?? 0n);
}
