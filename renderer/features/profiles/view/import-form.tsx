import { type ReactNode, useState } from 'react';
import type { Failure } from '../../../../core/base/errors.ts';
import type { ImportNote } from '../../../../core/profile/importers/importer.ts';
import { useSession } from '../../../app/page-context.ts';
import { explainIn } from '../../../i18n/explain.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Button, Dialog } from '../../../ui/controls.tsx';
import { isolated } from '../../../ui/foreign-text.ts';
import type { Draft } from '../model/draft.ts';
import { review } from '../model/review.ts';
import { ProfileForm } from './profile-form.tsx';

interface ImportFormProps {
  readonly file: string;
  readonly first: Draft;
  readonly notes: readonly ImportNote[];
  readonly onClose: () => void;
  /** Fills in what the file tells when the user chooses another way to log in. */
  readonly complete?: (draft: Draft) => Draft;
  /** What is in the file, above the form. */
  readonly children?: ReactNode;
}

/** A draft from a file, to look at and to mend before it is kept. */
export function ImportForm({ file, first, notes, onClose, complete, children }: ImportFormProps) {
  const { text } = useWords();
  const session = useSession();
  const [draft, setDraft] = useState(first);
  const [failure, setFailure] = useState<Failure | undefined>();
  const checked = review(draft);
  const save = async () => {
    const saved = await session.saveProfile(undefined, checked.text);
    if (!saved.ok) return setFailure(saved.error);
    session.choose(saved.value);
    onClose();
  };
  return (
    <Dialog label={text.importer.title} onClose={onClose} fromTop>
      <div>
        <h2 className="prompt-title" tabIndex={-1}>
          {text.importer.title}
        </h2>
        <p className="note">{text.importer.from(isolated(file))}</p>
      </div>
      {children}
      <Notes notes={notes} />
      <div className="import-form">
        <ProfileForm
          draft={draft}
          onChange={(next) => setDraft(complete?.(next) ?? next)}
          readOnly={false}
          problems={checked.problems}
          elsewhere={checked.elsewhere}
        />
      </div>
      {failure === undefined ? null : (
        <p className="field-error" role="alert">
          {explainIn(text, failure).what}
        </p>
      )}
      <div className="dialog-actions">
        <Button onClick={onClose}>{text.importer.cancel}</Button>
        <Button look="primary" disabled={!checked.good} onClick={() => void save()}>
          {text.importer.save}
        </Button>
      </div>
    </Dialog>
  );
}

function Notes({ notes }: { readonly notes: readonly ImportNote[] }) {
  const { text, format } = useWords();
  if (notes.length === 0) return null;
  const moment = ({ code, detail }: ImportNote) =>
    code === 'expired' || code === 'not-yet' ? format.dateTime(Number(detail)) : isolated(detail);
  return (
    <div className="quote">
      <h3>{text.importer.notes}</h3>
      <ul>
        {notes.map((note) => (
          <li key={note.code + note.detail}>{text.importer.note[note.code](moment(note))}</li>
        ))}
      </ul>
    </div>
  );
}
