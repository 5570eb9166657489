import { useMemo, useState } from 'react';
import type { Failure } from '../../../../core/base/errors.ts';
import { importProfile } from '../../../../core/profile/importers/import-profile.ts';
import type { ImportNote } from '../../../../core/profile/importers/importer.ts';
import { useAppState, useSession } from '../../../app/page-context.ts';
import type { OfferedFile } from '../../../app/state.ts';
import { explainIn } from '../../../i18n/explain.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Button, Dialog } from '../../../ui/controls.tsx';
import { isolated } from '../../../ui/foreign-text.ts';
import { type Draft, newDraft, readDraft } from '../model/profile-fields.ts';
import { review } from '../model/review.ts';
import { ProfileForm } from './profile-form.tsx';
import './profiles.css';

/** A file that was dropped or chosen: shown before it is taken, and mended where it lacks something. */
export function ImportDialog() {
  const offered = useAppState((state) => state.offered);
  return offered === undefined ? null : <Offered key={offered.name} file={offered} />;
}

function Offered({ file }: { readonly file: OfferedFile }) {
  const { text } = useWords();
  const session = useSession();
  const imported = useMemo(() => importProfile(file.name, file.octets), [file]);
  const close = () => session.offer(undefined);
  if (!imported.ok) {
    const { what, next } = explainIn(text, imported.error);
    return (
      <Dialog label={text.importer.failed} onClose={close}>
        <h2 className="prompt-title">{text.importer.failed}</h2>
        <p>{what}</p>
        <p className="note">{next}</p>
        <div className="dialog-actions">
          <Button look="primary" onClick={close}>
            {text.importer.close}
          </Button>
        </div>
      </Dialog>
    );
  }
  const draft = readDraft(imported.value.text) ?? newDraft;
  return <Import file={file.name} first={draft} notes={imported.value.notes} onClose={close} />;
}

interface ImportProps {
  readonly file: string;
  readonly first: Draft;
  readonly notes: readonly ImportNote[];
  readonly onClose: () => void;
}

function Import({ file, first, notes, onClose }: ImportProps) {
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
    <Dialog label={text.importer.title} onClose={onClose}>
      <div>
        <h2 className="prompt-title">{text.importer.title}</h2>
        <p className="note">{text.importer.from(isolated(file))}</p>
      </div>
      {notes.length === 0 ? null : (
        <div className="quote">
          <h3>{text.importer.notes}</h3>
          <ul>
            {notes.map(({ code, detail }) => (
              <li key={code + detail}>{text.importer.note[code](isolated(detail))}</li>
            ))}
          </ul>
        </div>
      )}
      <div className="import-form">
        <ProfileForm draft={draft} onChange={setDraft} readOnly={false} problems={checked.problems} />
      </div>
      {failure === undefined ? null : (
        <p className="field-error" role="alert">
          {explainIn(text, failure).what}
        </p>
      )}
      <div className="dialog-actions">
        <Button onClick={onClose}>{text.importer.cancel}</Button>
        <Button look="primary" disabled={checked.failures.length > 0} onClick={() => void save()}>
          {text.importer.save}
        </Button>
      </div>
    </Dialog>
  );
}
