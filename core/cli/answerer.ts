import type { AskAnswer, AskRequest } from '../rpc/asks.ts';

/** Who answers for the user while an `up` runs. */
export interface Answerer {
  /** Whether an ask can be answered at all. */
  readonly canAnswer: boolean;
  /** `interrupted`: the user pressed Ctrl-C at the prompt, or `signal` aborted. `deadlineAt`: milliseconds since 1970. */
  answer(request: AskRequest, deadlineAt: number, signal: AbortSignal): Promise<AskAnswer | 'interrupted'>;
  /** The end of it: when it went well something may be remembered, when the login was refused something forgotten. */
  finished?(outcome: 'connected' | 'refused' | 'other'): Promise<void>;
}

/** The answer of the kind that `request` has. */
export function secretAnswer(
  kind: Exclude<AskRequest['kind'], 'choose-certificate'>,
  text: string,
): AskAnswer {
  switch (kind) {
    case 'passcode':
      return { kind, passcode: text };
    case 'pin':
      return { kind, pin: text };
    default:
      return { kind, password: text };
  }
}

export const refusing: Answerer = { canAnswer: false, answer: async () => ({ kind: 'refused' }) };
