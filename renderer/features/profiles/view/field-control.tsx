import { fieldWords } from '../../../i18n/explain.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Field, Foreign, Switch } from '../../../ui/controls.tsx';
import { plainLines } from '../../../ui/foreign-text.ts';
import { Icon } from '../../../ui/icons.tsx';
import type { ProfileField } from '../model/profile-fields.ts';

interface FieldControlProps {
  readonly field: ProfileField;
  readonly value: unknown;
  /** Of a key file: what it is called. */
  readonly fileName?: string | undefined;
  readonly problem: string | undefined;
  readonly readOnly: boolean;
  readonly onChange: (value: unknown) => void;
}

/** One field of a profile as the control that fits its kind. */
export function FieldControl({ field, value, fileName, problem, readOnly, onChange }: FieldControlProps) {
  const { text, format } = useWords();
  const words = fieldWords(text, field.path);
  const help = (
    <>
      {words?.help ?? field.description}
      {field.kind === 'list' ? ` (${text.editor.onePerLine})` : null}
      {defaultWords(field) === undefined ? null : (
        <span className="figure"> {text.editor.byDefault(spoken(field, text.editor))}</span>
      )}
    </>
  );
  const mark = field.required ? <span className="note">{text.editor.required}</span> : undefined;
  return (
    <Field label={words?.label ?? field.path} help={help} error={problem} mark={mark}>
      {(control) => {
        const plain = { ...control, disabled: readOnly };
        switch (field.kind) {
          case 'switch':
            return (
              <Switch id={control.id} checked={value === true} disabled={readOnly} onChange={onChange} />
            );
          case 'choice':
            return (
              <select
                {...plain}
                className="select"
                value={String(value ?? '')}
                onChange={(event) => onChange(event.target.value)}
              >
                {field.choices.map((choice) => (
                  <option key={choice} value={choice}>
                    {text.choices[choice] ?? choice}
                  </option>
                ))}
              </select>
            );
          case 'number':
            return (
              <input
                {...plain}
                className="input figure"
                type="number"
                min={field.least}
                max={field.most}
                value={typeof value === 'number' ? value : ''}
                onChange={(event) => onChange(event.target.value === '' ? 0 : Number(event.target.value))}
              />
            );
          case 'number-or-word':
            return (
              <input
                {...plain}
                className="input figure"
                type="text"
                spellCheck={false}
                autoCapitalize="off"
                autoComplete="off"
                value={String(value ?? '')}
                onChange={(event) => onChange(numberOrWord(event.target.value))}
              />
            );
          case 'structure':
            return (
              <textarea
                {...control}
                className="input mono"
                rows={6}
                readOnly
                value={plainLines(JSON.stringify(value, null, 2))}
              />
            );
          case 'key-file':
            return (
              <output id={control.id} aria-describedby={control['aria-describedby']} className="key-file">
                <Icon name="key" />
                <Foreign text={fileName ?? text.editor.keyFile} most={120} />
                <span className="note figure">{format.octets(sizeOf(value))}</span>
              </output>
            );
          case 'list':
            return (
              <textarea
                {...plain}
                className="input mono"
                rows={3}
                spellCheck={false}
                value={Array.isArray(value) ? value.join('\n') : ''}
                onChange={(event) => onChange(event.target.value.split('\n').map((line) => line.trim()))}
              />
            );
          case 'long-text':
            return (
              <textarea
                {...plain}
                className="input mono"
                rows={5}
                spellCheck={false}
                value={String(value ?? '')}
                onChange={(event) => onChange(event.target.value)}
              />
            );
          case 'text':
            return (
              <input
                {...plain}
                className="input"
                type="text"
                spellCheck={false}
                autoCapitalize="off"
                autoComplete="off"
                value={String(value ?? '')}
                onChange={(event) => onChange(event.target.value)}
              />
            );
        }
      }}
    </Field>
  );
}

function numberOrWord(typed: string): number | string {
  return /^\d{1,9}$/.test(typed) ? Number(typed) : typed;
}

/** In octets, of base64. */
function sizeOf(value: unknown): number {
  return typeof value === 'string' ? Math.floor((value.replace(/=+$/, '').length * 3) / 4) : 0;
}

function defaultWords({ default: given }: ProfileField): unknown {
  return typeof given === 'number' || typeof given === 'boolean' ? given : undefined;
}

function spoken(field: ProfileField, words: { readonly yes: string; readonly no: string }): string {
  if (typeof field.default === 'boolean') return field.default ? words.yes : words.no;
  return String(field.default);
}
