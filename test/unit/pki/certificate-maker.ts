import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate with its key, made by the openssl command. */
export interface Made {
  readonly der: Uint8Array;
  readonly pem: string;
  readonly keyFile: string;
  readonly certificateFile: string;
}

export interface Wish {
  /** In openssl's form: `/C=CH/CN=gateway`. */
  readonly subject: string;
  /** The issuer; absent for a self-signed certificate. */
  readonly by?: Made;
  /** Lines of openssl's extension syntax. Absent: `caExtensions` when self-signed. */
  readonly extensions?: readonly string[];
  /** Arguments of `openssl genpkey`. */
  readonly key?: readonly string[];
  /** Use the key of another certificate. */
  readonly keyOf?: Made;
  readonly days?: number;
  readonly digest?: string;
  /** More arguments for the signing command. */
  readonly sign?: readonly string[];
}

export const caExtensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
export const keyIds = ['subjectKeyIdentifier=hash', 'authorityKeyIdentifier=keyid'];
/** openssl adds key identifiers by itself unless told not to. */
export const noKeyIds = ['subjectKeyIdentifier=none', 'authorityKeyIdentifier=none'];
export const keys = {
  p256: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  p384: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  p521: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'],
  rsa: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  rsa1024: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'],
  ed25519: ['-algorithm', 'ED25519'],
  ed448: ['-algorithm', 'ED448'],
} as const;

/** Makes certificates in a folder of its own, which `clean` removes. */
export function certificateMaker(): { make(wish: Wish): Made; clean(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-pki-'));
  let count = 0;
  const openssl = (...command: string[]) => execFileSync('openssl', command, { stdio: 'pipe' });
  return {
    make(wish) {
      const path = (suffix: string) => join(folder, `${count}.${suffix}`);
      count++;
      const keyFile = wish.keyOf?.keyFile ?? path('key');
      if (wish.keyOf === undefined) openssl('genpkey', ...(wish.key ?? keys.p256), '-out', keyFile);
      const extensions = wish.extensions ?? (wish.by === undefined ? [...caExtensions, keyIds[0] ?? ''] : []);
      const sections = '\n[d]\nCN=elsewhere\n';
      writeFileSync(path('ext'), extensions.join('\n') + sections);
      writeFileSync(path('cnf'), '[req]\ndistinguished_name=dn\n[dn]\n');
      openssl(
        ...['req', '-new', '-utf8', '-config', path('cnf'), '-key', keyFile],
        ...['-subj', wish.subject, '-out', path('csr')],
      );
      const issuer = wish.by
        ? ['-CA', wish.by.certificateFile, '-CAkey', wish.by.keyFile]
        : ['-signkey', keyFile];
      openssl(
        ...['x509', '-req', '-in', path('csr'), '-days', String(wish.days ?? 30), ...issuer],
        ...['-set_serial', String(1000 + count), `-${wish.digest ?? 'sha256'}`, ...(wish.sign ?? [])],
        ...(extensions.length > 0 ? ['-extfile', path('ext')] : []),
        ...['-out', path('pem')],
      );
      const pem = readFileSync(path('pem'), 'utf8');
      const body = pem.replace(/-----[^-]+-----|\s/g, '');
      return {
        der: new Uint8Array(Buffer.from(body, 'base64')),
        pem,
        keyFile,
        certificateFile: path('pem'),
      };
    },
    clean: () => rmSync(folder, { recursive: true, force: true }),
  };
}
