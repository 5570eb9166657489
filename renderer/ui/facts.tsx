import type { ReactNode } from 'react';
import { Foreign } from './controls.tsx';

interface FactRowProps {
  readonly name: string;
  /** Of what is said. */
  readonly className?: string;
  readonly children: ReactNode;
}

/** A row of a list of facts: what it is about, and what is so. */
export function FactRow({ name, className, children }: FactRowProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={className}>{children}</dd>
    </div>
  );
}

interface FactProps {
  readonly name: string;
  readonly value: string;
  readonly mono?: boolean;
}

/** A fact whose value may come from outside. */
export function Fact({ name, value, mono = false }: FactProps) {
  return (
    <FactRow name={name}>
      <span className={mono ? 'mono' : 'figure'}>
        <Foreign text={value} />
      </span>
    </FactRow>
  );
}
