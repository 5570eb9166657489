import { useWords } from '../../../../i18n/use-text.ts';
import { ChoiceOptions } from './choice-options.tsx';
import type { ControlProps } from './control-props.ts';

/** A number with its unit; of a long time also how long that is. */
export function NumberControl({ control, field, value, onChange }: ControlProps) {
  const { text, format } = useWords();
  const { unit, least, most } = field;
  const long = unit === 'seconds' && typeof value === 'number' && value >= 120;
  return (
    <div className="number">
      <input
        {...control}
        className="input figure"
        type="number"
        min={least}
        max={most}
        value={typeof value === 'number' ? value : ''}
        onChange={(event) => onChange(event.target.value === '' ? '' : Number(event.target.value))}
      />
      {unit === undefined ? null : <span className="unit">{text.editor.units[unit]}</span>}
      {long ? <span className="unit figure">= {format.brief(value * 1_000)}</span> : null}
    </div>
  );
}

/** By itself as Godwit sees fit, or a number. */
export function NumberOrWordControl(props: ControlProps) {
  const { control, field, label, value, onChange } = props;
  const { text } = useWords();
  const word = typeof value === 'string' && field.choices.includes(value) ? value : undefined;
  const { id: _, ...plain } = control;
  return (
    <div className="number-or-word">
      <select
        {...control}
        className="select"
        value={word ?? ''}
        onChange={(event) =>
          onChange(event.target.value === '' ? (field.example ?? field.least) : event.target.value)
        }
      >
        <ChoiceOptions choices={field.choices} />
        <option value="">{text.editor.ownValue}</option>
      </select>
      {word === undefined ? (
        <NumberControl {...props} control={{ ...plain, id: `${control.id}-number`, 'aria-label': label }} />
      ) : null}
    </div>
  );
}
