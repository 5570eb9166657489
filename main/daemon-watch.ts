import { DaemonLink, type DaemonLinkOptions } from '../core/rpc/transport/daemon-link.ts';
import type { Snapshot } from '../core/rpc/values.ts';
import type { Situation } from './mood.ts';

/** This process's own view of the daemon, for tray and notifications: it goes on when no window is there. */
export class DaemonWatch {
  readonly #daemon: DaemonLink;
  readonly #onChange: (situation: Situation) => void;
  #snapshot: Snapshot | undefined;

  constructor(reach: DaemonLinkOptions['reach'], onChange: (situation: Situation) => void) {
    this.#onChange = onChange;
    this.#daemon = new DaemonLink({
      reach,
      onReached: (rpc) => {
        rpc.on('state', (snapshot) => this.#take(snapshot));
        void rpc.call('subscribe', { events: ['state'] }).then((subscribed) => {
          if (subscribed.ok) this.#take(subscribed.value.snapshot);
        });
      },
      onLink: (link) => {
        if (link.state !== 'up') this.#snapshot = undefined;
        onChange({ link, snapshot: this.#snapshot });
      },
    });
  }

  get situation(): Situation {
    return { link: this.#daemon.link, snapshot: this.#snapshot };
  }

  /** False: the daemon was not reached, or it refused. */
  async disconnect(): Promise<boolean> {
    const done = await this.#daemon.rpc?.call('disconnect', {});
    return done?.ok === true;
  }

  close(): void {
    this.#daemon.close();
  }

  #take(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.#onChange(this.situation);
  }
}
