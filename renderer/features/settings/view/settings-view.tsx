import type { Update } from '../../../../core/rpc/bridge.ts';
import { useLanguage } from '../../../app/language.ts';
import { useAppState, useSession } from '../../../app/page-context.ts';
import { useTheme } from '../../../app/theme.ts';
import { useWords, type Words } from '../../../i18n/use-text.ts';
import { Button, Segments, Switch } from '../../../ui/controls.tsx';
import { isolated, plainText } from '../../../ui/foreign-text.ts';
import { Notices } from './notices.tsx';
import './settings.css';
import { FactRow } from '../../../ui/facts.tsx';

export function SettingsView() {
  const { text } = useWords();
  const theme = useTheme();
  const language = useLanguage();
  const { themes, languages } = text.settings;
  return (
    <div className="stack">
      <h1>{text.settings.title}</h1>
      <section className="card" aria-labelledby="appearance">
        <h2 id="appearance" className="section-title">
          {text.settings.appearance}
        </h2>
        <div className="setting">
          <span>{text.settings.theme}</span>
          <Segments
            label={text.settings.theme}
            value={theme.choice}
            onChange={theme.choose}
            options={[
              { value: 'system', label: themes.system },
              { value: 'light', label: themes.light },
              { value: 'dark', label: themes.dark },
            ]}
          />
        </div>
        <div className="setting">
          <span>{text.settings.language}</span>
          <Segments
            label={text.settings.language}
            value={language.choice}
            onChange={language.choose}
            options={[
              { value: 'system', label: languages.system },
              { value: 'en', label: languages.en },
              { value: 'de', label: languages.de },
            ]}
          />
        </div>
      </section>
      <Preferences />
      <About />
    </div>
  );
}

/** The switches of the host, where it has any. */
function Preferences() {
  const { text } = useWords();
  const session = useSession();
  const preferences = useAppState((state) => state.host?.preferences);
  if (preferences === undefined || preferences.length === 0) return null;
  return (
    <section className="card" aria-labelledby="window">
      <h2 id="window" className="section-title">
        {text.settings.window}
      </h2>
      {preferences.map(({ name, value }) => (
        <div key={name} className="setting">
          <label htmlFor={`preference-${name}`}>{text.settings.preferences[name]}</label>
          <Switch
            id={`preference-${name}`}
            checked={value}
            onChange={(checked) => void session.setPreference(name, checked)}
          />
        </div>
      ))}
    </section>
  );
}

function About() {
  const { text } = useWords();
  const host = useAppState((state) => state.host);
  const daemon = useAppState((state) => state.snapshot?.daemon);
  const none = text.figures.none;
  return (
    <section className="card" aria-labelledby="about">
      <h2 id="about" className="section-title">
        {text.settings.about}
      </h2>
      <p className="about-story">{text.settings.story}</p>
      <dl className="facts">
        <FactRow name={text.settings.version} className="figure">
          {plainText(host?.version ?? none)}
        </FactRow>
        <FactRow name={text.settings.daemonVersion} className="figure">
          {plainText(daemon?.version ?? none)}
        </FactRow>
        <FactRow name={text.settings.host}>
          {host === undefined ? none : text.settings.hosts[host.kind]}
        </FactRow>
        <Updates />
        <FactRow name={text.settings.license} className="license">
          {text.settings.licenseText}
          <Notices />
        </FactRow>
      </dl>
    </section>
  );
}

/** What became of the search for a newer version, and the way to look again where that can be done. */
function Updates() {
  const words = useWords();
  const session = useSession();
  const update = useAppState((state) => state.host?.update);
  const { settings } = words.text;
  if (update === undefined) return null;
  const again = update.state === 'none' || update.state === 'failed' || update.state === 'refused';
  return (
    <div>
      <dt>{settings.updates}</dt>
      <dd className="update" data-state={update.state}>
        <span role="status">{updateWords(update, words)}</span>
        {again ? (
          <Button onClick={() => void session.checkForUpdates()}>{settings.checkUpdates}</Button>
        ) : null}
      </dd>
    </div>
  );
}

function updateWords(update: Update, { text, format }: Words): string {
  const words = text.settings.update;
  switch (update.state) {
    case 'off':
      return words.off[update.why];
    case 'checking':
      return words.checking;
    case 'none':
    case 'failed':
      return words[update.state](format.dateTime(update.at));
    default:
      return words[update.state](isolated(update.version));
  }
}
