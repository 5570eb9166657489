import { connect, createServer, type Server } from 'node:net';

/** Stands before a Unix socket and keeps all that its server says. */
export class SocketRecorder {
  readonly path: string;
  readonly #server: Server;
  readonly #said: Buffer[] = [];

  private constructor(path: string, target: string) {
    this.path = path;
    this.#server = createServer((client) => {
      const server = connect(target);
      server.on('data', (chunk) => this.#said.push(Buffer.from(chunk)));
      client.pipe(server).pipe(client);
      for (const socket of [client, server]) socket.on('error', () => client.destroy());
      client.on('close', () => server.destroy());
    });
  }

  static async listen(path: string, target: string): Promise<SocketRecorder> {
    const recorder = new SocketRecorder(path, target);
    await new Promise<void>((resolve, reject) => {
      recorder.#server.once('error', reject);
      recorder.#server.listen(path, resolve);
    });
    return recorder;
  }

  get said(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#said));
  }

  close(): void {
    this.#server.close();
  }
}
