import type { ConnectPhase } from '../rpc/values.ts';
import { type CliIo, colorsFor, isScreen } from './cli-io.ts';
import { escapeText, formatDuration } from './text.ts';

const labels: Readonly<Record<ConnectPhase, string>> = {
  resolving: 'Looking up the gateway',
  init: 'Reaching the gateway',
  'authenticating-gateway': 'Checking who the gateway is',
  'logging-in': 'Logging in',
  'requesting-address': 'Getting an address',
  'configuring-network': 'Setting up the network',
};

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 100;

/**
 * The phases of a login as they happen, on standard error: on a screen a line that turns and then a tick, elsewhere
 * one plain line for each.
 */
export class Progress {
  readonly #io: CliIo;
  readonly #screen: boolean;
  readonly #colors: ReturnType<typeof colorsFor>;
  #current: { readonly label: string; readonly since: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #turn = 0;
  #paused = false;
  /** Lines that came while a prompt had the screen. */
  #held = '';

  constructor(io: CliIo) {
    this.#io = io;
    this.#screen = isScreen(io.stderr, io.env);
    this.#colors = colorsFor(io.stderr, io.env);
  }

  /** The attempt is in `phase` since `since` (milliseconds since 1970). The same phase again changes nothing. */
  phase(phase: ConnectPhase, since: number): void {
    this.step(labels[phase], since);
  }

  /** The same for anything else that takes its time. */
  step(label: string, since: number): void {
    if (this.#current?.label === label) return;
    this.#complete(since);
    this.#current = { label, since };
    if (!this.#screen) this.#io.stderr.write(`${label}\n`);
    this.#start();
  }

  /** A line of its own that stays. `text` is escaped here. */
  note(text: string): void {
    this.#clear();
    this.#io.stderr.write(`${escapeText(text)}\n`);
    this.#draw();
  }

  /** Leaves the line to someone else, a prompt. */
  pause(): void {
    this.#paused = true;
    this.#clear();
  }

  resume(): void {
    this.#paused = false;
    this.#io.stderr.write(this.#held);
    this.#held = '';
    this.#draw();
  }

  /** The end: ticks the last phase when all went well, and leaves nothing turning. */
  finish(wentWell: boolean): void {
    if (wentWell) this.#complete(this.#io.now());
    else this.#clear();
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#current = undefined;
  }

  #complete(at: number): void {
    const done = this.#current;
    if (done === undefined || !this.#screen) return;
    const took = this.#colors.dim(formatDuration(at - done.since));
    const line = `${this.#colors.green('✓')} ${done.label} ${took}\n`;
    if (this.#paused) {
      this.#held += line;
      return;
    }
    this.#clear();
    this.#io.stderr.write(line);
  }

  #start(): void {
    if (!this.#screen || this.#timer !== undefined) return;
    this.#timer = setInterval(() => {
      this.#turn++;
      this.#draw();
    }, frameMs);
    this.#timer.unref();
    this.#draw();
  }

  #draw(): void {
    if (!this.#screen || this.#paused || this.#current === undefined) return;
    const { label, since } = this.#current;
    const elapsed = this.#io.now() - since;
    const time = elapsed < 1_000 ? '' : ` ${this.#colors.dim(formatDuration(elapsed))}`;
    const frame = frames[this.#turn % frames.length] ?? '';
    this.#io.stderr.write(`\r\u001b[2K${this.#colors.cyan(frame)} ${label}${time}`);
  }

  #clear(): void {
    if (this.#screen) this.#io.stderr.write('\r\u001b[2K');
  }
}
