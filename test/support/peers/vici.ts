import { connect, type Socket } from 'node:net';

/** A vici message: sections hold values, lists and further sections, in order. */
export type ViciValue = string | Uint8Array | readonly (string | Uint8Array)[] | ViciSection;
export interface ViciSection {
  readonly [key: string]: ViciValue;
}

const packet = {
  commandRequest: 0,
  commandResponse: 1,
  commandUnknown: 2,
  eventRegister: 3,
  eventUnregister: 4,
  eventConfirm: 5,
  eventUnknown: 6,
  event: 7,
} as const;

const element = {
  sectionStart: 1,
  sectionEnd: 2,
  keyValue: 3,
  listStart: 4,
  listItem: 5,
  listEnd: 6,
} as const;

/**
 * strongSwan's control protocol over its Unix socket: packets of a 32-bit length, a type, and for named types a name,
 * then a message of typed elements. One request at a time.
 */
export class ViciClient {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #waiting: ((packet: Buffer) => void) | undefined;
  #fail: ((error: Error) => void) | undefined;
  readonly #events: { name: string; message: ViciSection }[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (data: Buffer) => {
      this.#received = Buffer.concat([this.#received, data]);
      this.#take();
    });
    const fail = (error?: Error): void => this.#fail?.(error ?? new Error('vici closed the connection'));
    socket.on('error', fail).on('close', () => fail());
  }

  static async connect(path: string): Promise<ViciClient> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new ViciClient(socket);
  }

  close(): void {
    this.#fail = undefined;
    this.#socket.destroy();
  }

  /** @throws when charon knows no such command */
  async request(command: string, message: ViciSection = {}): Promise<ViciSection> {
    const answer = await this.#exchange(packet.commandRequest, command, message);
    if (answer[0] === packet.commandUnknown) throw new Error(`vici knows no command ${command}`);
    return decodeMessage(answer.subarray(1));
  }

  /** Like `request`. @throws with charon's words when the answer is not a success */
  async must(command: string, message: ViciSection = {}): Promise<ViciSection> {
    const answer = await this.request(command, message);
    if (answer['success'] === 'no') throw new Error(`vici ${command}: ${String(answer['errmsg'])}`);
    return answer;
  }

  /** A command whose results come as events named `event`. */
  async stream(command: string, event: string, message: ViciSection = {}): Promise<ViciSection[]> {
    await this.#exchange(packet.eventRegister, event);
    this.#events.length = 0;
    await this.request(command, message);
    const messages = this.#events.splice(0).filter(({ name }) => name === event);
    await this.#exchange(packet.eventUnregister, event);
    return messages.map((each) => each.message);
  }

  #exchange(type: number, name: string, message?: ViciSection): Promise<Buffer> {
    const body = Buffer.concat([
      Buffer.of(type, name.length),
      Buffer.from(name),
      message === undefined ? Buffer.alloc(0) : encodeSection(message),
    ]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Error('vici has closed the connection'));
      this.#waiting = resolve;
      this.#fail = reject;
      this.#socket.write(Buffer.concat([length, body]));
    });
  }

  #take(): void {
    while (this.#received.length >= 4) {
      const length = this.#received.readUInt32BE(0);
      if (this.#received.length < 4 + length) return;
      const body = this.#received.subarray(4, 4 + length);
      this.#received = this.#received.subarray(4 + length);
      if (body[0] === packet.event) {
        const nameLength = body[1] ?? 0;
        const name = body.toString('utf8', 2, 2 + nameLength);
        this.#events.push({ name, message: decodeMessage(body.subarray(2 + nameLength)) });
      } else {
        this.#waiting?.(body);
      }
    }
  }
}

function encodeSection(section: ViciSection): Buffer {
  const parts: Buffer[] = [];
  for (const [key, value] of Object.entries(section)) {
    if (typeof value === 'string' || value instanceof Uint8Array) {
      parts.push(keyed(element.keyValue, key), sized(value));
    } else if (isList(value)) {
      parts.push(keyed(element.listStart, key));
      for (const item of value) parts.push(Buffer.of(element.listItem), sized(item));
      parts.push(Buffer.of(element.listEnd));
    } else {
      parts.push(keyed(element.sectionStart, key), encodeSection(value), Buffer.of(element.sectionEnd));
    }
  }
  return Buffer.concat(parts);
}

function isList(value: ViciValue): value is readonly (string | Uint8Array)[] {
  return Array.isArray(value);
}

function keyed(type: number, key: string): Buffer {
  return Buffer.concat([Buffer.of(type, key.length), Buffer.from(key)]);
}

function sized(value: string | Uint8Array): Buffer {
  const octets = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(octets.length);
  return Buffer.concat([length, octets]);
}

function decodeMessage(octets: Buffer): ViciSection {
  let at = 0;
  const name = (): string => {
    const length = octets[at] ?? 0;
    const text = octets.toString('utf8', at + 1, at + 1 + length);
    at += 1 + length;
    return text;
  };
  const value = (): string => {
    const length = octets.readUInt16BE(at);
    const text = octets.toString('utf8', at + 2, at + 2 + length);
    at += 2 + length;
    return text;
  };
  const section = (): ViciSection => {
    const result: Record<string, ViciValue> = {};
    while (at < octets.length) {
      const type = octets[at++];
      if (type === element.sectionEnd) break;
      const key = name();
      if (type === element.sectionStart) result[key] = section();
      else if (type === element.keyValue) result[key] = value();
      else if (type === element.listStart) {
        const items: string[] = [];
        while (octets[at++] === element.listItem) items.push(value());
        result[key] = items;
      } else throw new Error(`vici element ${type} at ${at - 1}`);
    }
    return result;
  };
  return section();
}
