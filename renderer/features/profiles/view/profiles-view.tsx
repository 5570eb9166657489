import { useState } from 'react';
import type { ProfileEntry } from '../../../../core/rpc/values.ts';
import { useAppState, useSession } from '../../../app/page-context.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Button, Foreign } from '../../../ui/controls.tsx';
import { isolated, plainText } from '../../../ui/foreign-text.ts';
import { Icon } from '../../../ui/icons.tsx';
import { searchProfiles } from '../model/search-profiles.ts';
import { EmptyProfiles } from './empty-profiles.tsx';
import { ImportButton } from './import-button.tsx';
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
          <div className="search">
            <Icon name="search" />
            <input
              className="input"
              type="search"
              aria-label={text.profiles.search}
              placeholder={text.profiles.search}
              value={words}
              onChange={(event) => setWords(event.target.value)}
            />
          </div>
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

function ProfileCard({ entry, onOpen }: { readonly entry: ProfileEntry; readonly onOpen: () => void }) {
  const { text, format } = useWords();
  const session = useSession();
  const tunnel = useAppState((state) => state.snapshot?.tunnel);
  const { id, name, gateway, failures, own = false } = entry;
  const broken = failures.length > 0;
  const active = tunnel !== undefined && 'profile' in tunnel && tunnel.profile.id === id;
  const idle = tunnel?.state === 'disconnected';
  const label = name ?? id;
  return (
    <li className="profile-card card" data-active={active}>
      <span className="profile-letter" aria-hidden="true">
        {plainText([...label][0] ?? '?').toUpperCase()}
      </span>
      <div className="profile-words">
        <h2>
          <button
            type="button"
            className="profile-open"
            onClick={onOpen}
            aria-label={text.profiles.open(isolated(label))}
          >
            <Foreign text={label} most={64} />
          </button>
        </h2>
        <p className="note">
          {broken ? (
            <Foreign text={String(failures[0]?.detail['reason'] ?? failures[0]?.code ?? '')} most={160} />
          ) : (
            <Foreign text={gateway ?? ''} most={120} />
          )}
        </p>
        <p className="profile-badges">
          {active ? <span className="badge good">{text.profiles.active}</span> : null}
          {broken ? (
            <span className="badge bad">
              {text.profiles.broken}, {text.profiles.problems(format.count(failures.length))}
            </span>
          ) : null}
          <span className="badge">{own ? text.profiles.own : text.profiles.system}</span>
        </p>
      </div>
      {idle && !broken ? (
        <Button
          onClick={() => {
            session.show('connection');
            void session.connect(id);
          }}
        >
          {text.connection.connect}
          <span className="hidden-text"> {text.connection.to(isolated(label))}</span>
        </Button>
      ) : null}
    </li>
  );
}
