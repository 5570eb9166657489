import { useMemo } from 'react';
import type { Failure } from '../../../../core/base/errors.ts';
import { importProfile } from '../../../../core/profile/importers/import-profile.ts';
import { useAppState, useSession } from '../../../app/page-context.ts';
import type { OfferedFile } from '../../../app/state.ts';
import { explainIn } from '../../../i18n/explain.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Button, Dialog } from '../../../ui/controls.tsx';
import { newDraft, readDraft } from '../model/profile-fields.ts';
import { ImportForm } from './import-form.tsx';
import { KeyFileImport } from './key-file-import.tsx';
import './profiles.css';

/** A file that was dropped or chosen: shown before it is taken, and mended where it lacks something. */
export function ImportDialog() {
  const offered = useAppState((state) => state.offered);
  return offered === undefined ? null : <Offered key={offered.name} file={offered} />;
}

function Offered({ file }: { readonly file: OfferedFile }) {
  const session = useSession();
  const imported = useMemo(() => importProfile(file.name, file.octets), [file]);
  const close = () => session.offer(undefined);
  if (!imported.ok) return <ImportFailed failure={imported.error} onClose={close} />;
  if (imported.value.kind === 'key-file') return <KeyFileImport file={imported.value} onClose={close} />;
  const { text, notes } = imported.value;
  return <ImportForm file={file.name} first={readDraft(text) ?? newDraft} notes={notes} onClose={close} />;
}

/** What is wrong with a file that nothing can be made of. */
export function ImportFailed({
  failure,
  onClose,
}: {
  readonly failure: Failure;
  readonly onClose: () => void;
}) {
  const { text } = useWords();
  const { what, next } = explainIn(text, failure);
  return (
    <Dialog label={text.importer.failed} onClose={onClose}>
      <h2 className="prompt-title">{text.importer.failed}</h2>
      <p>{what}</p>
      <p className="note">{next}</p>
      <div className="dialog-actions">
        <Button look="primary" onClick={onClose}>
          {text.importer.close}
        </Button>
      </div>
    </Dialog>
  );
}
