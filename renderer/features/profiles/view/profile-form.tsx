import { useEffect, useRef, useState } from 'react';
import type { FieldProblem } from '../../../../core/profile/field-problem.ts';
import { fieldWords, problemWords } from '../../../i18n/explain.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Button } from '../../../ui/controls.tsx';
import { type Draft, valueAt } from '../model/draft.ts';
import { inGroups } from '../model/field-groups.ts';
import { firstValue, splitFields, withField } from '../model/profile-fields.ts';
import type { Review } from '../model/review.ts';
import type { ProfileField } from '../model/schema-fields.ts';
import { AddSetting } from './add-setting.tsx';
import { FieldControl } from './field-control.tsx';

interface ProfileFormProps {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  readonly readOnly: boolean;
  /** What is wrong, by the path of the field. */
  readonly problems: Review['problems'];
  /** Those of fields that are not shown. */
  readonly elsewhere: Review['elsewhere'];
}

/** The fields of a profile: the essential ones, those that differ from the defaults, and a way to find another. */
export function ProfileForm({ draft, onChange, readOnly, problems, elsewhere }: ProfileFormProps) {
  const { text } = useWords();
  const { essential, changed, rest } = splitFields(draft);
  const rows = useRef<HTMLElement>(null);
  const [added, setAdded] = useState<string | undefined>();
  useEffect(() => {
    if (added === undefined) return;
    const row = rows.current?.querySelector(`[data-path="${added}"]`);
    const control = row?.querySelector('input, select, textarea');
    if (control instanceof HTMLElement) control.focus();
    setAdded(undefined);
  }, [added]);
  const set = (path: string, value: unknown) => onChange(withField(draft, path, value));
  const control = (field: ProfileField, removable: boolean) => (
    <Row
      key={field.path}
      field={field}
      draft={draft}
      readOnly={readOnly}
      problem={problems.get(field.path)}
      onChange={(value) => set(field.path, value)}
      onRemove={removable && !readOnly ? () => set(field.path, undefined) : undefined}
    />
  );
  return (
    <>
      <section className="card" aria-labelledby="essentials">
        <h2 id="essentials" className="section-title">
          {text.editor.essentials}
        </h2>
        <div className="editor-fields">{essential.map((field) => control(field, false))}</div>
      </section>
      <section ref={rows} className="card" aria-labelledby="more">
        <h2 id="more" className="section-title">
          {text.editor.more}
        </h2>
        {changed.length === 0 ? <p className="note">{text.editor.allDefault}</p> : null}
        {inGroups(changed).map(({ group, fields }) => (
          <div key={group} className="editor-group">
            <h3>{text.editor.groups[group]}</h3>
            <div className="editor-fields">{fields.map((field) => control(field, true))}</div>
          </div>
        ))}
        {readOnly || rest.length === 0 ? null : (
          <AddSetting
            fields={rest}
            onAdd={(field) => {
              set(field.path, firstValue(field));
              setAdded(field.path);
            }}
          />
        )}
      </section>
      {elsewhere.size === 0 ? null : <Elsewhere problems={elsewhere} />}
    </>
  );
}

function Elsewhere({ problems }: { readonly problems: Review['elsewhere'] }) {
  const { text } = useWords();
  return (
    <section className="card failure" aria-label={text.editor.problems}>
      <h2 className="section-title">{text.editor.problems}</h2>
      <ul>
        {[...problems].map(([path, problem]) => {
          const words = fieldWords(text, path);
          return (
            <li key={path} className="field-error">
              {words?.label ?? path}: {problemWords(text, problem)}. {words?.help}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

interface RowProps {
  readonly field: ProfileField;
  readonly draft: Draft;
  readonly readOnly: boolean;
  readonly problem: FieldProblem | undefined;
  readonly onChange: (value: unknown) => void;
  /** Absent: it stays. */
  readonly onRemove: (() => void) | undefined;
}

function Row({ field, draft, readOnly, problem, onChange, onRemove }: RowProps) {
  const { text } = useWords();
  const { path, kind } = field;
  return (
    <div className="editor-row" data-kind={kind} data-path={path}>
      <FieldControl
        field={field}
        value={valueAt(draft, path)}
        fileName={kind === 'key-file' ? nameOfKeyFile(draft, path) : undefined}
        problem={problem === undefined ? undefined : problemWords(text, problem)}
        readOnly={readOnly}
        onChange={onChange}
      />
      {onRemove === undefined ? null : (
        <Button
          look="quiet"
          icon="close"
          aria-label={text.editor.remove(fieldWords(text, path)?.label ?? path)}
          title={text.editor.reset}
          onClick={onRemove}
        />
      )}
    </div>
  );
}

function nameOfKeyFile(draft: Draft, path: string): string | undefined {
  const name = valueAt(draft, path.replace(/[^.]+$/, 'name'));
  return typeof name === 'string' ? name : undefined;
}
