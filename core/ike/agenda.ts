import type { Instant } from '../base/time.ts';
import type { IkeSpi, Spi } from '../wire/ike/payload.ts';

/** What is to be done at some time. A job whose SA is gone meanwhile is void. */
export type Job =
  | { readonly kind: 'rekey-child'; readonly child: Spi; readonly early?: true }
  /** The last chance to replace a CHILD SA that could not be rekeyed. */
  | { readonly kind: 'recreate-child'; readonly child: Spi }
  | { readonly kind: 'expire-child'; readonly child: Spi }
  /** Nothing may have gone through it for long. */
  | { readonly kind: 'check-idle'; readonly child: Spi }
  /** No late packet is expected any more. */
  | { readonly kind: 'remove-child'; readonly child: Spi }
  /** One of our wishes has no CHILD SA. */
  | { readonly kind: 'add-child'; readonly wish: number }
  | { readonly kind: 'rekey-ike'; readonly ike: IkeSpi }
  | { readonly kind: 'expire-ike'; readonly ike: IkeSpi }
  /** The peer should have deleted this replaced IKE SA long ago. */
  | { readonly kind: 'retire-ike'; readonly ike: IkeSpi };

/** The timers of an established IKE SA. */
export class Agenda {
  #entries: { readonly at: Instant; readonly job: Job }[] = [];

  add(at: Instant, job: Job): void {
    this.#entries.push({ at, job });
    this.#entries.sort((a, b) => a.at - b.at);
  }

  get nextAt(): Instant | undefined {
    return this.#entries[0]?.at;
  }

  /** Takes out the first job that is due. */
  take(now: Instant): Job | undefined {
    const first = this.#entries[0];
    if (first === undefined || first.at > now) return undefined;
    this.#entries.shift();
    return first.job;
  }

  /** Takes out every job of one kind of a CHILD SA, or all of its jobs. */
  cancelChild(child: Spi, kind?: Job['kind']): void {
    this.#entries = this.#entries.filter(
      ({ job }) => !('child' in job && job.child === child && (kind === undefined || job.kind === kind)),
    );
  }

  /** Whether anything is to be done about this IKE SA. */
  hasIke(ike: IkeSpi): boolean {
    return this.#entries.some(({ job }) => 'ike' in job && job.ike === ike);
  }

  cancelIke(ike: IkeSpi): void {
    this.#entries = this.#entries.filter(({ job }) => !('ike' in job && job.ike === ike));
  }
}
