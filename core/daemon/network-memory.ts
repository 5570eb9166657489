import { z } from 'zod';
import { limits } from '../base/limits.ts';
import type { LogSink } from '../base/log.ts';
import { readBoundedFile } from '../platform/bounded-file.ts';
import { errnoOf } from '../platform/errno.ts';
import { replaceFile } from '../platform/replace-file.ts';
import type { NetworkLore } from '../tunnel/paths/network-lore.ts';

const dayMs = 86_400_000;
const fileOctets = 65_536;

const silence = z.number().int().min(limits.keepaliveLeastMs).max(limits.keepaliveMostMs);
const entrySchema = z.strictObject({
  network: z.string().regex(/^[0-9a-f]{32}$/),
  /** Of the last connection there, in milliseconds since 1970. */
  at: z.number().int().min(0),
  heldMs: silence.optional(),
  lostMs: silence.optional(),
  lostAt: z.number().int().min(0).optional(),
  /** By address of the gateway. */
  paths: z
    .array(
      z.strictObject({
        gateway: z.string().max(45),
        octets: z.number().int().min(576).max(65_535),
      }),
    )
    .max(limits.gatewaysOfNetwork),
});
const fileSchema = z.strictObject({
  version: z.literal(1),
  networks: z.array(entrySchema).max(limits.networksKnown),
});
type Entry = z.infer<typeof entrySchema>;

/**
 * What was learnt in which network, in a file of the daemon's own. The file is bounded, and one that is not as it should be counts
 * for nothing; it is replaced whole, so a crash leaves the old one. Nothing depends on it: without it all is learnt again.
 */
export class NetworkMemory {
  readonly #file: string;
  readonly #wall: () => number;
  readonly #log: LogSink;
  /** The latest first. */
  #entries: readonly Entry[] = [];
  #writing: Promise<void> = Promise.resolve();
  #stale = false;

  private constructor(file: string, wall: () => number, log: LogSink) {
    this.#file = file;
    this.#wall = wall;
    this.#log = log;
  }

  /** What the file holds, or nothing; a file that cannot be used is logged. `wall`: milliseconds since 1970. */
  static async open(file: string, wall: () => number, log: LogSink): Promise<NetworkMemory> {
    const memory = new NetworkMemory(file, wall, log);
    const read = await readBoundedFile(file, fileOctets);
    if (read.ok) memory.#entries = entriesIn(read.value.octets.toString('utf8'), memory.#warn);
    return memory;
  }

  /** What is known of a network and the way from there to this address of the gateway. */
  recall(network: string, gateway: string): NetworkLore {
    const now = this.#wall();
    const entry = this.#entries.find((each) => each.network === network);
    if (entry === undefined || now - entry.at > limits.networkKnownDays * dayMs) return {};
    const { heldMs, lostMs, lostAt = 0, paths } = entry;
    const pathMtu = paths.find((path) => path.gateway === gateway)?.octets;
    // A NAT may be another by now, or have been restarted at the wrong moment.
    const stillLost = now - lostAt <= limits.networkLossDays * dayMs;
    return {
      ...(pathMtu === undefined ? {} : { pathMtu }),
      ...(heldMs === undefined ? {} : { heldMs }),
      ...(lostMs === undefined || !stillLost ? {} : { lostMs }),
    };
  }

  /** `lore` is all that is known now. It is on disk soon; when it cannot be written, that is logged. */
  remember(network: string, gateway: string, lore: NetworkLore): void {
    const at = this.#wall();
    const before = this.#entries.find((each) => each.network === network);
    const { pathMtu, heldMs, lostMs } = lore;
    const others = (before?.paths ?? []).filter((path) => path.gateway !== gateway);
    const octets = pathMtu ?? before?.paths.find((path) => path.gateway === gateway)?.octets;
    const paths = octets === undefined ? others : [{ gateway, octets }, ...others];
    const lostAt = lostMs === before?.lostMs ? (before?.lostAt ?? at) : at;
    const entry: Entry = {
      network,
      at,
      ...(heldMs === undefined ? {} : { heldMs: bounded(heldMs) }),
      ...(lostMs === undefined ? {} : { lostMs: bounded(lostMs), lostAt }),
      paths: paths.slice(0, limits.gatewaysOfNetwork),
    };
    const rest = this.#entries.filter((each) => each.network !== network);
    this.#entries = [entry, ...rest].slice(0, limits.networksKnown);
    this.#save();
  }

  /** Settles when all that was to be remembered is on disk. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  #save(): void {
    if (this.#stale) return;
    this.#stale = true;
    this.#writing = this.#writing.then(async () => {
      this.#stale = false;
      const text = JSON.stringify({ version: 1, networks: this.#entries });
      try {
        await replaceFile(this.#file, text);
      } catch (cause) {
        this.#warn(errnoOf(cause));
      }
    });
  }

  readonly #warn = (problem: string): void =>
    this.#log({ level: 'warn', event: 'networks.not-kept', fields: { problem } });
}

function entriesIn(text: string, warn: (problem: string) => void): readonly Entry[] {
  try {
    const parsed = fileSchema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data.networks;
    warn(`what was remembered is not readable: ${parsed.error.issues[0]?.path.join('.') ?? ''}`);
  } catch {
    warn('what was remembered is not JSON');
  }
  return [];
}

function bounded(ms: number): number {
  return Math.round(Math.min(limits.keepaliveMostMs, Math.max(limits.keepaliveLeastMs, ms)));
}
