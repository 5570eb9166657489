import { limits } from '../base/limits.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import type { Pin } from './pin.ts';

/**
 * Whom to trust. With `anchors` alone: whoever these CA certificates (or the server's own) vouch for. With `pins` alone: whoever has a
 * pinned certificate or key. With both: both must hold, and any certificate of the path may be the pinned one. With neither: nobody.
 */
export interface Trust {
  readonly anchors: readonly Certificate[];
  readonly pins: readonly Pin[];
}

/** Reads the anchors (DER) once, for many verdicts; unreadable ones count for nothing. */
export function readTrust(anchors: readonly Uint8Array[], pins: readonly Pin[] = []): Trust {
  return { anchors: readCertificates(anchors.slice(0, limits.trustAnchors)), pins };
}

/** The readable ones of `ders`, in order. */
export function readCertificates(ders: readonly Uint8Array[]): Certificate[] {
  return ders.flatMap((der) => {
    const certificate = parseCertificate(der);
    return certificate.ok ? [certificate.value] : [];
  });
}
