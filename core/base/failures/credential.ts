import type { Leaf } from './leaf.ts';

/** Failures of the user's own certificate and key: in a file, or on a token (`detail.token` is its label). */
export const credentialLeaves = {
  'credential.password': {
    family: 'local-refused',
    what: 'The password for {file} is wrong.',
    next: 'Type the password that the file was made with; it is seldom that of the account.',
  },
  'credential.file': {
    family: 'local-refused',
    what: 'The file {file} gives no certificate with a private key: {reason}.',
    next: 'Export the certificate together with its private key once more, as PKCS#12 or PEM.',
  },
  'credential.no-key': {
    family: 'local-refused',
    what: 'The file {file} holds no private key, only certificates.',
    next: 'Export the certificate once more together with its private key; some programs ask for that with a switch of its own.',
  },
  'credential.weak-file': {
    family: 'local-refused',
    what: 'The file {file} is encrypted with {algorithm}, which protects nothing.',
    next: 'Export it again with AES: `openssl pkcs12 -export` of OpenSSL 3 does, and so does Windows with AES256-SHA256.',
  },
  'credential.missing': {
    family: 'local-refused',
    what: 'This login needs a certificate of your own, and the profile names none.',
    next: 'Set authentication.certificate in the profile; docs/profile.md tells how.',
  },
  'credential.helper': {
    family: 'system-failure',
    what: 'The process of Godwit that opens keys stopped: {reason}.',
    next: 'Connect again; if it stops again, the key file or the PKCS#11 module is at fault.',
  },
  'token.module': {
    family: 'local-refused',
    what: 'The PKCS#11 module {module} cannot be used: {reason}.',
    next: 'Set authentication.certificate.pkcs11Module in the profile to the module of the token, such as opensc-pkcs11.so.',
  },
  'token.missing': {
    family: 'local-refused',
    what: 'No token is here that fits {uri}; there are: {present}.',
    next: 'Insert the card or the token, wait a moment and connect again.',
  },
  'token.no-certificate': {
    family: 'local-refused',
    what: 'The token {token} holds no certificate with a private key that fits {uri}.',
    next: 'Look with `pkcs11-tool --list-objects` what it holds, and correct the URI in the profile.',
  },
  'token.pin': {
    family: 'local-refused',
    what: 'The PIN of {token} is wrong. Tries left: {triesLeft}.',
    next: 'Make sure which PIN it is before you try again: too many wrong ones lock the token.',
  },
  'token.pin-locked': {
    family: 'local-refused',
    what: 'The PIN of {token} is locked after too many wrong tries.',
    next: 'Whoever gave you the token can unlock it with its PUK or SO PIN.',
  },
  'token.pin-expired': {
    family: 'local-refused',
    what: 'The PIN of {token} must be changed before it can be used.',
    next: "Change it with the token's own program, or with `pkcs11-tool --change-pin`.",
  },
  'token.removed': {
    family: 'local-refused',
    what: 'The token {token} was removed.',
    next: 'Insert it again and connect; it is needed at each login.',
  },
  'token.refused': {
    family: 'local-refused',
    what: 'The token {token} refused {call}: {reason}.',
    next: 'Try it with `pkcs11-tool --test`; the token or its module may not be able to do this.',
  },
} as const satisfies Record<string, Leaf>;
