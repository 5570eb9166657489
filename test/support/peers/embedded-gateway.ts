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
    return this.process.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line): HostEvent => JSON.parse(line));
  }

  get log(): string {
    return `${this.process.stdout}${this.process.stderr}`;
  }

  async stop(): Promise<void> {
    await this.process.stop();
  }
}
