import type { RefObject } from 'react';
import { viewNames } from '../../core/rpc/bridge.ts';
import { headline } from '../features/connection/model/headline.ts';
import { useWords } from '../i18n/use-text.ts';
import { Icon } from '../ui/icons.tsx';
import iconUrl from './icon.svg';
import { useAppState, useSession } from './page-context.ts';

/** The way between the views: beside them where there is room, under the thumb where there is not. */
export function Navigation({ main }: { readonly main: RefObject<HTMLElement | null> }) {
  const { text } = useWords();
  const session = useSession();
  const view = useAppState((state) => state.view);
  const snapshot = useAppState((state) => state.snapshot);
  const link = useAppState((state) => state.link);
  const dismissed = useAppState((state) => state.dismissed);
  const { mood } = headline({ snapshot, link, commandFailure: undefined, dismissed });
  return (
    <header className="side">
      <button type="button" className="skip" onClick={() => main.current?.focus()}>
        {text.app.skip}
      </button>
      <p className="brand">
        <img src={iconUrl} alt="" />
        {text.app.name}
      </p>
      <nav className="nav" aria-label={text.app.navigation}>
        {viewNames.map((name) => (
          <button
            key={name}
            type="button"
            className="nav-item"
            aria-current={view === name ? 'page' : undefined}
            onClick={() => session.show(name)}
          >
            <Icon name={name} />
            <span>{text.views[name]}</span>
          </button>
        ))}
      </nav>
      <p className="side-state" data-mood={mood}>
        {text.mood[mood]}
      </p>
    </header>
  );
}
