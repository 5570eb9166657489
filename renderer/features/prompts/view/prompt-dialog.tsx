import { type FormEvent, useState } from 'react';
import type { EventData } from '../../../../core/rpc/schema.ts';
import { useAppState, useSession } from '../../../app/page-context.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Button, Dialog, Foreign } from '../../../ui/controls.tsx';
import { isolated } from '../../../ui/foreign-text.ts';
import { SecretField } from '../../../ui/secret-field.tsx';
import { useNow } from '../../../ui/use-now.ts';
import { type AskForm, askForm } from '../model/ask-form.ts';
import './prompts.css';

/** What the login needs to know in the middle of it, one question after the other. */
export function PromptDialog() {
  const ask = useAppState((state) => state.asks[0]);
  return ask === undefined ? null : <Prompt key={ask.askId} ask={ask} />;
}

function Prompt({ ask }: { readonly ask: EventData<'ask'> }) {
  const { text } = useWords();
  const session = useSession();
  const { askId, request } = ask;
  const form = askForm(request, text);
  const title = text.prompt.title(isolated(request.profile));
  const refuse = () => void session.answer(askId, { kind: 'refused' });
  return (
    <Dialog label={title} onClose={refuse}>
      <div>
        <h2 className="prompt-title">{title}</h2>
        {form?.identity === undefined ? null : (
          <p className="note">{text.prompt.as(isolated(form.identity))}</p>
        )}
      </div>
      {form === undefined ? (
        <>
          <p>{text.prompt.unknown}</p>
          <div className="dialog-actions">
            <Button onClick={refuse}>{text.prompt.cancel}</Button>
          </div>
        </>
      ) : (
        <PromptForm ask={ask} form={form} onRefuse={refuse} />
      )}
    </Dialog>
  );
}

interface PromptFormProps {
  readonly ask: EventData<'ask'>;
  readonly form: AskForm;
  readonly onRefuse: () => void;
}

function PromptForm({ ask, form, onRefuse }: PromptFormProps) {
  const { text } = useWords();
  const session = useSession();
  const { request, askId, deadlineAt } = ask;
  const choices = request.kind === 'choose-certificate' ? request.certificates : [];
  const [value, setValue] = useState(choices[0]?.id ?? '');
  const [again, setAgain] = useState('');
  const [tried, setTried] = useState(false);
  const different = form.repeat && value !== again;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (value !== '' && !different) void session.answer(askId, form.answer(value));
  };
  return (
    <form className="stack" onSubmit={submit} autoComplete="off">
      {form.message === undefined ? null : (
        <figure>
          <figcaption className="note">{text.prompt.says}</figcaption>
          <blockquote className="quote">
            <Foreign text={form.message} most={1_200} />
          </blockquote>
        </figure>
      )}
      {form.warning === undefined ? null : (
        <p className="prompt-warning" role="alert">
          {form.warning}
        </p>
      )}
      {form.input === 'choice' ? (
        <Choices label={form.label} choices={choices} value={value} onChange={setValue} />
      ) : (
        <SecretField
          label={form.label}
          help={form.text}
          code={form.input === 'code'}
          value={value}
          onChange={setValue}
        />
      )}
      {form.repeat ? (
        <SecretField
          label={text.prompt.repeat}
          code={false}
          value={again}
          onChange={setAgain}
          error={tried && different ? text.prompt.different : undefined}
        />
      ) : null}
      <TimeLeft deadlineAt={deadlineAt} />
      <div className="dialog-actions">
        <Button onClick={onRefuse}>{text.prompt.cancel}</Button>
        <Button type="submit" look="primary" disabled={value === ''}>
          {text.prompt.ok}
        </Button>
      </div>
    </form>
  );
}

interface ChoicesProps {
  readonly label: string;
  readonly choices: readonly {
    readonly id: string;
    readonly subject: string;
    readonly issuer: string;
    readonly notAfter: number;
    readonly label: string;
  }[];
  readonly value: string;
  readonly onChange: (id: string) => void;
}

function Choices({ label, choices, value, onChange }: ChoicesProps) {
  const { text, format } = useWords();
  return (
    <fieldset className="choices">
      <legend className="field-label">{label}</legend>
      {choices.map((choice) => (
        <label key={choice.id} className="choice">
          <input
            type="radio"
            name="certificate"
            checked={choice.id === value}
            onChange={() => onChange(choice.id)}
          />
          <span>
            <strong>
              <Foreign text={choice.subject} most={120} />
            </strong>
            <span className="note">
              {text.prompt.issuedBy(isolated(choice.issuer), format.date(choice.notAfter))}
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function TimeLeft({ deadlineAt }: { readonly deadlineAt: number }) {
  const { text, format } = useWords();
  useNow(1_000);
  return <p className="note figure">{text.prompt.timeLeft(format.age(deadlineAt - Date.now()))}</p>;
}
