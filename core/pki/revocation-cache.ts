import { limits } from '../base/limits.ts';
import type { Certificate } from './certificate.ts';
import type { Crl } from './crl.ts';

/** Evidence that is still good, bounded in number: the oldest goes first. One for all verdicts of a daemon. */
export class RevocationCache {
  readonly #verdicts = new Map<string, number>();
  readonly #crls = new Map<string, Crl>();

  /** Whether `certificate` was found good by evidence that holds at `at` (milliseconds since 1970). */
  isGood(certificate: Certificate, at: number): boolean {
    return (this.#verdicts.get(keyOf(certificate)) ?? 0) > at;
  }

  keepGood(certificate: Certificate, until: number): void {
    put(this.#verdicts, keyOf(certificate), until, limits.revocationVerdicts);
  }

  /** The CRL that was fetched from `url`, unless it is out of date. */
  crl(url: string, at: number): Crl | undefined {
    const crl = this.#crls.get(url);
    return (crl?.nextUpdate ?? 0) > at ? crl : undefined;
  }

  keepCrl(url: string, crl: Crl): void {
    put(this.#crls, url, crl, limits.cachedCrls);
  }
}

/** The signature tells certificates apart, and it was verified. */
function keyOf({ signature, serial }: Certificate): string {
  return `${serial.join()} ${signature.join()}`;
}

function put<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}
