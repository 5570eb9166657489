import { useEffect, useState } from 'react';
import { headline } from '../features/connection/model/headline.ts';
import { explainIn } from '../i18n/explain.ts';
import { useWords } from '../i18n/use-text.ts';
import { isolated } from '../ui/foreign-text.ts';
import { useAppState } from './page-context.ts';

/** Says each change of state to screen readers, whatever view is open, and shows it in the title of the window. */
export function Announcer() {
  const { text } = useWords();
  const snapshot = useAppState((state) => state.snapshot);
  const link = useAppState((state) => state.link);
  const commandFailure = useAppState((state) => state.commandFailure);
  const dismissed = useAppState((state) => state.dismissed);
  const { mood, profile, failure } = headline({ snapshot, link, commandFailure, dismissed });
  const name = isolated(profile?.name ?? '');
  const what = failure === undefined ? '' : explainIn(text, failure).what;
  const sentence = {
    connected: text.live.connected(name),
    connecting: text.live.connecting(name),
    reconnecting: text.live.reconnecting(name),
    disconnecting: text.live.disconnecting,
    disconnected: text.live.disconnected,
    failed: text.live.failed(what),
    unknown: text.live.unknown,
    blocked: text.live.blocked,
  }[mood];
  const title = link.state === 'connecting' ? text.app.name : `${text.mood[mood]} – ${text.app.name}`;
  useEffect(() => {
    document.title = title;
  }, [title]);
  // A region that comes into being with words in it is not read out: only what changes later is.
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (link.state !== 'connecting') setSaid(sentence);
  }, [sentence, link.state]);
  return (
    <div role="status" aria-live="polite" className="hidden-text">
      {said}
    </div>
  );
}
