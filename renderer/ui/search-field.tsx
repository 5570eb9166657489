import type { KeyboardEvent } from 'react';
import { Icon } from './icons.tsx';

interface SearchFieldProps {
  /** Names it for a screen reader, and stands in it while it is empty. */
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly onKeyDown?: (event: KeyboardEvent<HTMLInputElement>) => void;
}

/** What is typed narrows what is shown below it, at once. */
export function SearchField({ label, value, onChange, onKeyDown }: SearchFieldProps) {
  return (
    <div className="search">
      <Icon name="search" />
      <input
        className="input"
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={onKeyDown}
      />
    </div>
  );
}
