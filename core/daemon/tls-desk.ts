import { type Failure, failure } from '../base/errors.ts';
import { err, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import { openTlsSession } from '../crypto/node/tls-session.ts';
import type { TlsRequest, TlsResult, TlsSession, TlsSessionName, TlsSessionOptions } from '../crypto/tls.ts';
import type { EapRun } from '../ike/config.ts';

export interface TlsDeskParts {
  readonly judge: (chain: readonly Uint8Array[], run: TlsRun) => Promise<Result<undefined, Failure>>;
  /** The user's own certificate; without `privateKey` its key cannot leave its token. */
  readonly clientCertificate: (
    run: TlsRun,
  ) => { readonly chain: readonly Uint8Array[]; readonly privateKey: Secret | undefined } | undefined;
  readonly open?: (options: TlsSessionOptions) => TlsSession;
}

/** In which round of which way TLS runs: each may have a login server of its own. */
export type TlsRun = Omit<EapRun, 'gatewayProven'>;

/** Does the steps of TLS that a login asks for. One for each connection. */
export class TlsDesk {
  readonly #parts: TlsDeskParts;
  readonly #sessions = new Map<TlsSessionName, TlsSession>();

  constructor(parts: TlsDeskParts) {
    this.#parts = parts;
  }

  async answer(request: TlsRequest, run: TlsRun): Promise<TlsResult> {
    if (request.action === 'start') return await this.#start(request, run);
    const session = this.#sessions.get(request.session);
    if (session === undefined) return failed(failure('misuse', { reason: 'no TLS session of that name' }));
    if (request.action === 'receive') return await session.receive(request.records);
    const result = await session.send(request.plaintext);
    // It may have held a password.
    request.plaintext.fill(0);
    return result;
  }

  /** Forgets every key. Idempotent. */
  close(): void {
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
  }

  async #start(request: Extract<TlsRequest, { readonly action: 'start' }>, run: TlsRun): Promise<TlsResult> {
    this.#sessions.get(request.session)?.close();
    this.#sessions.delete(request.session);
    const { judge, clientCertificate, open = openTlsSession } = this.#parts;
    const own = request.clientCertificate ? clientCertificate(run) : undefined;
    if (own !== undefined && own.privateKey === undefined) return failed(failure('auth.client-key-on-token'));
    const certificate =
      own?.privateKey === undefined ? undefined : { chain: own.chain, privateKey: own.privateKey };
    const session = open({
      exports: request.exports,
      judge: (chain) => judge(chain, run),
      ...(certificate === undefined ? {} : { clientCertificate: certificate }),
    });
    this.#sessions.set(request.session, session);
    return await session.start();
  }
}

function failed(error: Failure): TlsResult {
  return err({ error, records: new Uint8Array(0) });
}
