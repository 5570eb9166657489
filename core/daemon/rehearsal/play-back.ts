import { parseIpAddress } from '../../base/address.ts';
import { decodeBase64 } from '../../base/base64.ts';
import type { RehearsedLogin } from './rehearse-login.ts';

/** A login as its gateway answered it once. */
export interface RecordedLogin {
  readonly profile: string;
  readonly password: string;
  readonly wall: number;
  readonly address: string;
  /** For each datagram of ours, in their order: those that came back, in base64. */
  readonly answers: readonly (readonly string[])[];
}

/** The same gateway again: it answers to each datagram what it answered then, whatever is in it. */
export function playBack({ profile, password, wall, address, answers }: RecordedLogin): RehearsedLogin {
  const parsed = parseIpAddress(address);
  if (!parsed.ok) throw new Error('a recording without an address');
  let heard = 0;
  return {
    profile,
    password,
    wall,
    farEnd: {
      address: parsed.value,
      answer: () => (answers[heard++] ?? []).flatMap((each) => decodeBase64(each) ?? []),
    },
  };
}
