import type { AskAnswer, AskRequest } from '../../../../core/rpc/asks.ts';
import type { Catalogue } from '../../../i18n/en.ts';
import { isolated } from '../../../ui/foreign-text.ts';

/** How one kind of question is put to the user. */
export interface AskForm {
  readonly label: string;
  readonly text: string;
  /** `secret` is hidden until shown, `code` is digits for once, `choice` is picked from a list. */
  readonly input: 'secret' | 'code' | 'choice';
  /** Typed twice. */
  readonly repeat: boolean;
  /** What went wrong before, or is about to. */
  readonly warning: string | undefined;
  /** The login server's own words. */
  readonly message: string | undefined;
  readonly identity: string | undefined;
  readonly answer: (value: string) => AskAnswer;
}

/**
 * The form of a question; `undefined` for one that this version does not know, which can only be refused. The set of kinds
 * is open: a new one is a new case here, and nothing else changes.
 */
export function askForm(request: AskRequest, text: Catalogue): AskForm | undefined {
  const { prompt } = text;
  const plain = {
    repeat: false,
    warning: 'retry' in request && request.retry > 0 ? prompt.wrong : undefined,
    message: 'message' in request ? request.message : undefined,
    identity: 'identity' in request ? request.identity : undefined,
  };
  switch (request.kind) {
    case 'password':
      return {
        ...plain,
        ...prompt.password,
        input: 'secret',
        answer: (password) => ({ kind: 'password', password }),
      };
    case 'passcode':
      return {
        ...plain,
        ...prompt.passcode,
        input: 'code',
        answer: (passcode) => ({ kind: 'passcode', passcode }),
      };
    case 'new-password':
      return {
        ...plain,
        ...prompt.newPassword,
        repeat: true,
        input: 'secret',
        answer: (password) => ({ kind: 'new-password', password }),
      };
    case 'key-password':
      return {
        ...plain,
        label: prompt.keyPassword.label,
        text: prompt.keyPassword.text(isolated(request.file)),
        input: 'secret',
        answer: (password) => ({ kind: 'key-password', password }),
      };
    case 'pin': {
      const few = { many: undefined, few: prompt.pinFew, last: prompt.pinLast }[request.triesLeft];
      return {
        ...plain,
        label: prompt.pin.label,
        text: prompt.pin.text(isolated(request.token)),
        warning: few ?? plain.warning,
        input: 'secret',
        answer: (pin) => ({ kind: 'pin', pin }),
      };
    }
    case 'choose-certificate':
      return {
        ...plain,
        ...prompt.choose,
        input: 'choice',
        answer: (id) => ({ kind: 'choose-certificate', id }),
      };
    default:
      return undefined;
  }
}
