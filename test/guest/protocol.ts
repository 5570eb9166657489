/** What the program outside and the agent in the guest say to each other: one JSON object a line, over a virtio port. */

/** What a row may take on a busy machine. */
export const defaultSeconds = 600;

/** The name of the port, as the guest sees it. */
export const agentPort = 'app.godwit.guest';

/** The two networks of the guest: each is a cable between two of its own cards. Nothing leads outside. */
export const macs = {
  homeClient: '52:54:00:67:00:01',
  homeRouter: '52:54:00:67:00:02',
  cafeClient: '52:54:00:67:00:03',
  cafeRouter: '52:54:00:67:00:04',
} as const;

export type ToGuest =
  | { readonly kind: 'play'; readonly row: string }
  /** A line for a shell, from whoever looks around. */
  | { readonly kind: 'shell'; readonly line: string }
  /** The answer to a deed. */
  | { readonly kind: 'done'; readonly id: number };

export type FromGuest =
  | { readonly kind: 'ready'; readonly rows: readonly RowName[] }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'said'; readonly status: number; readonly text: string }
  | {
      readonly kind: 'played';
      readonly row: string;
      readonly problems: readonly string[];
      readonly skipped?: string;
    }
  /** What only the machine's outside can do. */
  | { readonly kind: 'deed'; readonly id: number; readonly deed: HostDeed };

export interface RowName {
  readonly seconds: number;
  readonly name: string;
  readonly theme: string;
}

export type HostDeed =
  /** Pulls a plug, or puts it in. */
  | { readonly do: 'link'; readonly card: 'home' | 'cafe'; readonly up: boolean }
  /** Wakes a guest that will sleep, so many milliseconds after it fell asleep. */
  | { readonly do: 'wake'; readonly afterMs: number };
