import { type ComponentProps, type ReactNode, type SyntheticEvent, useEffect, useId, useRef } from 'react';
import { plainText } from './foreign-text.ts';
import { Icon, type IconName } from './icons.tsx';

interface ButtonProps extends ComponentProps<'button'> {
  readonly look?: 'primary' | 'danger' | 'quiet' | undefined;
  readonly large?: boolean;
  readonly icon?: IconName;
}

export function Button({ look, large = false, icon, children, className = '', ...rest }: ButtonProps) {
  const names = ['button', look, large ? 'large' : undefined, className].filter(Boolean).join(' ');
  return (
    <button type="button" className={names} {...rest}>
      {icon === undefined ? null : <Icon name={icon} />}
      {children}
    </button>
  );
}

/** Text from a gateway, a profile or a file: escaped, and kept apart from the text around it. */
export function Foreign({ text, most }: { readonly text: string; readonly most?: number }) {
  return <bdi>{plainText(text, most)}</bdi>;
}

interface DialogProps {
  readonly label: string;
  readonly onClose: () => void;
  /** It is read from its top: the heading, which must take it, has the focus and not the first field. */
  readonly fromTop?: boolean;
  readonly children: ReactNode;
}

/** A modal dialog of the platform: it holds the focus, gives it back, and closes with Escape. */
export function Dialog({ label, onClose, fromTop = false, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog?.showModal();
    if (fromTop) dialog?.querySelector('h2')?.focus();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, [fromTop]);
  const cancel = (event: SyntheticEvent) => {
    event.preventDefault();
    onClose();
  };
  return (
    <dialog ref={element} className="dialog" aria-label={label} onCancel={cancel}>
      <div className="dialog-body">{children}</div>
    </dialog>
  );
}

interface FieldProps {
  readonly label: string;
  readonly help?: ReactNode;
  /** A sentence of the catalogue, with what is foreign in it made harmless. */
  readonly error?: string | undefined;
  readonly mark?: ReactNode;
  /** Gets what ties the control to its label and texts. */
  readonly children: (control: {
    readonly id: string;
    readonly 'aria-describedby': string;
    readonly 'aria-invalid': boolean;
  }) => ReactNode;
}

export function Field({ label, help, error, mark, children }: FieldProps) {
  const id = useId();
  return (
    <div className="field">
      <div className="field-label">
        <label htmlFor={id}>{label}</label>
        {mark}
      </div>
      {children({ id, 'aria-describedby': `${id}-help`, 'aria-invalid': error !== undefined })}
      <div id={`${id}-help`}>
        {error === undefined ? null : <p className="field-error">{error}</p>}
        {help === undefined ? null : <p className="field-help">{help}</p>}
      </div>
    </div>
  );
}

interface SegmentsProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (value: T) => void;
}

/** One of a few: radio buttons of the platform, drawn as one control. */
export function Segments<T extends string>({ label, value, options, onChange }: SegmentsProps<T>) {
  const name = useId();
  return (
    <fieldset className="segments" aria-label={label}>
      {options.map((option) => (
        <label key={option.value}>
          <input
            type="radio"
            name={name}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}

interface SwitchProps {
  readonly id?: string;
  readonly label?: string;
  readonly checked: boolean;
  readonly disabled?: boolean;
  readonly onChange: (checked: boolean) => void;
}

export function Switch({ id, label, checked, disabled = false, onChange }: SwitchProps) {
  return (
    <input
      id={id}
      type="checkbox"
      role="switch"
      className="switch"
      aria-label={label}
      checked={checked}
      aria-checked={checked}
      disabled={disabled}
      onChange={(event) => onChange(event.target.checked)}
    />
  );
}
