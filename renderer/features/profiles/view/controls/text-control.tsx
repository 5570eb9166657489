import { useWords } from '../../../../i18n/use-text.ts';
import type { ControlProps } from './control-props.ts';

/** A line of text. */
export function TextControl({ control, value, onChange }: ControlProps) {
  return (
    <input
      {...control}
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

/** Text of many lines, as of PEM. */
export function LongTextControl({ control, value, onChange }: ControlProps) {
  return (
    <textarea
      {...control}
      className="input mono"
      rows={5}
      spellCheck={false}
      value={String(value ?? '')}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

/** A name, or that none is asked for. */
export function TextOrNoneControl(props: ControlProps) {
  const { control, value, onChange } = props;
  const { text } = useWords();
  return (
    <div className="stack-small">
      {value === null ? null : <TextControl {...props} />}
      <label className="check">
        <input
          type="checkbox"
          checked={value === null}
          disabled={control.disabled}
          onChange={(event) => onChange(event.target.checked ? null : '')}
        />
        {text.editor.noName}
      </label>
    </div>
  );
}
