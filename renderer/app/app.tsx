import {
  type ComponentType,
  lazy,
  type ReactNode,
  Suspense,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { ViewName } from '../../core/rpc/bridge.ts';
import { ConnectionView } from '../features/connection/view/connection-view.tsx';
import { DropZone } from '../features/profiles/view/drop-zone.tsx';
import { PromptDialog } from '../features/prompts/view/prompt-dialog.tsx';
import { WordsContext, wordsOf } from '../i18n/use-text.ts';
import { Announcer } from './announcer.tsx';
import { type LanguageChoice, LanguageContext, languageOf } from './language.ts';
import { memory } from './memory.ts';
import { Navigation } from './navigation.tsx';
import { useAppState } from './page-context.ts';
import { ServiceScreen } from './service-screen.tsx';
import { type ThemeChoice, ThemeContext } from './theme.ts';

export function App() {
  return (
    <Appearance>
      <Frame />
    </Appearance>
  );
}

/** Theme and language: as the system has them, or as the user chose. */
function Appearance({ children }: { readonly children: ReactNode }) {
  const [themeChoice, setThemeChoice] = useState<ThemeChoice>(() => {
    const kept = memory.recall('theme');
    return kept === 'light' || kept === 'dark' ? kept : 'system';
  });
  const [languageChoice, setLanguageChoice] = useState<LanguageChoice>(() => {
    const kept = memory.recall('language');
    return kept === 'en' || kept === 'de' ? kept : 'system';
  });
  const systemDark = useSystemDark();
  const shown = themeChoice === 'system' ? (systemDark ? 'dark' : 'light') : themeChoice;
  const language = languageOf(languageChoice, navigator.languages);
  const words = useMemo(() => wordsOf(language, navigator.language), [language]);
  useEffect(() => {
    document.documentElement.dataset['theme'] = shown;
    document.documentElement.lang = language;
  }, [shown, language]);
  const chooseTheme = useCallback((choice: ThemeChoice) => {
    memory.remember('theme', choice);
    setThemeChoice(choice);
  }, []);
  const chooseLanguage = useCallback((choice: LanguageChoice) => {
    memory.remember('language', choice);
    setLanguageChoice(choice);
  }, []);
  return (
    <WordsContext value={words}>
      <LanguageContext value={{ choice: languageChoice, choose: chooseLanguage }}>
        <ThemeContext value={{ choice: themeChoice, shown, choose: chooseTheme }}>{children}</ThemeContext>
      </LanguageContext>
    </WordsContext>
  );
}

function useSystemDark(): boolean {
  const query = useMemo(() => matchMedia('(prefers-color-scheme: dark)'), []);
  const [dark, setDark] = useState(query.matches);
  useEffect(() => {
    const follow = () => setDark(query.matches);
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }, [query]);
  return dark;
}

/** What the first sight of the page does without; it is fetched as soon as that is drawn. */
const later = {
  details: async () => (await import('../features/details/view/details-view.tsx')).DetailsView,
  logs: async () => (await import('../features/logs/view/logs-view.tsx')).LogsView,
  settings: async () => (await import('../features/settings/view/settings-view.tsx')).SettingsView,
  profiles: async () => (await import('../features/profiles/view/profiles-view.tsx')).ProfilesView,
  import: async () => (await import('../features/profiles/view/import-dialog.tsx')).ImportDialog,
};

const lazily = (fetch: () => Promise<ComponentType>) => lazy(async () => ({ default: await fetch() }));
const ImportDialog = lazily(later.import);
const views: Readonly<Record<ViewName, ComponentType>> = {
  connection: ConnectionView,
  profiles: lazily(later.profiles),
  details: lazily(later.details),
  logs: lazily(later.logs),
  settings: lazily(later.settings),
};

function Frame() {
  const view = useAppState((state) => state.view);
  const link = useAppState((state) => state.link);
  const known = useAppState((state) => state.snapshot !== undefined);
  const offered = useAppState((state) => state.offered !== undefined);
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the view changes.
  useEffect(() => {
    // A new view is read from its top; the first one is not taken the focus for.
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
    window.scrollTo(0, 0);
  }, [view]);
  useEffect(() => {
    for (const fetch of Object.values(later)) requestIdleCallback(() => void fetch(), { timeout: 4_000 });
  }, []);
  const reached = link.state === 'up' && link.match === 'same' && known;
  const View = views[view];
  return (
    <div className="frame">
      <Navigation main={main} />
      <main className="main" ref={main} tabIndex={-1} data-view={view}>
        <Suspense>{reached || view === 'settings' ? <View /> : <ServiceScreen />}</Suspense>
      </main>
      <Announcer />
      <PromptDialog />
      <Suspense>{offered ? <ImportDialog /> : null}</Suspense>
      <DropZone />
    </div>
  );
}
