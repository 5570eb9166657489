import { useWords } from '../../../../i18n/use-text.ts';
import type { ControlProps } from './control-props.ts';

/** Some of a few, in the order in which they were chosen. */
export function RankingControl({ control, field, label, value, onChange }: ControlProps) {
  const { text } = useWords();
  const chosen = Array.isArray(value) ? value.map(String) : [];
  return (
    <fieldset className="bare stack-small" aria-label={label} aria-describedby={control['aria-describedby']}>
      {field.choices.map((choice) => (
        <label key={choice} className="check">
          <input
            type="checkbox"
            checked={chosen.includes(choice)}
            disabled={control.disabled}
            onChange={(event) =>
              onChange(event.target.checked ? [...chosen, choice] : chosen.filter((each) => each !== choice))
            }
          />
          {text.choices[choice] ?? choice}
          {chosen.length > 1 && chosen.includes(choice) ? (
            <span className="badge figure">{chosen.indexOf(choice) + 1}</span>
          ) : null}
        </label>
      ))}
    </fieldset>
  );
}
