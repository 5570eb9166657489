import { useState } from 'react';
import type { ControlProps } from './control-props.ts';

/** A text in each line. */
export function ListControl({ control, value, onChange }: ControlProps) {
  const items = Array.isArray(value) ? value.map(String) : [];
  const [typed, setTyped] = useState(() => items.join('\n'));
  // An empty line that was only just begun is no item yet; what came from elsewhere is shown as it is.
  const shown = linesOf(typed).join('\n') === items.join('\n') ? typed : items.join('\n');
  return (
    <textarea
      {...control}
      className="input mono lines"
      rows={Math.min(8, Math.max(2, shown.split('\n').length))}
      spellCheck={false}
      value={shown}
      onChange={(event) => {
        setTyped(event.target.value);
        onChange(linesOf(event.target.value));
      }}
    />
  );
}

function linesOf(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
