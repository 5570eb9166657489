import { fileURLToPath } from 'node:url';
import type { HostConfig, HostEvent } from '../gateway/host-config.ts';
import type { Namespace } from '../net/lab.ts';
import type { LabProcess } from '../net/lab-process.ts';
import type { PlainGateway } from './strongswan-gateway.ts';

/** `core/gateway` in a process of its own, in a namespace. */
export class EmbeddedGateway {
  readonly process: LabProcess;

  private constructor(process: LabProcess) {
    this.process = process;
  }

  static async start(
    namespace: Namespace,
    listen: string,
    config: PlainGateway,
    more: Pick<
      HostConfig,
      | 'classicSignatures'
      | 'cookies'
      | 'habits'
      | 'dnsDomains'
      | 'believesAll'
      | 'rekeyChildMs'
      | 'rekeyIkeMs'
      | 'workerPairs'
      | 'spread'
      | 'mtu'
    > = {},
  ): Promise<EmbeddedGateway> {
    const { certificate, ...rest } = config;
    const host: HostConfig = {
      ...rest,
      ...more,
      listen,
      certificates: [certificate.pem],
      privateKey: certificate.privateKeyPem,
    };
    const program = fileURLToPath(new URL('../gateway/gateway-host.ts', import.meta.url));
    const process = namespace.spawn([globalThis.process.execPath, program], { input: JSON.stringify(host) });
    await process.waitFor(/"event":"ready"/);
    return new EmbeddedGateway(process);
  }

  get events(): HostEvent[] {
    // What stands behind the last newline may be half a line.
    const lines = this.process.stdout.split('\n').slice(0, -1);
    return lines.map((line): HostEvent => JSON.parse(line));
  }

  /** Resolves once the events are so; the gateway tells of them a moment after they came about. @throws after 30 s */
  async told(what: string, so: (events: readonly HostEvent[]) => boolean): Promise<void> {
    for (const end = performance.now() + 30_000; !so(this.events); ) {
      if (performance.now() > end) throw new Error(`the gateway does not tell: ${what}\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  get log(): string {
    return `${this.process.stdout}${this.process.stderr}`;
  }

  async stop(): Promise<void> {
    await this.process.stop();
  }
}
