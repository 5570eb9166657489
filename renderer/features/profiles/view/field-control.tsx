import { fieldWords } from '../../../i18n/explain.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Field, Foreign, Switch } from '../../../ui/controls.tsx';
import { Icon } from '../../../ui/icons.tsx';
import type { ProfileField } from '../model/schema-fields.ts';
import { ChildrenControl } from './controls/children-control.tsx';
import { ChoiceOptions } from './controls/choice-options.tsx';
import type { ControlProps } from './controls/control-props.ts';
import { JsonControl } from './controls/json-control.tsx';
import { ListControl } from './controls/list-control.tsx';
import { NumberControl, NumberOrWordControl } from './controls/number-control.tsx';
import { RankingControl } from './controls/ranking-control.tsx';
import { LongTextControl, TextControl, TextOrNoneControl } from './controls/text-control.tsx';

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
  const { text } = useWords();
  const words = fieldWords(text, field.path);
  const label = words?.label ?? field.path;
  const help = (
    <>
      {words?.help}
      {field.kind === 'list' ? ` ${text.editor.onePerLine}` : null}
      <ByDefault field={field} />
    </>
  );
  const mark = field.required ? <span className="note">{text.editor.required}</span> : undefined;
  return (
    <Field label={label} help={help} error={problem} mark={mark}>
      {(control) => (
        <Control
          control={{ ...control, disabled: readOnly }}
          field={field}
          label={label}
          value={value}
          fileName={fileName}
          onChange={onChange}
        />
      )}
    </Field>
  );
}

function Control(props: ControlProps) {
  const { control, field, value, onChange } = props;
  switch (field.kind) {
    case 'switch':
      return (
        <Switch id={control.id} checked={value === true} disabled={control.disabled} onChange={onChange} />
      );
    case 'choice':
      return (
        <select
          {...control}
          className="select"
          value={String(value ?? '')}
          onChange={(event) => onChange(event.target.value)}
        >
          {value === undefined ? <option value="" /> : null}
          <ChoiceOptions choices={field.choices} />
        </select>
      );
    case 'number':
      return <NumberControl {...props} />;
    case 'number-or-word':
      return <NumberOrWordControl {...props} />;
    case 'structure':
      return <JsonControl {...props} />;
    case 'children':
      return <ChildrenControl {...props} />;
    case 'ranking':
      return <RankingControl {...props} />;
    case 'key-file':
      return <KeyFile {...props} />;
    case 'list':
      return <ListControl {...props} />;
    case 'long-text':
      return <LongTextControl {...props} />;
    case 'text-or-none':
      return <TextOrNoneControl {...props} />;
    case 'file':
    case 'text':
      return <TextControl {...props} />;
  }
}

function KeyFile({ control, value, fileName }: ControlProps) {
  const { text, format } = useWords();
  return (
    <output id={control.id} aria-describedby={control['aria-describedby']} className="key-file">
      <Icon name="key" />
      <Foreign text={fileName ?? text.editor.keyFile} most={120} />
      <span className="note figure">{format.octets(sizeOf(value))}</span>
    </output>
  );
}

/** In octets, of base64. */
function sizeOf(value: unknown): number {
  return typeof value === 'string' ? Math.floor((value.replace(/=+$/, '').length * 3) / 4) : 0;
}

/** What Godwit does without the field, where that can be said in a word. */
export function ByDefault({ field }: { readonly field: ProfileField }) {
  const { text } = useWords();
  const given = useDefaultWords(field);
  return given === undefined ? null : <span className="figure"> {text.editor.byDefault(given)}</span>;
}

function useDefaultWords({ default: given, unit, choices }: ProfileField): string | undefined {
  const { text, format } = useWords();
  if (typeof given === 'boolean') return given ? text.editor.yes : text.editor.no;
  if (typeof given === 'number') return unit === 'seconds' ? format.brief(given * 1_000) : String(given);
  return typeof given === 'string' && choices.includes(given) ? (text.choices[given] ?? given) : undefined;
}
