import { type FormEvent, useEffect, useState } from 'react';
import type { Failure } from '../../../../core/base/errors.ts';
import { useAppState, useSession } from '../../../app/page-context.ts';
import { explainIn } from '../../../i18n/explain.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Button, Dialog, Foreign } from '../../../ui/controls.tsx';
import { isolated, plainLines } from '../../../ui/foreign-text.ts';
import { type Draft, formatDraft, newDraft, readDraft } from '../model/draft.ts';
import { review } from '../model/review.ts';
import { ProfileForm } from './profile-form.tsx';

interface ProfileEditorProps {
  /** Absent: a new profile. */
  readonly id: string | undefined;
  readonly onClose: () => void;
}

interface Opened {
  readonly draft: Draft;
  readonly own: boolean;
}

/** One profile: what it says beyond the defaults, to look at or to change. */
export function ProfileEditor({ id, onClose }: ProfileEditorProps) {
  const { text } = useWords();
  const session = useSession();
  const [opened, setOpened] = useState<Opened | undefined>(
    id === undefined ? { draft: newDraft, own: true } : undefined,
  );
  const [draft, setDraft] = useState<Draft>(newDraft);
  const [failure, setFailure] = useState<Failure | undefined>();
  const [asking, setAsking] = useState(false);
  const [tried, setTried] = useState(false);
  useEffect(() => {
    if (id === undefined) return;
    void session.readProfile(id).then((read) => {
      if (!read.ok) return setFailure(read.error);
      const found = readDraft(read.value.text);
      setOpened({ draft: found ?? newDraft, own: read.value.own });
      setDraft(found ?? newDraft);
    });
  }, [id, session]);
  const own = opened?.own ?? false;
  const checked = review(draft);
  // Nobody is told what is wrong with a form that they have only just begun.
  const judged = tried || id !== undefined;
  // Until it has been read, it is called as in the list.
  const listed = useAppState((state) => state.profiles?.find((each) => each.id === id)?.name);
  const named = opened === undefined ? listed : draft['name'];
  const title = id === undefined ? text.editor.newTitle : String(named ?? id);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!checked.good) return;
    const saved = await session.saveProfile(id, checked.text);
    if (saved.ok) onClose();
    else setFailure(saved.error);
  };
  const remove = async () => {
    const problem = await session.removeProfile(id ?? '');
    if (problem === undefined) onClose();
    else setFailure(problem);
    setAsking(false);
  };
  return (
    <form className="stack editor" onSubmit={(event) => void save(event)} noValidate>
      <div>
        <Button look="quiet" className="from-edge" icon="back" onClick={onClose}>
          {text.editor.back}
        </Button>
      </div>
      <div className="view-head">
        <h1>
          <Foreign text={title} most={64} />
        </h1>
        <p className="note">{own ? text.editor.changed : text.editor.readOnly}</p>
      </div>
      {failure === undefined ? null : <EditorFailure failure={failure} />}
      {opened === undefined ? null : (
        <ProfileForm
          draft={draft}
          onChange={setDraft}
          readOnly={!own}
          problems={judged ? checked.problems : new Map()}
          elsewhere={judged ? checked.elsewhere : new Map()}
        />
      )}
      <details className="card json">
        <summary>{text.editor.json}</summary>
        <pre>{plainLines(formatDraft(draft), 600)}</pre>
      </details>
      {own ? (
        <div className="editor-actions">
          {id === undefined ? null : (
            <Button look="danger" icon="bin" onClick={() => setAsking(true)}>
              {text.editor.delete}
            </Button>
          )}
          <Button onClick={onClose}>{text.editor.discard}</Button>
          <Button look="primary" type="submit">
            {text.editor.save}
          </Button>
        </div>
      ) : null}
      {asking ? (
        <DeleteDialog title={title} onKeep={() => setAsking(false)} onDelete={() => void remove()} />
      ) : null}
    </form>
  );
}

interface DeleteDialogProps {
  readonly title: string;
  readonly onKeep: () => void;
  readonly onDelete: () => void;
}

function DeleteDialog({ title, onKeep, onDelete }: DeleteDialogProps) {
  const { editor } = useWords().text;
  const question = editor.deleteTitle(isolated(title));
  return (
    <Dialog label={question} onClose={onKeep}>
      <h2>{question}</h2>
      <p>{editor.deleteText}</p>
      <div className="dialog-actions">
        <Button onClick={onKeep}>{editor.keep}</Button>
        <Button look="danger" onClick={onDelete}>
          {editor.deleteConfirm}
        </Button>
      </div>
    </Dialog>
  );
}

function EditorFailure({ failure }: { readonly failure: Failure }) {
  const { text } = useWords();
  const { what, next } = explainIn(text, failure);
  return (
    <section className="card failure" role="alert">
      <p className="failure-what">{what}</p>
      <p>{next}</p>
    </section>
  );
}
