import type { Leaf } from './leaf.ts';

/** Failures whose cause is on this side: the profile, the user, a caller. */
export const localLeaves = {
  'profile.invalid': {
    family: 'local-refused',
    what: 'The profile {file} has an error in line {line}, field {field}: {reason}.',
    next: 'Correct that line; docs/profile.md lists every field.',
  },
  'profile.missing': {
    family: 'local-refused',
    what: 'There is no profile {profile}.',
    next: 'List the profiles with `godwit profiles`, or give the path of a profile file.',
  },
  'profile.unreadable': {
    family: 'local-refused',
    what: 'The file {file} cannot be read: {reason}.',
    next: 'Check the path and who may read it.',
  },
  'profile.not-kept': {
    family: 'system-failure',
    what: 'The daemon could not change its store of profiles: {reason}.',
    next: 'Look whether its disk is full or read-only; its log tells more.',
  },
  'profile.too-many': {
    family: 'local-refused',
    what: 'There are {most} profiles of yours already.',
    next: 'Remove one that you no longer need.',
  },
  'profile.not-own': {
    family: 'local-refused',
    what: 'The profile {profile} belongs to this computer, not to you.',
    next: 'Import a copy of it and change that, or ask the administrator of this computer.',
  },
  'secret.file-mode': {
    family: 'local-refused',
    what: 'The file {file} holds a secret and can be read by others.',
    next: 'Run `chmod 600 {file}` and try again.',
  },
  'secret.file-owner': {
    family: 'local-refused',
    what: 'The file {file} holds a secret and belongs to another user.',
    next: 'Make a file of your own with mode 0600 and try again.',
  },
  'secret.unreadable': {
    family: 'local-refused',
    what: 'The password could not be read from {source}: {reason}.',
    next: 'Give one line of text with the password in it.',
  },
  'secret.shared-key': {
    family: 'local-refused',
    what: 'The shared key cannot be read: {reason}.',
    next: 'Give the key as text, or as 0x with hexadecimal digits, or as 0s with base64.',
  },
  'secret.missing': {
    family: 'local-refused',
    what: 'A password is needed and none was given.',
    next: 'Run the command on a terminal, or pass --password-stdin or --password-file.',
  },
  'secret.unusable': {
    family: 'local-refused',
    what: 'What was typed cannot be a password: it has more than {octets} octets, or is no Unicode text.',
    next: 'Connect again and type it anew. A letter with an accent counts as two octets or more.',
  },
  'secret.store-missing': {
    family: 'local-refused',
    what: 'There is no keyring to keep secrets in: {reason}.',
    next: 'Use it in a desktop session with GNOME Keyring, KWallet or KeePassXC; without one Godwit asks each time.',
  },
  'secret.store-locked': {
    family: 'local-refused',
    what: 'The keyring is locked, and was not unlocked.',
    next: 'Unlock the keyring of the desktop (Passwords and Keys, or log in again), then repeat the command.',
  },
  'secret.store-failed': {
    family: 'local-refused',
    what: 'Secrets cannot be kept or read there ({store}): {reason}.',
    next: 'Look into the log of the keyring; with --no-keyring Godwit asks and keeps nothing.',
  },
  'secret.timed-out': {
    family: 'local-refused',
    what: 'Nobody answered the question for a password or code within {seconds} seconds.',
    next: 'Connect again with the answer at hand.',
  },
  'tunnel.busy': {
    family: 'local-refused',
    what: 'A connection is already up: {profile}.',
    next: 'Disconnect it first with `godwit down`.',
  },
  'tunnel.cancelled': {
    family: 'local-refused',
    what: 'The connection was cancelled.',
    next: 'Connect again when you are ready.',
  },
  'tunnel.idle': {
    family: 'local-refused',
    what: 'Nothing went through the tunnel for {seconds} s, and the profile ends the connection then.',
    next: 'Connect again; `inactivity` in the profile has the time, and `"action": "sleep"` keeps you logged in.',
  },
  'tunnel.renewal-late': {
    family: 'timeout',
    what: 'A new login, which was to take the place of the present one, did not end in time.',
    next: 'Godwit tries again while the present one stands. If it asked you for something, answer sooner.',
  },
  'gateway.unresolved': {
    family: 'local-refused',
    what: 'The name {gateway} has no address.',
    next: 'Check the spelling and whether this network resolves names.',
  },
  'rpc.unavailable': {
    family: 'local-refused',
    what: 'The Godwit daemon does not answer at {socket}.',
    next: 'Start it with `godwitd` (it needs root), then try again.',
  },
  'rpc.busy': {
    family: 'local-refused',
    what: 'Another Godwit daemon already serves {socket}.',
    next: 'Use the one that runs, or stop it first.',
  },
  'rpc.socket': {
    family: 'local-refused',
    what: 'The daemon cannot listen at {socket}: {reason}.',
    next: 'Run the daemon as root, remove what is in the way, or choose another path with --socket.',
  },
  'rpc.denied': {
    family: 'local-refused',
    what: 'This account may not do that: {method}.',
    next: 'Ask the owner of this machine to add the account to the group godwit.',
  },
  'rpc.invalid': {
    family: 'misuse',
    what: 'The daemon did not understand a request: {reason}.',
    next: 'Use the same version of the client and of the daemon.',
  },
  'import.unknown': {
    family: 'local-refused',
    what: 'The file {file} is of no kind that Godwit can import.',
    next: "Import Godwit's own JSON, a .sswan file of strongSwan, or a certificate as .p12 or .pfx; ask the administrator for one.",
  },
  'import.invalid': {
    family: 'local-refused',
    what: 'The file {file} cannot be imported: {reason}.',
    next: 'Ask whoever gave it to you for it once more.',
  },
  'import.unsupported': {
    family: 'local-refused',
    what: 'The file {file} needs what Godwit does not have: {what}.',
    next: 'Ask the administrator for a profile with a user name and a password, or with EAP-TLS.',
  },
  'import.incomplete': {
    family: 'local-refused',
    what: 'The file {file} does not say everything that a profile needs: {missing}.',
    next: 'Add it with {options}, or import the file on a terminal or in the window, where it is asked for.',
  },
  'import.too-large': {
    family: 'local-refused',
    what: 'The file {file} is larger than {most} octets: that is no profile.',
    next: 'Look whether it is the right file.',
  },
  'ui.line-lost': {
    family: 'local-refused',
    what: 'This page has lost its way to Godwit: {reason}.',
    next: 'Run `godwit ui` again and open the address that it prints.',
  },
  'ui.missing': {
    family: 'local-refused',
    what: 'The interface is not built: {file} is not there.',
    next: 'Run `npm run build:ui` once, then try again.',
  },
  'notices.missing': {
    family: 'local-refused',
    what: 'The licences of the libraries were not collected: {file} is not there.',
    next: 'In a checkout each library has its licence in node_modules; a package brings the file.',
  },
  'ui.listen': {
    family: 'local-refused',
    what: 'The interface cannot listen on the loopback address: {reason}.',
    next: 'Choose another port with --port, or none.',
  },
  misuse: {
    family: 'misuse',
    what: 'Godwit made a mistake of its own: {reason}.',
    next: 'Please report this with the log.',
  },
} as const satisfies Record<string, Leaf>;
