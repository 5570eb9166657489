import { type Failure, failure } from '../../base/errors.ts';
import type { LogSink } from '../../base/log.ts';
import { err, type Result } from '../../base/result.ts';
import type { Secret } from '../../base/secret.ts';
import { weakEncryption } from '../../crypto/node/key-file.ts';
import { isOwn } from '../../platform/file-rights.ts';
import { readKeyFiles } from '../../platform/key-files.ts';
import { readPasswordFile } from '../../platform/password-file.ts';
import type { ProfileClientCertificate } from '../../profile/authentication/client-certificate.ts';
import type { PeerCredentials } from '../../rpc/transport/server-types.ts';
import type { CertificateAsks, OpenCertificate } from '../login-credentials.ts';
import type { KeyUser } from './key-process.ts';
import { type AskKeyPassword, openKeyFile } from './open-credential.ts';
import { openToken } from './open-token.ts';

/**
 * Opens the certificate that a profile names, in a process with the rights of the client: from a file of the system (a stored
 * profile), from what the client sent along, or on a token.
 */
export function openCertificate(credentials: PeerCredentials, log: LogSink): OpenCertificate {
  const user = keyUserOf(credentials);
  return async (certificate, asks) => {
    switch (certificate.kind) {
      case 'file':
        return await openStored(certificate, asks, user, log);
      case 'inline':
        return await openOctets(
          certificate.name,
          certificate.octets,
          passwordFrom(asks, certificate.name),
          user,
          log,
          certificate.bare,
        );
      case 'pkcs11':
        return await openToken(certificate, asks, user);
    }
  };
}

const nobody = 65_534;

/** The rights under which the files and tokens of a client are opened. */
export function keyUserOf({ uid, gids }: PeerCredentials): KeyUser {
  return { uid, gid: gids?.[0] ?? nobody };
}

/** Files that a stored profile names: root's, as the daemon's own. */
async function openStored(
  { files, passwordFile, bare }: Extract<ProfileClientCertificate, { readonly kind: 'file' }>,
  asks: CertificateAsks,
  user: KeyUser,
  log: LogSink,
) {
  const octets = await readKeyFiles(files, isOwn);
  if (!octets.ok) return octets;
  const name = files.at(-1) ?? '';
  const ask =
    passwordFile === undefined
      ? passwordFrom(asks, name)
      : async (retry: number): Promise<Result<Secret, Failure>> =>
          // The same password again would be as wrong.
          retry > 0 ? err(failure('secret.missing')) : await readPasswordFile(passwordFile, isOwn);
  return await openOctets(name, octets.value, ask, user, log, bare);
}

async function openOctets(
  name: string,
  octets: Uint8Array,
  ask: AskKeyPassword,
  user: KeyUser,
  log: LogSink,
  bare?: true,
) {
  const weak = weakEncryption(octets);
  if (weak !== undefined)
    log({ level: 'warn', event: 'credential.weak', fields: { file: name, algorithm: weak.algorithm } });
  return await openKeyFile(name, octets, ask, user, bare);
}

function passwordFrom(asks: CertificateAsks, file: string): AskKeyPassword {
  return (retry) => asks.secret({ kind: 'key-password', file, retry });
}
