import { useMemo } from 'react';
import { importProfile } from '../../../../core/profile/importers/import-profile.ts';
import { useAppState, useSession } from '../../../app/page-context.ts';
import type { OfferedFile } from '../../../app/state.ts';
import { newDraft, readDraft } from '../model/draft.ts';
import { ImportFailed } from './import-failed.tsx';
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
