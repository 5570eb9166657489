import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { RootImage } from './image.ts';
import { agentPort, type FromGuest, type HostDeed, macs, type ToGuest } from './protocol.ts';

/** Emulated, on a machine with other work: a slow boot is no failure. */
const bootDeadlineMs = 300_000;

export interface MachineEvents {
  note(text: string): void;
}

/** A machine in software with a root that forgets what was written to it, and no network but between its own cards. */
export class Machine {
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #agent: Socket;
  readonly #monitor: Monitor;
  readonly #events: MachineEvents;
  #wanted: ((message: FromGuest) => boolean) | undefined;
  #lost: (error: Error) => void = () => {};

  private constructor(
    folder: string,
    process: ChildProcess,
    agent: Socket,
    monitor: Monitor,
    events: MachineEvents,
  ) {
    this.#folder = folder;
    this.#process = process;
    this.#agent = agent;
    this.#monitor = monitor;
    this.#events = events;
    createInterface({ input: agent }).on('line', (line) => void this.#hear(line));
    process.on('exit', () => this.#lost(new Error(`the guest is gone\n${this.console.slice(-3_000)}`)));
  }

  /** Starts it; `ready` tells when its agent answers. */
  static async boot(image: RootImage, payload: string, events: MachineEvents): Promise<Machine> {
    const folder = mkdtempSync(join(tmpdir(), 'godwit-guest-'));
    const child = spawn('qemu-system-x86_64', options(image, payload, folder), {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('error', () => {});
    process.once('exit', () => {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    });
    try {
      const agent = await connectTo(join(folder, 'agent'), child);
      const monitor = new Monitor(await connectTo(join(folder, 'monitor'), child));
      await monitor.run('qmp_capabilities');
      return new Machine(folder, child, agent, monitor, events);
    } catch (error) {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** What the guest wrote on its serial line. */
  get console(): string {
    const path = join(this.#folder, 'console');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  async ready(): Promise<Extract<FromGuest, { kind: 'ready' }>> {
    return await this.#expect('ready', bootDeadlineMs, () => true);
  }

  async play(row: string, deadlineMs: number): Promise<Extract<FromGuest, { kind: 'played' }>> {
    const played = this.#expect('played', deadlineMs, (message) => message.row === row);
    this.#say({ kind: 'play', row });
    return await played;
  }

  /** Runs a line of shell in the guest, as root. */
  async shell(line: string): Promise<Extract<FromGuest, { kind: 'said' }>> {
    const said = this.#expect('said', 600_000, () => true);
    this.#say({ kind: 'shell', line });
    return await said;
  }

  async stop(): Promise<void> {
    this.#lost = () => {};
    this.#agent.destroy();
    this.#monitor.close();
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill('SIGKILL');
      await gone;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #expect<K extends FromGuest['kind']>(
    kind: K,
    deadlineMs: number,
    accept: (message: Extract<FromGuest, { kind: K }>) => boolean,
  ): Promise<Extract<FromGuest, { kind: K }>> {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no '${kind}' from the guest within ${deadlineMs / 1_000} s`)),
        deadlineMs,
      );
      this.#lost = (error) => {
        clearTimeout(timer);
        reject(error);
      };
      this.#wanted = (message) => {
        if (!isKind(message, kind) || !accept(message)) return false;
        clearTimeout(timer);
        resolve(message);
        return true;
      };
    });
  }

  async #hear(line: string): Promise<void> {
    const message = parse(line);
    if (message === undefined) return;
    if (message.kind === 'note') this.#events.note(message.text);
    else if (message.kind === 'deed') {
      await this.#do(message.deed);
      this.#say({ kind: 'done', id: message.id });
    } else if (this.#wanted?.(message) === true) this.#wanted = undefined;
  }

  async #do(deed: HostDeed): Promise<void> {
    switch (deed.do) {
      case 'link':
        // The far end of the cable keeps its carrier, as a switch behind a pulled plug does for others.
        await this.#monitor.run('set_link', { name: `${deed.card}Client`, up: deed.up });
        return;
      case 'wake':
        this.#monitor.once('SUSPEND', () => {
          setTimeout(() => void this.#monitor.run('system_wakeup'), deed.afterMs);
        });
        return;
    }
  }

  #say(message: ToGuest): void {
    this.#agent.write(`${JSON.stringify(message)}\n`);
  }
}

/** Where the processors are busy the timer's own check fails, as ticks come late; a panic ends the machine. */
const kernelOptions =
  'root=/dev/vda rw console=ttyS0 quiet mitigations=off audit=0 systemd.show_status=0 no_timer_check panic=-1';

function options({ disk, kernel, initrd }: RootImage, payload: string, folder: string): readonly string[] {
  const cards = Object.entries(macs).flatMap(([name, mac]) => [
    ...['-netdev', `hubport,id=${name}Port,hubid=${name.startsWith('home') ? 0 : 1}`],
    ...['-device', `virtio-net-pci,id=${name},netdev=${name}Port,mac=${mac},romfile=`],
  ]);
  return [
    // Five levels of page tables would only make software slower.
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max,la57=off', '-smp', '2', '-m', '2048'],
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-machine', 'pc'],
    ...['-kernel', kernel, '-initrd', initrd],
    ...['-append', kernelOptions],
    ...['-drive', `file=${disk},if=virtio,format=raw,snapshot=on,cache=unsafe`],
    ...['-drive', `file=${payload},if=virtio,format=raw,readonly=on`],
    ...['-device', 'virtio-rng-pci', '-device', 'virtio-serial-pci'],
    ...['-chardev', `socket,id=agent,path=${join(folder, 'agent')},server=on,wait=off`],
    ...['-device', `virtserialport,chardev=agent,name=${agentPort}`],
    ...['-qmp', `unix:${join(folder, 'monitor')},server=on,wait=off`],
    ...['-serial', `file:${join(folder, 'console')}`],
    ...cards,
  ];
}

/** QEMU's monitor: one command at a time, and events. */
class Monitor {
  readonly #socket: Socket;
  readonly #answers: ((answer: Record<string, unknown>) => void)[] = [];
  readonly #listeners = new Map<string, () => void>();

  constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on('line', (line) => {
      const message: Record<string, unknown> = JSON.parse(line);
      const { event } = message;
      if (typeof event === 'string') {
        const listener = this.#listeners.get(event);
        this.#listeners.delete(event);
        listener?.();
      } else if ('return' in message || 'error' in message) this.#answers.shift()?.(message);
    });
  }

  once(event: string, listener: () => void): void {
    this.#listeners.set(event, listener);
  }

  async run(execute: string, args?: Readonly<Record<string, unknown>>): Promise<void> {
    const answer = new Promise<Record<string, unknown>>((resolve) => this.#answers.push(resolve));
    this.#socket.write(
      `${JSON.stringify(args === undefined ? { execute } : { execute, arguments: args })}\n`,
    );
    const { error } = await answer;
    if (error !== undefined) throw new Error(`${execute}: ${JSON.stringify(error)}`);
  }

  close(): void {
    this.#socket.destroy();
  }
}

async function connectTo(path: string, child: ChildProcess): Promise<Socket> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const socket = await new Promise<Socket | undefined>((resolve) => {
      const attempt = connect(path);
      attempt.once('connect', () => resolve(attempt)).once('error', () => resolve(undefined));
    });
    if (socket !== undefined) return socket.on('error', () => {});
    if (child.exitCode !== null || performance.now() > deadline) throw new Error('QEMU does not start');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function isKind<K extends FromGuest['kind']>(
  message: FromGuest,
  kind: K,
): message is Extract<FromGuest, { kind: K }> {
  return message.kind === kind;
}

/** The guest is ours: what it says is only checked for being whole. */
function parse(line: string): FromGuest | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
