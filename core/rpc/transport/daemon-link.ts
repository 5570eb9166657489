import { type Failure, failure } from '../../base/errors.ts';
import type { Result } from '../../base/result.ts';
import type { Link } from '../bridge.ts';
import { protocolVersion } from '../schema.ts';
import type { RpcClient } from './client.ts';

export interface DaemonLinkOptions {
  readonly reach: () => Promise<Result<RpcClient, Failure>>;
  /** Told of each change; first of all that it is connecting. */
  readonly onLink: (link: Link) => void;
  /** The connection is fresh: subscribe to events now. Comes before the link is told to be up. */
  readonly onReached: (rpc: RpcClient) => void;
}

const firstWaitMs = 250;
const longestWaitMs = 5_000;

/** A connection to the daemon that is made again, by itself, whenever it is lost. */
export class DaemonLink {
  readonly #options: DaemonLinkOptions;
  #rpc: RpcClient | undefined;
  #link: Link = { state: 'connecting' };
  #closed = false;
  #tries = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DaemonLinkOptions) {
    this.#options = options;
    void this.#reach();
  }

  /** `undefined` while the daemon is not reached. */
  get rpc(): RpcClient | undefined {
    return this.#rpc;
  }

  get link(): Link {
    return this.#link;
  }

  /** Does not wait for the next try. */
  tryNow(): void {
    if (this.#link.state === 'down' && !this.#closed) void this.#reach();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#rpc?.close();
  }

  async #reach(): Promise<void> {
    clearTimeout(this.#timer);
    this.#tries++;
    this.#tell({ state: 'connecting' });
    const reached = await this.#options.reach();
    if (!reached.ok) return this.#lost(reached.error);
    const rpc = reached.value;
    if (this.#closed) return rpc.close();
    const version = await rpc.call('version', {});
    if (!version.ok) {
      rpc.close();
      return this.#lost(version.error);
    }
    this.#rpc = rpc;
    this.#tries = 0;
    this.#options.onReached(rpc);
    void rpc.closed.then((reason) => {
      if (this.#rpc !== rpc) return;
      this.#rpc = undefined;
      this.#lost(reason ?? failure('rpc.unavailable'));
    });
    const { protocol } = version.value;
    const match = protocol === protocolVersion ? 'same' : protocol < protocolVersion ? 'older' : 'newer';
    this.#tell({ state: 'up', version: version.value.version, match });
  }

  #lost(error: Failure): void {
    if (this.#closed) return;
    const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(this.#tries, 10));
    this.#timer = setTimeout(() => void this.#reach(), wait);
    this.#tell({ state: 'down', error, nextTryAt: Date.now() + wait });
  }

  #tell(link: Link): void {
    if (this.#closed) return;
    this.#link = link;
    this.#options.onLink(link);
  }
}
