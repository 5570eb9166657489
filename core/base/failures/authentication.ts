import type { Leaf } from './leaf.ts';

/** Failures of either side's proof of who it is. `detail.side`: `local` is us, `remote` the gateway. */
export const authenticationLeaves = {
  'auth.refused': {
    family: 'authentication-failed',
    what: 'The gateway refused the login.',
    next: 'Check the user name and the password; an account can also be locked or without the right to dial in.',
  },
  'auth.refused-certificate': {
    family: 'authentication-failed',
    what: 'The gateway refused your certificate, that of {subject} from {issuer}, valid until {notAfter}.',
    next: 'Check that it is the one for this gateway. Gateways do not say why: it may be revoked, have expired, or come from a CA that the gateway does not know. Ask the administrator, who finds the reason in the log of the gateway.',
  },
  'auth.refused-key': {
    family: 'authentication-failed',
    what: 'The gateway refused your public key, {key}, shown by {identity}.',
    next: 'Ask the administrator whether the gateway has this key, and whether the identity is right (localIdentity in the profile).',
  },
  'auth.refused-psk': {
    family: 'authentication-failed',
    what: 'The gateway refused the pre-shared key of {identity}.',
    next: 'Check the key, and the identity by which the gateway finds it (localIdentity in the profile).',
  },
  'auth.refused-ppk': {
    family: 'authentication-failed',
    what: 'The gateway refused the login, in which the post-quantum pre-shared key {ppk} took part.',
    next: 'Ask the administrator whether the gateway has this very key under this name. If it is right, check what else you log in with.',
  },
  'auth.refused-early': {
    family: 'authentication-failed',
    what: 'The gateway turned us away before the login began. It was asked for as {asked}, by {identity}.',
    next: "If the gateway goes by another name, set it as remoteIdentity in the profile, or null to take the gateway's own. Otherwise ask the administrator whether it takes EAP logins.",
  },
  'auth.wants-eap': {
    family: 'authentication-failed',
    what: 'The gateway refused {tried}: it wants a login with EAP, with a user name and a password or a certificate inside EAP.',
    next: 'Set authentication in the profile to an EAP method, such as eap-mschapv2 or eap-tls, or to a list that has one.',
  },
  'auth.wants-no-eap': {
    family: 'authentication-failed',
    what: 'The gateway does not begin EAP with {identity}: it wants a certificate or a pre-shared key.',
    next: 'Set authentication in the profile to certificate or psk, or to a list that has one.',
  },
  'auth.signature-unsupported': {
    family: 'peer-incompatible',
    what: 'The gateway cannot verify a signature of this key ({key}): {reason}.',
    next: 'Use a certificate with another kind of key, or ask the administrator to update the gateway (RFC 7427). For RSA trust.allowSha1Signatures signs with SHA-1, at a risk that docs/profile.md names.',
  },
  'auth.one-round-only': {
    family: 'peer-incompatible',
    what: 'This profile logs in twice, and the gateway takes one login only (no RFC 4739).',
    next: 'Ask the administrator which of the two the gateway wants, and leave the other out of the profile.',
  },
  'auth.ppk-missing': {
    family: 'peer-incompatible',
    what: 'This profile demands a post-quantum pre-shared key, and the gateway does not use it: {reason}.',
    next: 'Ask the administrator whether the key and its name are right, or set ppk.required to false.',
  },
  'auth.psk-gateway': {
    family: 'authentication-failed',
    what: 'The gateway did not prove that it knows the pre-shared key.',
    next: 'Check the key. If it is right, someone may be posing as the gateway: use another network and tell the administrator.',
  },
  'auth.unknown-key': {
    family: 'authentication-failed',
    what: 'The gateway has another public key than the one in this profile.',
    next: 'If the gateway got a new key, ask its administrator for it; else someone may be posing as the gateway.',
  },
  'auth.gateway-unproven': {
    family: 'authentication-failed',
    what: 'The gateway did not prove who it is before the login.',
    next: 'Ask the administrator to give the gateway a certificate. Gateways that prove themselves inside EAP need `"gatewayAuthentication": "eap"` in the profile.',
  },
  'auth.password': {
    family: 'authentication-failed',
    what: 'The user name or the password is wrong.',
    next: 'Type the password again. Too many tries may lock the account.',
  },
  'auth.account': {
    family: 'authentication-failed',
    what: 'The gateway knows the account but does not let it in: {reason}.',
    next: 'Ask the administrator of the gateway.',
  },
  'auth.eap-method': {
    family: 'peer-incompatible',
    what: 'The gateway wants to log in with {wanted}, and this profile allows only {offered}.',
    next: 'If you can log in that way, set authentication.method in the profile; otherwise ask the administrator to allow {offered} for this account.',
  },
  'auth.second-factor': {
    family: 'peer-incompatible',
    what: 'The password is right. The gateway wants a second factor in the same login ({wanted}), and this profile does not allow that.',
    next: 'FortiGate does this: set authentication.compatibility to "forticlient" in the profile; docs/profile.md names the risk.',
  },
  'auth.passcode': {
    family: 'authentication-failed',
    what: 'The gateway did not take the code.',
    next: 'Connect again with a new code: one is good once, and for a short time.',
  },
  'auth.eap-server': {
    family: 'authentication-failed',
    what: 'The login server did not prove that it knows the password.',
    next: 'Someone may be posing as the gateway. Use another network and tell the administrator.',
  },
  'auth.login-server': {
    family: 'peer-misbehaved',
    what: 'The login server behind the gateway broke a rule of its protocol: {rule}.',
    next: 'Send this message and the log to the administrator of the gateway.',
  },
  'auth.tls': {
    family: 'authentication-failed',
    what: 'What the login server sent is not good TLS: {reason}.',
    next: 'It may be too old for TLS 1.2, or something changes packets on the way. Send this message to the administrator.',
  },
  'auth.tls-alert': {
    family: 'authentication-failed',
    what: 'The login server broke off TLS with the alert "{alert}".',
    next: 'Send this message to the administrator of the gateway, whose login server has the reason in its log.',
  },
  'auth.client-certificate': {
    family: 'authentication-failed',
    what: 'The login server did not accept your certificate: {alert}.',
    next: 'Check that it is the right certificate for this gateway and has not expired; otherwise ask the administrator.',
  },
  'auth.client-key': {
    family: 'local-refused',
    what: 'Your certificate and your private key do not fit together, or the key cannot be read.',
    next: 'Choose the certificate and the key that were issued together.',
  },
  'auth.client-key-on-token': {
    family: 'local-refused',
    what: 'The login server wants your certificate inside TLS, and its key lies on a token, which Godwit cannot use there.',
    next: 'Use a certificate with its key in a file, or ask the administrator whether the gateway itself takes certificates.',
  },
  'auth.tunnel-binding': {
    family: 'authentication-failed',
    what: 'The login server did not prove that it took part in the login inside TLS.',
    next: 'Someone may be posing as the gateway. Use another network and tell the administrator.',
  },
  'auth.signature': {
    family: 'authentication-failed',
    what: "The gateway's signature does not fit its certificate.",
    next: 'Someone may be posing as the gateway. Use another network and tell the administrator.',
  },
  'auth.eap-binding': {
    family: 'authentication-failed',
    what: 'The gateway did not prove that it took part in the login.',
    next: 'Someone may be posing as the gateway. Use another network and tell the administrator.',
  },
  'auth.method-refused': {
    family: 'authentication-failed',
    what: 'The gateway proved itself with {method}, which this profile does not accept.',
    next: 'Ask the administrator to give the gateway a certificate.',
  },
  'auth.weak-signature': {
    family: 'authentication-failed',
    what: 'The gateway signed its login with {method}, which is too weak to trust.',
    next: 'Ask the administrator to update the gateway (RFC 7427). Until then trust.allowSha1Signatures in the profile takes it, at a risk that docs/profile.md names.',
  },
  'auth.no-certificate': {
    family: 'authentication-failed',
    what: 'The gateway sent no certificate.',
    next: 'Ask the administrator to have the gateway always send its certificate.',
  },
  'certificate.login-server-name': {
    family: 'authentication-failed',
    what: 'The login server behind the gateway was expected to be {expected}, but its certificate says {names}.',
    next: 'If one of these names is right, set it as authentication.server.name in the profile.',
  },
  'certificate.login-server-ca': {
    family: 'authentication-failed',
    what: "The login server's certificate was issued by {issuer}, which this profile does not trust.",
    next: 'If it has a CA of its own, set that as authentication.server.caFile in the profile; otherwise this is not your login server.',
  },
  'certificate.malformed': {
    family: 'authentication-failed',
    what: "The {holder}'s certificate can't be read: {reason}.",
    next: 'Ask the administrator to replace the certificate of the gateway.',
  },
  'certificate.unknown-ca': {
    family: 'authentication-failed',
    what: "The {holder}'s certificate was issued by {issuer}, which this profile does not trust.",
    next: "Check that the profile holds the right CA certificate; if it does, this isn't your {holder}.",
  },
  'certificate.expired': {
    family: 'authentication-failed',
    what: 'The certificate of {subject} expired on {notAfter}.',
    next: "Check this computer's date; if it is right, the administrator must renew the certificate.",
  },
  'certificate.not-yet-valid': {
    family: 'authentication-failed',
    what: 'The certificate of {subject} is valid only from {notBefore}.',
    next: "Check this computer's date; if it is right, tell the administrator.",
  },
  'certificate.name': {
    family: 'authentication-failed',
    what: 'The {holder} was expected to be {expected}, but its certificate says {names}.',
    next: 'If one of these names is right, set it as the remote identity in the profile.',
  },
  'certificate.usage': {
    family: 'authentication-failed',
    what: "The {holder}'s certificate may not be used for a server: it lacks {missing}.",
    next: 'Ask the administrator for a certificate with the extended key usage serverAuth; docs/profile.md tells when trust.requireServerAuth may be set to false.',
  },
  'certificate.identity': {
    family: 'authentication-failed',
    what: 'The {holder} was expected to be {expected}, but calls itself {claimed}.',
    next: 'If this is your gateway, set that name as the remote identity in the profile.',
  },
  'certificate.weak': {
    family: 'authentication-failed',
    what: 'The certificate of {subject} is too weak to be trusted: {weakness}.',
    next: 'Ask the administrator of the gateway for a certificate with RSA of 2048 bits or more, or ECDSA, and SHA-256.',
  },
  'certificate.pin': {
    family: 'authentication-failed',
    what: "The {holder}'s certificate is not one that the profile pins. It has the SHA-256 fingerprint {fingerprint}, and its key {key}.",
    next: "If the administrator says that the {holder} got a new certificate, pin it in the profile (trust.pins). Otherwise this isn't your {holder}.",
  },
  'certificate.not-fetched': {
    family: 'local-refused',
    what: "The {holder} names its certificate by an address, {url}, from which it can't be fetched: {reason}.",
    next: 'Try another network, or ask the administrator to have the {holder} send the certificate itself.',
  },
  'certificate.revoked': {
    family: 'authentication-failed',
    what: 'The certificate of {subject} was revoked on {date}: {reason}.',
    next: 'Do not connect. Ask the administrator for what happened, and to give the {holder} a new certificate.',
  },
  'certificate.revocation-unknown': {
    family: 'local-refused',
    what: 'Whether the certificate of {subject} was revoked could not be found out: {reason}.',
    next: 'Try again on a network that reaches the CA. trust.revocation in the profile says whether to insist, and what may be asked.',
  },
  'certificate.chain': {
    family: 'authentication-failed',
    what: "The {holder}'s certificate chain is broken: {reason}.",
    next: 'Ask the administrator to check the certificate chain of the gateway.',
  },
} as const satisfies Record<string, Leaf>;
