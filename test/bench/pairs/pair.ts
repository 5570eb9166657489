import type { Namespace } from '../../support/net/lab.ts';

/** Where the bench runs: two namespaces and one cable, nothing between that could be the bottleneck. */
export interface BenchNetwork {
  readonly client: Namespace;
  readonly gateway: Namespace;
  /** Outer addresses. */
  readonly clientAddress: string;
  readonly gatewayAddress: string;
  /** Where iperf3 listens: an address of the gateway that is reached only through the tunnel. */
  readonly target: string;
  readonly targetNetwork: string;
  /** The same over IPv6. */
  readonly target6: string;
  readonly targetNetwork6: string;
}

/** A tunnel that is up. */
export interface BenchTunnel {
  /** The processes that carry packets, by role. */
  readonly processes: Readonly<Record<'client' | 'gateway', number>>;
  close(): Promise<void>;
}

/** The connection is not made before this is settled. */
export type OnStarted = (pid: number) => Promise<void>;

/** Two programs that can make a tunnel with each other. */
export interface BenchPair {
  readonly name: string;
  /** Why it cannot run here; undefined when it can. */
  obstacle(): string | undefined;
  /** `onStarted` is told of a client that runs and is not connected yet, where these are two steps. */
  open(network: BenchNetwork, onStarted?: OnStarted): Promise<BenchTunnel>;
}
