import { type CertificateRequest, createCa, type Issued, issue } from '../support/pki.ts';

export const gatewayName = 'vpn.example.org';

const day = 86_400_000;

/** Of the CA, beside the gateway: OCSP, CRLs, certificates. */
export const web = 'http://192.0.2.3:8080';

type Issuer = 'ec-root' | 'rsa-root' | 'intermediate' | 'short-root' | 'too-deep' | 'other-ca' | 'elsewhere';
type Recipe = Partial<CertificateRequest> & { readonly issuer?: Issuer };

/** The gateway's certificates, good and bad. */
const recipes = {
  rsa: { key: 'rsa', issuer: 'rsa-root' },
  'rsa-signed-pss': { key: 'rsa', issuer: 'rsa-root', pss: true },
  'ec-p256': {},
  'ec-p384': { key: 'ec-p384' },
  'ec-p521': { key: 'ec-p521' },
  ed25519: { key: 'ed25519' },
  expired: { notBefore: new Date(Date.now() - 20 * day), notAfter: new Date(Date.now() - day) },
  'not-yet-valid': { notBefore: new Date(Date.now() + day) },
  'other-name': { names: ['other.example.org'], subject: 'other.example.org' },
  'common-name-only': { names: [] },
  /** About 4,000 octets. */
  'many-names': {
    names: [gatewayName, ...Array.from({ length: 120 }, (_, i) => `host-${i}.long.name.example.org`)],
  },
  'no-server-auth': { usages: ['clientAuth'] },
  'under-intermediate': { issuer: 'intermediate' },
  'issuer-named': { issuer: 'intermediate', issuerUrl: `${web}/intermediate` },
  'ocsp-good': { ocspUrls: [`${web}/ocsp/good`] },
  'ocsp-revoked': { ocspUrls: [`${web}/ocsp/revoked`] },
  'ocsp-unknown': { ocspUrls: [`${web}/ocsp/unknown`] },
  'ocsp-delegated': { ocspUrls: [`${web}/ocsp/delegated`] },
  /** Nobody listens at the first address, the second keeps silent. */
  'ocsp-late': { ocspUrls: [`${web.replace('8080', '8081')}/`, `${web}/silent`, `${web}/ocsp/good`] },
  'ocsp-dead': { ocspUrls: [`${web.replace('8080', '8081')}/`] },
  'crl-good': { crlUrl: `${web}/crl/good` },
  'crl-revoked': { crlUrl: `${web}/crl/revoked` },
  'crl-old': { crlUrl: `${web}/crl/old` },
  'crl-missing': { crlUrl: `${web}/crl/missing` },
  /** The second who asks gets nothing. */
  'crl-once': { crlUrl: `${web}/crl/once` },
  'ocsp-local': { ocspUrls: [`${web}/ocsp/local`] },
  'too-deep': { issuer: 'too-deep' },
  'outside-of-its-ca': { issuer: 'elsewhere' },
} as const satisfies Record<string, Recipe>;

/** The user's own certificates, good and bad. */
const userRecipes = {
  rsa: { key: 'rsa', issuer: 'rsa-root' },
  'rsa-3072': { key: 'rsa-3072', issuer: 'rsa-root' },
  'ec-p256': {},
  'ec-p384': { key: 'ec-p384' },
  'ec-p521': { key: 'ec-p521' },
  ed25519: { key: 'ed25519' },
  'subject-only': { names: [] },
  'under-intermediate': { issuer: 'intermediate' },
  'after-2049': { notAfter: new Date('2061-01-01T00:00:00Z') },
  'too-deep': { issuer: 'too-deep' },
  expired: { notBefore: new Date(Date.now() - 20 * day), notAfter: new Date(Date.now() - day) },
  'unknown-ca': { issuer: 'other-ca' },
  'inside-of-its-ca': { issuer: 'elsewhere', names: ['alice@other.example.net'] },
  'outside-of-its-ca': { issuer: 'elsewhere' },
  'crl-good': { crlUrl: `${web}/crl/good` },
  'crl-revoked': { crlUrl: `${web}/crl/revoked` },
  'ocsp-good': { ocspUrls: [`${web}/ocsp/good`] },
  'ocsp-revoked': { ocspUrls: [`${web}/ocsp/revoked`] },
} as const satisfies Record<string, Recipe>;

export const userMail = 'alice@example.org';

export type UserCertificateName = keyof typeof userRecipes;

export type CertificateName = keyof typeof recipes;

export interface Certificates {
  /** What the client trusts, by the certificate's issuer. */
  caOf(name: CertificateName): Issued;
  /** Somebody else's, in which the client must not find the gateway. */
  readonly otherCa: Issued;
  /** More of those. */
  strangers(count: number): readonly Issued[];
  readonly intermediate: Issued;
  readonly ocspSigner: Issued;
  /** Nobody vouches for it. */
  readonly localSigner: Issued;
  /** The RADIUS server, with a CA and a name of its own, and whom it lets in by certificate. */
  readonly login: LoginCertificates;
  readonly roots: { readonly ec: Issued; readonly rsa: Issued; readonly short: Issued };
  /** Below `roots.short`, which allows no CA there. */
  readonly tooDeep: Issued;
  /** Below the root, for names at other.example.net alone. */
  readonly elsewhere: Issued;
  /** One of the user's own. */
  user(name: UserCertificateName): Issued;
  get(name: CertificateName): Issued;
}

export interface LoginCertificates {
  readonly ca: Issued;
  readonly server: Issued;
  readonly user: Issued;
  /** Issued by another CA. */
  readonly stranger: Issued;
}

export const loginServerName = 'radius.example.org';

function createLoginCertificates(otherCa: Issued): LoginCertificates {
  const ca = createCa('Godwit Test Login Root', 'rsa');
  const user = { subject: 'alice', names: ['alice', 'alice-13'], usages: ['clientAuth'] } as const;
  return {
    ca,
    server: issue(ca, { subject: loginServerName, key: 'rsa' }),
    user: issue(ca, user),
    stranger: issue(otherCa, user),
  };
}

/** Keys are made when they are first asked for: an RSA key takes a while. */
export function createCertificates(): Certificates {
  const ecRoot = createCa('Godwit Test Root');
  const rsaRoot = createCa('Godwit Test RSA Root', 'rsa');
  const intermediate = issue(ecRoot, { subject: 'Godwit Test Intermediate', ca: true });
  const shortRoot = issue(undefined, { subject: 'Godwit Short Root', ca: true, pathLength: 0 });
  const tooDeep = issue(shortRoot, { subject: 'Godwit Too Deep', ca: true });
  const elsewhere = issue(ecRoot, {
    subject: 'Godwit Test Elsewhere',
    ca: true,
    permittedNames: ['other.example.net'],
  });
  const otherCa = createCa('Somebody Else Root');
  const issuers: Record<Issuer, Issued> = {
    'ec-root': ecRoot,
    'rsa-root': rsaRoot,
    intermediate,
    'short-root': shortRoot,
    'too-deep': tooDeep,
    'other-ca': otherCa,
    elsewhere,
  };
  const users = new Map<UserCertificateName, Issued>();
  const strangers: Issued[] = [];
  let login: LoginCertificates | undefined;
  const made = new Map<CertificateName, Issued>();
  return {
    caOf: (name) => {
      const { issuer } = recipe(name);
      if (issuer === 'too-deep') return shortRoot;
      return issuer === 'rsa-root' ? rsaRoot : ecRoot;
    },
    otherCa,
    get login() {
      login ??= createLoginCertificates(otherCa);
      return login;
    },
    intermediate,
    ocspSigner: issue(ecRoot, { subject: 'Godwit Test Responder', names: [], usages: ['OCSPSigning'] }),
    roots: { ec: ecRoot, rsa: rsaRoot, short: shortRoot },
    tooDeep,
    elsewhere,
    localSigner: createCa('Godwit Test Local Responder'),
    user: (name) => {
      const present = users.get(name);
      if (present !== undefined) return present;
      const { issuer = 'ec-root', ...request }: Recipe = userRecipes[name];
      const fresh = { subject: 'Alice', names: [userMail], usages: ['clientAuth'], ...request } as const;
      const certificate = issue(issuers[issuer], fresh);
      users.set(name, certificate);
      return certificate;
    },
    strangers: (count) => {
      while (strangers.length < count) strangers.push(createCa(`Stranger ${strangers.length}`));
      return strangers.slice(0, count);
    },
    get: (name) => {
      const present = made.get(name);
      if (present !== undefined) return present;
      const { issuer = 'ec-root', ...request } = recipe(name);
      const certificate = issue(issuers[issuer], { subject: gatewayName, names: [gatewayName], ...request });
      made.set(name, certificate);
      return certificate;
    },
  };
}

function recipe(name: CertificateName): Recipe {
  return recipes[name];
}
