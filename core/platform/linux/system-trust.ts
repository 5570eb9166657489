import { type Failure, failure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { readBoundedFile } from '../bounded-file.ts';

/** Where distributions keep the CAs that the administrator trusts, all in one PEM file. */
const bundles = [
  // Debian, Ubuntu, Arch, Alpine, Gentoo
  '/etc/ssl/certs/ca-certificates.crt',
  // Fedora, RHEL, newer SUSE
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/pki/tls/certs/ca-bundle.crt',
  // SUSE
  '/etc/ssl/ca-bundle.pem',
  // Arch without the compatible names
  '/etc/ca-certificates/extracted/tls-ca-bundle.pem',
];

/**
 * PEM text of the CAs that this computer trusts: the first bundle that is there. Not Node's own list, which is that of Mozilla at the
 * time of its release, and knows nothing of what the administrator added or took away.
 */
export async function readSystemTrust(paths: readonly string[] = bundles): Promise<Result<string, Failure>> {
  for (const path of paths) {
    const read = await readBoundedFile(path, limits.systemTrustOctets);
    if (read.ok) return ok(read.value.octets.toString('utf8'));
  }
  return err(failure('system.no-trust-store', { looked: paths.join(', ') }));
}
