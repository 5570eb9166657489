import type { ProfileField } from '../../model/schema-fields.ts';

/** What each control of a field gets. */
export interface ControlProps {
  /** Ties it to its label and texts. */
  readonly control: {
    readonly id: string;
    readonly 'aria-describedby': string;
    readonly 'aria-invalid': boolean;
    readonly disabled: boolean;
    /** Where another control has the label. */
    readonly 'aria-label'?: string;
  };
  readonly field: ProfileField;
  readonly label: string;
  readonly value: unknown;
  /** Of a key file: what it is called. */
  readonly fileName?: string | undefined;
  readonly onChange: (value: unknown) => void;
}
