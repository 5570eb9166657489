import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { fromHex } from '../base/octets.ts';
import { err, ok, type Result } from '../base/result.ts';
import { Secret } from '../base/secret.ts';
import { utf8 } from '../base/utf8.ts';
import type { IkeAnswer, IkeAsk } from '../ike/io.ts';
import type { Profile } from '../profile/profile.ts';
import type { RpcClientHandle } from '../rpc/transport/server-types.ts';
import { needsPsk } from './login-ways.ts';

export type SharedSecretAsk = Extract<IkeAsk, { readonly kind: 'shared-secret' }>;

export interface SharedSecretsParts {
  readonly profile: Profile;
  /** Absent: nobody can be asked. */
  readonly asker: Pick<RpcClientHandle, 'ask'> | undefined;
  /** The first line of a file that only the system's profiles name. */
  readonly readFile: (file: string) => Promise<Result<Secret, Failure>>;
}

/** The keys that user and gateway share, for one attempt: from a file or asked for once, and kept for logins to come. */
export class SharedSecrets {
  readonly #parts: SharedSecretsParts;
  readonly #known = new Map<SharedSecretAsk['use'], Secret>();
  #over = false;

  constructor(parts: SharedSecretsParts) {
    this.#parts = parts;
  }

  /** Gets what is needed in any case, before anything is sent. */
  async prepare(identity: string, signal: AbortSignal): Promise<Result<undefined, Failure>> {
    const { profile } = this.#parts;
    if (needsPsk(profile)) {
      const psk = await this.#get({ use: 'psk', identity }, signal);
      if (!psk.ok) return psk;
    }
    if (profile.ppk === undefined) return ok();
    const ppk = await this.#get({ use: 'ppk', identity: profile.ppk.id }, signal);
    return ppk.ok ? ok() : ppk;
  }

  async answer(ask: SharedSecretAsk, signal: AbortSignal): Promise<IkeAnswer> {
    const secret = await this.#get(ask, signal);
    return secret.ok
      ? { kind: 'credential', secret: secret.value }
      : { kind: 'refused', error: secret.error };
  }

  /** Overwrites every secret. Idempotent. */
  close(): void {
    this.#over = true;
    for (const secret of this.#known.values()) secret.wipe();
    this.#known.clear();
  }

  async #get(
    { use, identity }: Pick<SharedSecretAsk, 'use' | 'identity'>,
    signal: AbortSignal,
  ): Promise<Result<Secret, Failure>> {
    const known = this.#known.get(use);
    if (known !== undefined) return ok(known);
    const read = await this.#read(use, identity, signal);
    if (!read.ok) return read;
    const secret = decodeSharedSecret(read.value);
    read.value.wipe();
    if (secret === undefined)
      return err(
        failure('secret.shared-key', { reason: 'what follows 0x or 0s is not hexadecimal or base64' }),
      );
    if (this.#over) {
      secret.wipe();
      return err(failure('tunnel.cancelled'));
    }
    this.#known.set(use, secret);
    return ok(secret);
  }

  async #read(
    use: SharedSecretAsk['use'],
    identity: string,
    signal: AbortSignal,
  ): Promise<Result<Secret, Failure>> {
    const { profile, asker, readFile } = this.#parts;
    const file = use === 'psk' ? profile.preSharedKeyFile : profile.ppk?.file;
    if (file !== undefined) return await readFile(file);
    if (asker === undefined) return err(failure('secret.missing'));
    const request = { kind: 'shared-key', use, identity, profile: profile.name, retry: 0 } as const;
    return await asker.ask(request, { signal, ms: limits.askMs });
  }
}

/** As strongSwan writes keys: `0x` and hexadecimal digits, `0s` and base64, or the text itself. `undefined`: none of them. */
export function decodeSharedSecret(text: Secret): Secret | undefined {
  const line = utf8.decode(text.expose());
  if (line.startsWith('0x')) {
    const digits = line.slice(2);
    return /^([0-9a-fA-F]{2})+$/.test(digits) ? new Secret(fromHex(digits)) : undefined;
  }
  if (!line.startsWith('0s')) return new Secret(text.expose());
  const digits = line.slice(2);
  if (digits.length === 0 || digits.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(digits))
    return undefined;
  return new Secret(Buffer.from(digits, 'base64'));
}
