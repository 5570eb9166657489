import { type AskAnswer, type AskRequest, askAnswerSchema } from '../../../../core/rpc/asks.ts';
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

const refused: AskAnswer = { kind: 'refused' };

type PlainForm = Pick<AskForm, 'repeat' | 'warning' | 'message' | 'identity'>;

/** A kind that has no words of its own here, and whose answer is one text: that can be asked all the same. */
function otherForm({ kind }: AskRequest, plain: PlainForm, text: Catalogue): AskForm | undefined {
  if (answerOf(kind, 'x') === undefined) return undefined;
  return {
    ...plain,
    ...text.prompt.other,
    input: 'secret',
    answer: (value) => answerOf(kind, value) ?? refused,
  };
}

/** The answer of a kind that takes one text, whatever its field is called; `undefined` when it takes another shape. */
function answerOf(kind: string, value: string): AskAnswer | undefined {
  const option = askAnswerSchema.options.find((each) => each.shape.kind.value === kind);
  const [field, ...more] = Object.keys(option?.shape ?? {}).filter((name) => name !== 'kind');
  if (field === undefined || more.length > 0) return undefined;
  const answer = askAnswerSchema.safeParse({ kind, [field]: value });
  return answer.success ? answer.data : undefined;
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
    case 'shared-key':
      return {
        ...plain,
        ...prompt.sharedKey,
        input: 'secret',
        answer: (value) => answerOf('shared-key', value) ?? refused,
      };
    default:
      return otherForm(request as AskRequest, plain, text);
  }
}
