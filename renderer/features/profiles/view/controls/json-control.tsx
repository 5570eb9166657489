import { useState } from 'react';
import { plainLines } from '../../../../ui/foreign-text.ts';
import type { ControlProps } from './control-props.ts';

/** A list of objects as JSON. What is no JSON stays a text, which no such field takes. */
export function JsonControl({ control, value, onChange }: ControlProps) {
  const [typed, setTyped] = useState(() => plainLines(JSON.stringify(value ?? [], null, 2)));
  return (
    <textarea
      {...control}
      className="input mono"
      rows={Math.min(12, Math.max(4, typed.split('\n').length))}
      spellCheck={false}
      value={typed}
      onChange={(event) => {
        setTyped(event.target.value);
        onChange(parsed(event.target.value));
      }}
    />
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
