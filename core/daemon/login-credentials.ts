import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { equal, toHex } from '../base/octets.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import type { ClientCredential } from '../crypto/client-credential.ts';
import type { IkeAnswer, IkeAsk } from '../ike/io.ts';
import {
  clientCertificatesOf,
  needsPassword,
  type ProfileAuthentication,
} from '../profile/authentication/authentication.ts';
import type { ProfileClientCertificate } from '../profile/authentication/client-certificate.ts';
import type { Profile } from '../profile/profile.ts';
import type { ChoiceRequest, SecretRequest } from '../rpc/asks.ts';
import type { RpcClientHandle } from '../rpc/transport/server-types.ts';
import { authenticationsOf } from './login-ways.ts';
import { type SharedSecretAsk, SharedSecrets, type SharedSecretsParts } from './shared-secrets.ts';

type CredentialAsk = Extract<IkeAsk, { readonly kind: 'credential' }>;
type SignatureAsk = Extract<IkeAsk, { readonly kind: 'signature' }>;

/** Whoever answers for the user: the client that called `connect`. */
export type Asker = Pick<RpcClientHandle, 'ask' | 'choose'>;

export interface LoginCredentialsParts {
  readonly profile: Profile;
  /** Absent: nobody can be asked. */
  readonly asker: Asker | undefined;
  /** The passwords of a profile that names files, by user name. */
  readonly stored: ReadonlyMap<string, Secret>;
  readonly openCertificate: OpenCertificate;
  readonly readFile: SharedSecretsParts['readFile'];
}

/** What opening a certificate asks of the user; each fails as `RpcClientHandle.ask` does. */
export interface CertificateAsks {
  secret(request: DistributiveOmit<CertificateSecretRequest, 'profile'>): Promise<Result<Secret, Failure>>;
  choose(certificates: ChoiceRequest['certificates']): Promise<Result<string, Failure>>;
}

type CertificateSecretRequest = Extract<SecretRequest, { kind: 'key-password' | 'pin' }>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

export type OpenCertificate = (
  certificate: Exclude<ProfileClientCertificate, { readonly kind: 'none' }>,
  asks: CertificateAsks,
) => Promise<Result<ClientCredential, Failure>>;

/**
 * What one attempt knows of its user's secrets, from `connect` to the end of the connection. It keeps the password, so that
 * a lost connection comes back without the user; codes that are good for once it hands on and forgets.
 */
export class LoginCredentials {
  readonly #parts: LoginCredentialsParts;
  readonly #passwords = new Map<string, Secret>();
  /** Handed out, and overwritten when the next one is, or at the end. */
  #once: Secret | undefined;
  /** A new password that the server has not taken yet. */
  #changed: { readonly identity: string; readonly secret: Secret } | undefined;
  #open = new AbortController();
  #over = false;
  /** By where they come from. */
  readonly #certificates = new Map<string, ClientCredential>();
  readonly #shared: SharedSecrets;

  constructor(parts: LoginCredentialsParts) {
    this.#parts = parts;
    for (const [username, secret] of parts.stored) this.#passwords.set(username, secret);
    this.#shared = new SharedSecrets(parts);
  }

  /** Asks for what is needed in any case, before anything is sent: a gateway does not wait for a user who looks for it. */
  async prepare(): Promise<Result<undefined, Failure>> {
    const { profile } = this.#parts;
    for (const { certificate } of authenticationsOf(profile).flatMap(clientCertificatesOf)) {
      const opened = await this.#openCertificate(certificate);
      if (!opened.ok) return opened;
    }
    const shared = await this.#shared.prepare(profile.localIdentity ?? '', this.#open.signal);
    if (!shared.ok) return shared;
    for (const authentication of [profile.authentication, profile.secondAuthentication]) {
      const password = await this.#preparePassword(authentication);
      if (!password.ok) return password;
    }
    return ok();
  }

  async #preparePassword(
    authentication: ProfileAuthentication | undefined,
  ): Promise<Result<undefined, Failure>> {
    if (authentication === undefined || !needsPassword(authentication)) return ok();
    const identity = authentication.username;
    if (this.#passwords.has(identity)) return ok();
    const password = await this.#ask({ kind: 'password', retry: 0 }, identity, limits.askMs);
    if (!password.ok) return password;
    this.#remember(identity, password.value);
    return ok();
  }

  /**
   * The user's own certificates for this proof, best first. One that names none has those of the others: an EAP-TLS after a
   * certificate, say. They are closed with this object.
   */
  certificatesFor(authentication: ProfileAuthentication): readonly ClientCredential[] {
    const named = clientCertificatesOf(authentication).flatMap(
      ({ certificate }) => this.#certificates.get(sourceOf(certificate)) ?? [],
    );
    if (named.length > 0) return named;
    return [...this.#certificates.values()].filter(({ chain }) => chain.length > 0).slice(0, 1);
  }

  /** The answer to a `signature` ask of the engine. */
  async sign({ spki, scheme, octets }: SignatureAsk): Promise<IkeAnswer> {
    const own = [...this.#certificates.values()].find((each) => equal(each.spki, spki));
    if (own === undefined) return { kind: 'refused', error: failure('credential.missing') };
    const signature = await own.sign(scheme, octets);
    if (!signature.ok) return { kind: 'refused', error: signature.error };
    return { kind: 'signature', signature: signature.value };
  }

  /** The answer to a `shared-secret` ask of the engine. */
  shared(ask: SharedSecretAsk): Promise<IkeAnswer> {
    return this.#shared.answer(ask, this.#open.signal);
  }

  /** The answer to what the engine asks in the middle of the login. */
  async answer({ identity, question }: CredentialAsk): Promise<IkeAnswer> {
    const { kind, retry } = question;
    const known = this.#passwords.get(identity);
    if (kind === 'password' && retry === 0 && known !== undefined)
      return { kind: 'credential', secret: known };
    // The same password again would only lock the account.
    const unattended = known !== undefined && this.#parts.stored.get(identity) === known;
    if (kind === 'password' && unattended)
      return { kind: 'refused', error: failure('auth.password', { side: 'local' }) };
    const answered = await this.#ask(question, identity, limits.askInLoginMs);
    if (!answered.ok) return { kind: 'refused', error: answered.error };
    if (kind === 'password') this.#remember(identity, answered.value);
    else if (kind === 'new-password') this.#change(identity, answered.value);
    else this.#handOut(answered.value);
    return { kind: 'credential', secret: answered.value };
  }

  /** The login is done: a password that was changed in it is the one for the next. */
  accepted(): void {
    if (this.#changed !== undefined) this.#remember(this.#changed.identity, this.#changed.secret);
    this.#changed = undefined;
  }

  /** The login that asked is over, however it ended: its questions are taken back. */
  closeAsks(): void {
    this.#open.abort();
    this.#open = new AbortController();
    this.#handOut(undefined);
  }

  /** Takes back every question and overwrites every secret. Idempotent. */
  close(): void {
    this.#over = true;
    this.closeAsks();
    this.#shared.close();
    for (const certificate of this.#certificates.values()) certificate.close();
    this.#certificates.clear();
    for (const secret of this.#passwords.values()) secret.wipe();
    this.#passwords.clear();
    this.#changed?.secret.wipe();
    this.#changed = undefined;
  }

  async #openCertificate(
    certificate: Exclude<ProfileClientCertificate, { readonly kind: 'none' }>,
  ): Promise<Result<undefined, Failure>> {
    if (this.#certificates.has(sourceOf(certificate))) return ok();
    const { asker, profile, openCertificate } = this.#parts;
    const patience = { signal: this.#open.signal, ms: limits.askMs };
    const opened = await openCertificate(certificate, {
      secret: async (request) =>
        asker === undefined
          ? err(failure('secret.missing'))
          : await asker.ask({ ...request, profile: profile.name }, patience),
      choose: async (certificates) =>
        asker === undefined
          ? err(failure('secret.missing'))
          : await asker.choose({ kind: 'choose-certificate', profile: profile.name, certificates }, patience),
    });
    if (!opened.ok) return opened;
    if (this.#over || patience.signal.aborted) {
      opened.value.close();
      return err(failure('tunnel.cancelled'));
    }
    this.#certificates.set(sourceOf(certificate), opened.value);
    return ok();
  }

  async #ask(
    { kind, retry, message }: CredentialAsk['question'],
    identity: string,
    ms: number,
  ): Promise<Result<Secret, Failure>> {
    const { asker, profile } = this.#parts;
    if (asker === undefined) return err(failure('secret.missing'));
    const words = message === undefined || message === '' ? {} : { message };
    const request = { kind, identity, profile: profile.name, retry, ...words };
    const answered = await asker.ask(request, { signal: this.#open.signal, ms });
    if (!answered.ok || !this.#over) return answered;
    answered.value.wipe();
    return err(failure('tunnel.cancelled'));
  }

  #remember(identity: string, secret: Secret): void {
    const old = this.#passwords.get(identity);
    if (old !== secret) old?.wipe();
    this.#passwords.set(identity, secret);
  }

  #change(identity: string, secret: Secret): void {
    this.#changed?.secret.wipe();
    this.#changed = { identity, secret };
  }

  #handOut(secret: Secret | undefined): void {
    this.#once?.wipe();
    this.#once = secret;
  }
}

/** The same for two proofs with the same certificate, which is opened once. */
function sourceOf(certificate: Exclude<ProfileClientCertificate, { readonly kind: 'none' }>): string {
  switch (certificate.kind) {
    case 'file':
      return JSON.stringify([certificate.files, certificate.passwordFile, certificate.bare]);
    case 'inline':
      return `${certificate.bare} ${toHex(certificate.octets)}`;
    case 'pkcs11':
      return JSON.stringify([certificate.uri.text, certificate.module]);
  }
}
