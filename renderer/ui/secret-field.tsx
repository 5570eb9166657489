import { useState } from 'react';
import { useWords } from '../i18n/use-text.ts';
import { Button, Field } from './controls.tsx';

interface SecretFieldProps {
  readonly label: string;
  readonly help?: string | undefined;
  readonly code: boolean;
  readonly value: string;
  readonly error?: string | undefined;
  readonly onChange: (value: string) => void;
}

/** A field for a password or a code: what is typed shows only when the user says so. */
export function SecretField({ label, help, code, value, error, onChange }: SecretFieldProps) {
  const { text } = useWords();
  const [shown, setShown] = useState(code);
  return (
    <Field label={label} help={help} error={error}>
      {(control) => (
        <span className="secret">
          <input
            {...control}
            className={code ? 'input code' : 'input'}
            type={shown ? 'text' : 'password'}
            autoComplete={code ? 'one-time-code' : 'off'}
            autoCapitalize="off"
            autoCorrect="off"
            spellCheck={false}
            maxLength={1_024}
            value={value}
            onChange={(event) => onChange(event.target.value)}
          />
          {code ? null : (
            <Button look="quiet" aria-pressed={shown} onClick={() => setShown(!shown)}>
              {shown ? text.prompt.hide : text.prompt.show}
            </Button>
          )}
        </span>
      )}
    </Field>
  );
}
