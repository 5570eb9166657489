import * as z from 'zod';
import { limits } from '../core/base/limits.ts';
import type { Link } from '../core/rpc/bridge.ts';
import { DaemonLink, type DaemonLinkOptions } from '../core/rpc/transport/daemon-link.ts';
import { usableProfiles } from '../core/rpc/usable-profiles.ts';
import type { ProfileEntry, Snapshot } from '../core/rpc/values.ts';
import type { JsonFile } from './json-file.ts';
import type { Situation } from './mood.ts';

/** Which profile was connected last, for the next time. */
export const lastProfileSchema = z.strictObject({ id: z.string().max(limits.rpcTextCharacters) });
export type LastProfile = z.output<typeof lastProfileSchema>;

/** This process's own view of the daemon, for tray and notifications: it goes on when no window is there. */
export class DaemonWatch {
  readonly #daemon: DaemonLink;
  readonly #last: JsonFile<LastProfile>;
  #lastId: string | undefined;
  readonly #onChange: (situation: Situation) => void;
  #snapshot: Snapshot | undefined;
  #profiles: readonly ProfileEntry[] = [];

  constructor(
    reach: DaemonLinkOptions['reach'],
    last: JsonFile<LastProfile>,
    onChange: (situation: Situation) => void,
  ) {
    this.#last = last;
    this.#lastId = last.read()?.id;
    this.#onChange = onChange;
    this.#daemon = new DaemonLink({
      reach,
      onReached: (rpc) => {
        rpc.on('state', (snapshot) => this.#take(snapshot));
        void rpc.call('subscribe', { events: ['state'] }).then((subscribed) => {
          if (subscribed.ok) this.#take(subscribed.value.snapshot);
        });
        void this.listProfiles();
      },
      onLink: (link) => {
        if (link.state !== 'up') this.#snapshot = undefined;
        onChange(this.#situationWith(link));
      },
    });
  }

  get situation(): Situation {
    return this.#situationWith(this.#daemon.link);
  }

  /** Learns anew which profiles there are: nobody tells when they change. */
  async listProfiles(): Promise<void> {
    const listed = await this.#daemon.rpc?.call('profiles', {});
    if (listed?.ok !== true) return;
    this.#profiles = usableProfiles(listed.value.profiles);
    this.#onChange(this.situation);
  }

  #situationWith(link: Link): Situation {
    return { link, snapshot: this.#snapshot, profiles: this.#profiles, last: this.#lastId };
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
    const { tunnel } = snapshot;
    // Another client may have brought or removed some meanwhile.
    if (tunnel.state !== this.#snapshot?.tunnel.state) void this.listProfiles();
    this.#snapshot = snapshot;
    const id = 'profile' in tunnel ? tunnel.profile.id : undefined;
    if (id !== undefined && id !== this.#lastId) {
      this.#lastId = id;
      this.#last.write({ id });
    }
    this.#onChange(this.situation);
  }
}
