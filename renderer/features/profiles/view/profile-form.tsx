import type { FieldProblem } from '../../../../core/profile/field-problem.ts';
import { fieldWords, problemWords } from '../../../i18n/explain.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Button } from '../../../ui/controls.tsx';
import {
  type Draft,
  firstValue,
  type ProfileField,
  splitFields,
  valueAt,
  withField,
} from '../model/profile-fields.ts';
import type { Review } from '../model/review.ts';
import { FieldControl } from './field-control.tsx';

interface ProfileFormProps {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  readonly readOnly: boolean;
  /** What is wrong, by the path of the field. */
  readonly problems: Review['problems'];
  readonly elsewhere?: Review['elsewhere'];
}

/** The fields of a profile: the essential ones, those that differ from the defaults, and a way to add another. */
export function ProfileForm({ draft, onChange, readOnly, problems, elsewhere }: ProfileFormProps) {
  const { text } = useWords();
  const { essential, changed, rest } = splitFields(draft);
  const set = (path: string, value: unknown) => onChange(withField(draft, path, value));
  const label = (path: string) => fieldWords(text, path)?.label ?? path;
  const wordsOf = (problem: FieldProblem | undefined) =>
    problem === undefined ? undefined : problemWords(text, problem);
  const control = (field: ProfileField, removable: boolean) => (
    <div key={field.path} className="editor-row" data-kind={field.kind}>
      <FieldControl
        field={field}
        value={valueAt(draft, field.path)}
        fileName={field.kind === 'key-file' ? nameOfKeyFile(draft, field.path) : undefined}
        problem={wordsOf(problems.get(field.path))}
        readOnly={readOnly}
        onChange={(value) => set(field.path, value)}
      />
      {removable && !readOnly ? (
        <Button
          look="quiet"
          icon="close"
          aria-label={text.editor.remove(label(field.path))}
          title={text.editor.reset}
          onClick={() => set(field.path, undefined)}
        />
      ) : null}
    </div>
  );
  return (
    <>
      <section className="card" aria-labelledby="essentials">
        <h2 id="essentials" className="section-title">
          {text.editor.essentials}
        </h2>
        <div className="editor-fields">{essential.map((field) => control(field, false))}</div>
      </section>
      <section className="card" aria-labelledby="more">
        <h2 id="more" className="section-title">
          {text.editor.more}
        </h2>
        {changed.length === 0 ? <p className="note">{text.editor.allDefault}</p> : null}
        <div className="editor-fields">{changed.map((field) => control(field, true))}</div>
        {readOnly || rest.length === 0 ? null : (
          <select
            className="select add-setting"
            aria-label={text.editor.addSetting}
            value=""
            onChange={(event) => {
              const field = rest.find(({ path }) => path === event.target.value);
              if (field !== undefined) set(field.path, firstValue(field));
            }}
          >
            <option value="">{text.editor.choose}</option>
            {rest.map(({ path }) => (
              <option key={path} value={path}>
                {label(path)}
              </option>
            ))}
          </select>
        )}
      </section>
      {elsewhere === undefined || elsewhere.size === 0 ? null : (
        <section className="card failure" aria-label={text.editor.problems}>
          <h2 className="section-title">{text.editor.problems}</h2>
          <ul>
            {[...elsewhere].map(([path, problem]) => (
              <li key={path} className="field-error">
                {label(path)}: {problemWords(text, problem)}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function nameOfKeyFile(draft: Draft, path: string): string | undefined {
  const name = valueAt(draft, path.replace(/[^.]+$/, 'name'));
  return typeof name === 'string' ? name : undefined;
}
