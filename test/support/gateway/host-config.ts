import type { GatewayHabits } from '../../../core/gateway/config.ts';

/** What `gateway-host.ts` reads from standard input, as JSON. */
export interface HostConfig {
  /** Outer address; UDP 500 and 4500 of it. */
  readonly listen: string;
  readonly identity: string;
  /** PEM, the gateway's own first. */
  readonly certificates: readonly string[];
  readonly privateKey: string;
  readonly users: Readonly<Record<string, string>>;
  readonly pools: readonly string[];
  readonly networks: readonly string[];
  readonly dnsServers: readonly string[];
  readonly dnsDomains?: readonly string[];
  readonly ike?: readonly string[];
  readonly esp?: readonly string[];
  readonly classicSignatures?: boolean;
  readonly cookies?: 'never' | 'always';
  /** See `GatewayConfig`. */
  readonly rekeyChildMs?: number;
  readonly rekeyIkeMs?: number;
  readonly habits?: GatewayHabits;
  /** Of its TUN device. Default: 1400. */
  readonly mtu?: number;
  /** Pairs of workers, each with a CHILD SA of its own. Absent: one. @rfc 9611 */
  readonly workerPairs?: number;
  /** When they share the flows. Default: `idle`. */
  readonly spread?: 'idle' | 'always';
  /** Sends and takes any inner packet, whatever was agreed: for tests of the client's own checks. */
  readonly believesAll?: boolean;
}

/** What it prints, one JSON object a line. */
export type HostEvent =
  | { readonly event: 'ready' }
  | { readonly event: 'client-up'; readonly user: string; readonly addresses: readonly string[] }
  | { readonly event: 'client-down'; readonly user: string; readonly reason: string }
  | { readonly event: 'login-failed'; readonly user: string | undefined; readonly code: string }
  | { readonly event: 'rekeyed'; readonly what: 'child' | 'ike'; readonly by: 'client' | 'gateway' }
  | { readonly event: 'rekey-failed'; readonly what: 'child' | 'ike'; readonly notify: number | undefined }
  | { readonly event: 'failed'; readonly reason: string };
