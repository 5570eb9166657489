import type { Leaf } from './leaf.ts';

/** Failures whose cause is on the wire or at the peer. */
export const peerLeaves = {
  malformed: {
    family: 'malformed',
    what: 'A message was cut or garbled: {what}.',
    next: 'If this repeats, something on the path changes packets; try another network.',
  },
  'peer.integrity': {
    family: 'malformed',
    what: 'A message was changed on its way, or is not from the gateway.',
    next: 'It was dropped. If this repeats, something on the path changes packets; try another network.',
  },
  'peer.critical-payload': {
    family: 'peer-incompatible',
    what: 'The gateway insists on an extension that Godwit does not know (payload type {type}).',
    next: 'Ask the administrator of the gateway which extension that is and whether it can be left off.',
  },
  'peer.misbehaved': {
    family: 'peer-misbehaved',
    what: 'The gateway broke a rule of IKEv2: {rule}.',
    next: 'Send this message and the log to the administrator of the gateway.',
  },
  'peer.no-proposal-chosen': {
    family: 'peer-incompatible',
    what: 'The gateway accepts none of the algorithms that this profile offers for {exchange}.',
    next: 'Ask the administrator which IKE and ESP proposals the gateway takes and add them to the profile.',
  },
  'peer.unacceptable-choice': {
    family: 'peer-misbehaved',
    what: 'The gateway chose algorithms that were not offered to it: {chosen}.',
    next: 'Do not use this gateway before its administrator has looked at this message.',
  },
  'peer.ts-unacceptable': {
    family: 'peer-refused',
    what: 'The gateway refused the networks that this profile asks for.',
    next: 'Check the remote networks in the profile, or remove them to take what the gateway gives.',
  },
  'peer.no-address': {
    family: 'peer-refused',
    what: 'The gateway gave no inner address.',
    next: 'Its address pool may be used up or set for another kind of address; ask the administrator.',
  },
  'peer.refused': {
    family: 'peer-refused',
    what: 'The gateway refused the connection with {notify}.',
    next: 'Send this message to the administrator of the gateway.',
  },
  'peer.nat-forbidden': {
    family: 'peer-refused',
    what: 'A NAT on the way changes the address or the port of what this computer sends, and the profile allows none.',
    next: 'Connect from a network without NAT, or remove `"allowNat": false` from the profile.',
  },
  'peer.esp-silent': {
    family: 'timeout',
    what: 'The gateway answers, but for {seconds} s nothing came back through the tunnel.',
    next: 'Godwit logs in again, from another port. If that does not help, a firewall may let IKE through and drop ESP in UDP port 4500.',
  },
  'peer.closed': {
    family: 'peer-refused',
    what: 'The gateway ended the connection.',
    next: 'Connect again; if it ends again, ask the administrator whether the account has a session limit.',
  },
  'peer.redirected': {
    family: 'peer-refused',
    what: 'The gateway {gateway} sends its clients to {to}.',
    next: 'Godwit follows by itself; if you see this, put the other gateway into the profile.',
  },
  'peer.redirect-loop': {
    family: 'peer-refused',
    what: 'The gateways send us from one to the other without an end, the last time to {to}.',
    next: 'Ask the administrator of the gateway; "followRedirects": false in the profile stays with the first one.',
  },
  'peer.not-rekeyed': {
    family: 'peer-refused',
    what: 'The keys of the connection ran out because the gateway would not renew them: {reason}.',
    next: 'Connect again. If it repeats, ask the administrator which proposals and key exchange groups the gateway takes when it rekeys.',
  },
  'peer.unreachable': {
    family: 'timeout',
    what: 'The gateway {gateway} did not answer.',
    next: 'Check the name of the gateway and the network; UDP ports 500 and 4500 may be blocked here.',
  },
  'peer.silent': {
    family: 'timeout',
    what: 'The gateway answered at first and then fell silent during {phase}.',
    next: 'Large packets may be lost on this network, or UDP 4500 is blocked; try another network.',
  },
  'peer.dead': {
    family: 'timeout',
    what: 'The gateway no longer answers.',
    next: 'Check the network, then connect again.',
  },
} as const satisfies Record<string, Leaf>;
