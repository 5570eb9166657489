import { useState } from 'react';
import { useAppState } from '../../../app/page-context.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Button } from '../../../ui/controls.tsx';
import { SearchField } from '../../../ui/search-field.tsx';
import { searchProfiles } from '../model/search-profiles.ts';
import { EmptyProfiles } from './empty-profiles.tsx';
import { ImportButton } from './import-button.tsx';
import { ProfileCard } from './profile-card.tsx';
import { ProfileEditor } from './profile-editor.tsx';
import './profiles.css';

/** `new`, the id of a profile, or the list. */
type Open =
  | { readonly kind: 'list' }
  | { readonly kind: 'new' }
  | { readonly kind: 'edit'; readonly id: string };

export function ProfilesView() {
  const [open, setOpen] = useState<Open>({ kind: 'list' });
  const back = () => setOpen({ kind: 'list' });
  if (open.kind === 'list') return <ProfileList onOpen={setOpen} />;
  const id = open.kind === 'edit' ? open.id : undefined;
  return <ProfileEditor key={id ?? 'new'} id={id} onClose={back} />;
}

function ProfileList({ onOpen }: { readonly onOpen: (open: Open) => void }) {
  const { text, format } = useWords();
  const profiles = useAppState((state) => state.profiles);
  const [words, setWords] = useState('');
  if (profiles === undefined) return <h1>{text.profiles.title}</h1>;
  const shown = searchProfiles(profiles, words);
  return (
    <div className="stack">
      <div className="view-head">
        <h1>{text.profiles.title}</h1>
        <div className="view-actions">
          <Button icon="plus" onClick={() => onOpen({ kind: 'new' })}>
            {text.profiles.create}
          </Button>
          {profiles.length === 0 ? null : <ImportButton look="primary" />}
        </div>
      </div>
      {profiles.length === 0 ? (
        <EmptyProfiles />
      ) : (
        <>
          <SearchField label={text.profiles.search} value={words} onChange={setWords} />
          <p className="hidden-text" role="status">
            {words === '' ? '' : text.profiles.count(format.count(shown.length))}
          </p>
          {shown.length === 0 ? (
            <p className="card empty">{text.profiles.none}</p>
          ) : (
            <ul className="profile-list">
              {shown.map((entry) => (
                <ProfileCard
                  key={entry.id}
                  entry={entry}
                  onOpen={() => onOpen({ kind: 'edit', id: entry.id })}
                />
              ))}
            </ul>
          )}
          <p className="note">{text.profiles.formats}</p>
        </>
      )}
    </div>
  );
}
