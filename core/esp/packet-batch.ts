/** Packets that are sealed, or opened, together, which may be cheaper than one by one. */
export interface PacketBatch {
  /** So many may be put between two runs. */
  readonly capacity: number;
  /** As `seal` and `open`, later. Associated data and IV are taken at once. */
  put(associatedAt: number, associatedLength: number, ivAt: number, dataAt: number, length: number): void;
  run(): void;
  /** The verdict on packet `i` of the last run, where packets are opened. */
  verified(i: number): boolean;
}
