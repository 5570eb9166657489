/** An idle spell is measured in quarters, so a keepalive goes out after three to four of them. */
const partsPerInterval = 4;

/**
 * Decides when a NAT keepalive is due: when nothing was sent for almost the interval. Asked at each quarter of it
 * with the total of datagrams sent so far. @rfc 3948 4
 */
export class KeepaliveTimer {
  readonly tickMs: number;
  #sent = 0;
  #idleTicks = 0;

  constructor(everyMs: number, sent: number) {
    this.tickMs = Math.max(1, Math.floor(everyMs / partsPerInterval));
    this.#sent = sent;
  }

  /** True when one must be sent now. */
  tick(sent: number): boolean {
    if (sent !== this.#sent) {
      this.#sent = sent;
      this.#idleTicks = 0;
      return false;
    }
    this.#idleTicks++;
    if (this.#idleTicks < partsPerInterval - 1) return false;
    this.#idleTicks = 0;
    return true;
  }
}
