/** Octets outside V8's heap, with their address: they never move, so system calls and OpenSSL can be given offsets. */
export interface PacketMemory {
  readonly octets: Uint8Array;
  /** Where `octets` begin in this process. */
  readonly address: number;
}
