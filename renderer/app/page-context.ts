import { createContext, useContext, useSyncExternalStore } from 'react';
import type { PageSession } from './session.ts';
import { type AppState, firstState } from './state.ts';
import { createStore, type Store } from './store.ts';

export interface Page {
  readonly store: Store<AppState>;
  readonly session: PageSession;
}

export const PageContext = createContext<Page | undefined>(undefined);

const nothing = createStore<AppState>(firstState, () => undefined);

/** One part of the state; the component is drawn again when that part changes. `pick` must not make new objects. */
export function useAppState<T>(pick: (state: AppState) => T): T {
  const { store } = useContext(PageContext) ?? { store: nothing };
  return useSyncExternalStore(store.subscribe, () => pick(store.get()));
}

export function useSession(): PageSession {
  const page = useContext(PageContext);
  if (page === undefined) throw new Error('no page around this component');
  return page.session;
}
