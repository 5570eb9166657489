import { fieldWords } from '../../../../i18n/explain.ts';
import { useWords } from '../../../../i18n/use-text.ts';
import { Button, Field } from '../../../../ui/controls.tsx';
import { isObject, type Json } from '../../model/draft.ts';
import { ChoiceOptions } from './choice-options.tsx';
import type { ControlProps } from './control-props.ts';
import { ListControl } from './list-control.tsx';

const protocols = ['tcp', 'udp', 'sctp', 'icmp', 'icmpv6'] as const;

/** CHILD SAs, each with its networks and, perhaps, a protocol and ports. */
export function ChildrenControl({ control, field, label, value, onChange }: ControlProps) {
  const { text } = useWords();
  const children = Array.isArray(value) ? value.map((each) => (isObject(each) ? each : {})) : [];
  const set = (at: number, child: Json) =>
    onChange(children.map((each, index) => (index === at ? child : each)));
  return (
    <fieldset className="bare stack-small" aria-label={label} aria-describedby={control['aria-describedby']}>
      {children.map((child, index) => (
        <Child
          // biome-ignore lint/suspicious/noArrayIndexKey: a child has nothing else that stays.
          key={index}
          control={control}
          field={field}
          number={index + 1}
          child={child}
          onChange={(changed) => set(index, changed)}
          onRemove={
            children.length === 1 ? undefined : () => onChange(children.filter((_, at) => at !== index))
          }
        />
      ))}
      {control.disabled ? null : (
        <Button icon="plus" onClick={() => onChange([...children, { networks: [] }])}>
          {text.editor.addChild}
        </Button>
      )}
    </fieldset>
  );
}

interface ChildProps extends Pick<ControlProps, 'control' | 'field'> {
  readonly number: number;
  readonly child: Json;
  readonly onChange: (child: Json) => void;
  readonly onRemove: (() => void) | undefined;
}

function Child({ control, field, number, child, onChange, onRemove }: ChildProps) {
  const { text } = useWords();
  const label = (name: string) => fieldWords(text, `children[].${name}`)?.label ?? name;
  const { protocol, ports } = child;
  const set = (name: string, to: unknown) => {
    const { [name]: _, ...others } = child;
    onChange(to === undefined || to === '' ? others : { ...others, [name]: to });
  };
  const hasPorts = ports !== undefined || protocol === 'tcp' || protocol === 'udp' || protocol === 'sctp';
  return (
    <fieldset className="child" aria-label={text.editor.child(number)}>
      <Field label={label('networks')} help={text.editor.onePerLine}>
        {(inner) => (
          <ListControl
            control={{ ...inner, disabled: control.disabled }}
            field={field}
            label={label('networks')}
            value={child['networks']}
            onChange={(networks) => onChange({ ...child, networks })}
          />
        )}
      </Field>
      <div className="child-narrow">
        <Field label={label('protocol')}>
          {(inner) => (
            <ProtocolSelect
              control={{ ...inner, disabled: control.disabled }}
              protocol={protocol}
              onChange={(to) => set('protocol', to)}
            />
          )}
        </Field>
        {hasPorts ? (
          <Field label={label('ports')}>
            {(inner) => (
              <input
                {...inner}
                disabled={control.disabled}
                className="input figure"
                placeholder="5060-5061"
                value={String(ports ?? '')}
                onChange={(event) => set('ports', event.target.value)}
              />
            )}
          </Field>
        ) : null}
      </div>
      {onRemove === undefined || control.disabled ? null : (
        <div>
          <Button look="quiet" icon="bin" onClick={onRemove}>
            {text.editor.removeChild(number)}
          </Button>
        </div>
      )}
    </fieldset>
  );
}

interface ProtocolSelectProps extends Pick<ControlProps, 'control'> {
  /** A name, a number, or nothing for all of them. */
  readonly protocol: unknown;
  readonly onChange: (protocol: string) => void;
}

function ProtocolSelect({ control, protocol, onChange }: ProtocolSelectProps) {
  const { text } = useWords();
  const known: readonly unknown[] = ['', ...protocols];
  return (
    <select
      {...control}
      className="select"
      value={String(protocol ?? '')}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">{text.editor.anyProtocol}</option>
      <ChoiceOptions choices={protocols} />
      {known.includes(protocol ?? '') ? null : <option value={String(protocol)}>{String(protocol)}</option>}
    </select>
  );
}
