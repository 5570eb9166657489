import { X509Certificate } from 'node:crypto';
import { limits } from '../../base/limits.ts';
import { equal, toHex } from '../../base/octets.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { PublicKeyKind, SignatureScheme } from '../interfaces.ts';
import { kindOfKey } from '../node/signatures.ts';
import { type Cryptoki, type CryptokiFailure, hex, type TokenInfo, ulong } from './cryptoki.ts';
import { signatureOf, signInput } from './sign-input.ts';

/** Which token and which certificate on it: each part that is there must be equal. @rfc 7512 */
export interface TokenQuery {
  readonly text: string;
  readonly token?: string | undefined;
  readonly serial?: string | undefined;
  readonly manufacturer?: string | undefined;
  readonly model?: string | undefined;
  readonly slotId?: number | undefined;
  readonly object?: string | undefined;
  readonly id?: Uint8Array | undefined;
}

export interface TokenProblem {
  readonly problem:
    | 'missing'
    | 'no-certificate'
    | 'pin'
    | 'pin-locked'
    | 'pin-expired'
    | 'removed'
    | 'refused';
  readonly detail: Readonly<Record<string, string>>;
}

export interface TokenCertificate {
  readonly id: string;
  readonly label: string;
  readonly certificate: Uint8Array;
}

export type TriesLeft = 'many' | 'few' | 'last';

const flag = {
  loginRequired: 0x4,
  keypad: 0x100,
  initialized: 0x400,
  pinCountLow: 0x1_0000,
  pinFinalTry: 0x2_0000,
  pinLocked: 0x4_0000,
} as const;
const attribute = {
  class: 0,
  label: 3,
  value: 0x11,
  certificateType: 0x80,
  id: 0x102,
  alwaysAuthenticate: 0x202,
} as const;
const objectClass = { certificate: 1, privateKey: 3 } as const;
const user = { normal: 1, contextSpecific: 2 } as const;

/** What a CK_RV means to a user. Any other is `refused`, with its number. */
const meanings: Readonly<Record<number, TokenProblem['problem']>> = {
  3: 'removed',
  50: 'removed',
  96: 'removed',
  130: 'removed',
  160: 'pin',
  161: 'pin',
  162: 'pin',
  163: 'pin-expired',
  164: 'pin-locked',
  176: 'removed',
  179: 'removed',
  224: 'removed',
  225: 'removed',
  257: 'removed',
};

/** One token: found, opened, and used to sign. The PIN stays here only for keys that want it each time. */
export class Token {
  readonly #module: Cryptoki;
  readonly #query: TokenQuery;
  readonly #info: TokenInfo;
  readonly #session: number;
  #pin: Uint8Array | undefined;
  #key: { readonly handle: number; readonly kind: PublicKeyKind; readonly always: boolean } | undefined;

  private constructor(module: Cryptoki, query: TokenQuery, info: TokenInfo, session: number) {
    this.#module = module;
    this.#query = query;
    this.#info = info;
    this.#session = session;
  }

  /** The token that `query` names; of several the first on which its certificate can be seen. */
  static open(module: Cryptoki, query: TokenQuery): Result<Token, TokenProblem> {
    const tokens = module.tokens(limits.tokens);
    if (!tokens.ok) return err(refused(tokens.error));
    const there = tokens.value.filter(({ flags }) => (flags & flag.initialized) !== 0);
    const fitting = there.filter((info) => fits(info, query));
    if (fitting.length === 0) {
      const present = there.map(({ label }) => label).join(', ');
      return err({ problem: 'missing', detail: { present: present === '' ? 'none' : present } });
    }
    let fallback: Token | undefined;
    for (const info of fitting) {
      const session = module.openSession(info.slot);
      if (!session.ok) continue;
      const token = new Token(module, query, info, session.value);
      const seen = token.#certificates();
      if (seen.ok && seen.value.length > 0) return ok(token);
      fallback ??= token;
    }
    return fallback === undefined ? err({ problem: 'removed', detail: {} }) : ok(fallback);
  }

  get label(): string {
    return this.#info.label;
  }

  get login(): 'none' | 'pin' | 'keypad' {
    const { flags } = this.#info;
    if ((flags & flag.loginRequired) === 0) return 'none';
    return (flags & flag.keypad) === 0 ? 'pin' : 'keypad';
  }

  /** As the token tells it now. */
  triesLeft(): TriesLeft | 'locked' {
    const now = this.#module.tokenInfo(this.#info.slot);
    const flags = now.ok ? now.value.flags : this.#info.flags;
    if ((flags & flag.pinLocked) !== 0) return 'locked';
    if ((flags & flag.pinFinalTry) !== 0) return 'last';
    return (flags & flag.pinCountLow) !== 0 ? 'few' : 'many';
  }

  /** A wrong PIN is told with the tries that are left after it; nothing is tried by itself again. */
  logIn(pin: Uint8Array | undefined): Result<undefined, TokenProblem> {
    const done = this.#module.login(this.#session, user.normal, pin);
    // 0x100: already logged in, by another session of this process.
    if (done.ok || done.error.rv === 0x100) {
      this.#pin?.fill(0);
      this.#pin = pin?.slice();
      return ok();
    }
    const problem = refused(done.error);
    const left = this.triesLeft();
    if (problem.problem === 'pin' && left === 'locked') return err({ problem: 'pin-locked', detail: {} });
    return err(problem.problem === 'pin' ? { problem: 'pin', detail: { triesLeft: left } } : problem);
  }

  /** Certificates that `query` fits and whose private key is there. */
  list(): Result<readonly TokenCertificate[], TokenProblem> {
    const all = this.#certificates();
    if (!all.ok) return all;
    const own = all.value.filter(({ id }) => this.#privateKey(id) !== undefined);
    if (own.length === 0) return err({ problem: 'no-certificate', detail: {} });
    return ok(own.slice(0, limits.certificateChoices));
  }

  /** Takes one of `list`. The chain holds what else is on the token of its issuers. */
  use(
    id: string,
  ): Result<{ readonly chain: readonly Uint8Array[]; readonly keyKind: PublicKeyKind }, TokenProblem> {
    const listed = this.list();
    if (!listed.ok) return listed;
    const chosen = listed.value.find((one) => one.id === id);
    const handle = chosen === undefined ? undefined : this.#privateKey(id);
    if (chosen === undefined || handle === undefined) return err({ problem: 'no-certificate', detail: {} });
    try {
      const certificate = new X509Certificate(chosen.certificate);
      const kind = kindOfKey(certificate.publicKey);
      const always = this.#module.attribute(this.#session, handle, attribute.alwaysAuthenticate);
      this.#key = { handle, kind, always: always.ok && always.value[0] === 1 };
      return ok({ chain: this.#chainOf(certificate), keyKind: kind });
    } catch {
      return err({ problem: 'refused', detail: { call: 'the certificate', reason: 'it cannot be read' } });
    }
  }

  sign(scheme: SignatureScheme, octets: Uint8Array): Result<Uint8Array, TokenProblem> {
    const key = this.#key;
    const input = key === undefined ? undefined : signInput(scheme, key.kind, octets);
    if (key === undefined || input === undefined)
      return err({ problem: 'refused', detail: { call: scheme.kind, reason: 'the key is of another kind' } });
    const begun = this.#module.signInit(this.#session, input.mechanism, input.parameter, key.handle);
    if (!begun.ok) return err(refused(begun.error));
    if (key.always) {
      const again = this.#module.login(this.#session, user.contextSpecific, this.#pin);
      if (!again.ok) return err(refused(again.error));
    }
    const made = this.#module.sign(this.#session, input.data);
    return made.ok ? ok(signatureOf(scheme, made.value)) : err(refused(made.error));
  }

  #certificates(): Result<readonly TokenCertificate[], TokenProblem> {
    const { object, id } = this.#query;
    const all = this.#everyCertificate();
    if (!all.ok) return all;
    const wanted = id === undefined ? undefined : toHex(id);
    return ok(
      all.value.filter(
        (one) =>
          (object === undefined || one.label === object) && (wanted === undefined || one.id === wanted),
      ),
    );
  }

  #everyCertificate(): Result<readonly TokenCertificate[], TokenProblem> {
    const found = this.#module.find(
      this.#session,
      [
        [attribute.class, ulong(objectClass.certificate)],
        [attribute.certificateType, ulong(0)],
      ],
      limits.tokenObjects,
    );
    if (!found.ok) return err(refused(found.error));
    return ok(
      found.value.map((handle) => ({
        id: toHex(this.#octets(handle, attribute.id)),
        label: new TextDecoder().decode(this.#octets(handle, attribute.label)),
        certificate: this.#octets(handle, attribute.value),
      })),
    );
  }

  #octets(handle: number, type: number): Uint8Array {
    const value = this.#module.attribute(this.#session, handle, type);
    return value.ok ? value.value : new Uint8Array(0);
  }

  #privateKey(id: string): number | undefined {
    const template = [
      [attribute.class, ulong(objectClass.privateKey)],
      [attribute.id, new Uint8Array(Buffer.from(id, 'hex'))],
    ] as const;
    const found = id === '' ? undefined : this.#module.find(this.#session, template, 1);
    return found?.ok === true ? found.value[0] : undefined;
  }

  #chainOf(own: X509Certificate): readonly Uint8Array[] {
    const all = this.#everyCertificate();
    const others = (all.ok ? all.value : []).flatMap(({ certificate }) => readable(certificate));
    const chain = [own];
    for (let last: X509Certificate | undefined = own; last !== undefined; ) {
      const child: X509Certificate = last;
      last = others.find((one) => child.checkIssued(one) && !chain.some(({ raw }) => equal(raw, one.raw)));
      if (last !== undefined && chain.length < limits.keyFileCertificates) chain.push(last);
      else last = undefined;
    }
    return chain.map(({ raw }) => new Uint8Array(raw));
  }
}

function fits(info: TokenInfo, query: TokenQuery): boolean {
  const same = (wanted: string | undefined, is: string) => wanted === undefined || wanted === is;
  return (
    same(query.token, info.label) &&
    same(query.serial, info.serial) &&
    same(query.manufacturer, info.manufacturer) &&
    same(query.model, info.model) &&
    (query.slotId === undefined || query.slotId === info.slot)
  );
}

function readable(der: Uint8Array): X509Certificate[] {
  try {
    return [new X509Certificate(der)];
  } catch {
    return [];
  }
}

function refused({ call, rv }: CryptokiFailure): TokenProblem {
  const problem = meanings[rv] ?? 'refused';
  return { problem, detail: problem === 'refused' ? { call, reason: hex(rv) } : {} };
}
