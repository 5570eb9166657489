/** What a connection that stands does less well than it could, by a stable code. The user sees the sentence. */
export const weaknessTexts = {
  'short-psk': 'The pre-shared key is short: whoever poses as the gateway once can try out keys at leisure.',
  'psk-gateway':
    'The gateway proved itself with a pre-shared key that every user knows: any of them can pose as the gateway.',
  'keyless-eap':
    'The last login method makes no key, so only the proof of the gateway ties the login to this connection.',
  'unbound-eap':
    'The gateway wants the login without the key that it makes, so only the proof of the gateway ties it to this connection.',
  'sha1-signature': 'A signature of this login was made with SHA-1, which is weak.',
  'no-ppk': 'The gateway does not use the post-quantum pre-shared key of this profile.',
} as const;

export type Weakness = keyof typeof weaknessTexts;

export const weaknesses: readonly Weakness[] = [
  'short-psk',
  'psk-gateway',
  'keyless-eap',
  'unbound-eap',
  'sha1-signature',
  'no-ppk',
];
