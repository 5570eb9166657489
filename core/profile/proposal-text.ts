import { quote } from './text-rules.ts';

/** Why `text` is no proposal in strongSwan's notation, or `undefined` when it is one. */
export function proposalProblem(text: string, _kind: 'ike' | 'esp'): string | undefined {
  if (/^[a-z0-9]+(-[a-z0-9_]+){0,15}$/.test(text)) return undefined;
  return `${quote(text)} is not a proposal such as aes256gcm16-prfsha384-ecp384`;
}
