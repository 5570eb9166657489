import type { JourneyEntry } from '../../../../core/rpc/values.ts';
import { useAppState } from '../../../app/page-context.ts';
import { explainIn } from '../../../i18n/explain.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { isolated } from '../../../ui/foreign-text.ts';
import { Icon, type IconName } from '../../../ui/icons.tsx';

const marks: Readonly<Record<JourneyEntry['kind'], { readonly icon: IconName; readonly tone: string }>> = {
  connected: { icon: 'check', tone: 'good' },
  moved: { icon: 'move', tone: 'work' },
  lost: { icon: 'broken', tone: 'warn' },
  restored: { icon: 'check', tone: 'good' },
  ended: { icon: 'power', tone: 'quiet' },
  failed: { icon: 'alert', tone: 'bad' },
};

const shownEntries = 12;

/** The networks that the connection was carried over, newest first, and what each change cost. */
export function JourneyCard() {
  const { text } = useWords();
  const journey = useAppState((state) => state.journey);
  const newest = journey.slice(-shownEntries).toReversed();
  return (
    <section className="card journey-card" aria-labelledby="journey-title">
      <div className="card-head">
        <h2 id="journey-title">{text.journey.title}</h2>
        <p className="note">{text.journey.about}</p>
      </div>
      {newest.length === 0 ? (
        <p className="note">{text.journey.empty}</p>
      ) : (
        <ol className="journey">
          {newest.map((entry, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two entries can have one moment.
            <Entry key={`${entry.at} ${entry.kind} ${index}`} entry={entry} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Entry({ entry }: { readonly entry: JourneyEntry }) {
  const { text, format } = useWords();
  const { icon, tone } = marks[entry.kind];
  const { local, device, error, gapMs } = entry;
  const place =
    local === undefined
      ? undefined
      : device === undefined
        ? text.journey.from(isolated(local))
        : text.journey.fromOn(isolated(local), isolated(device));
  const why = error === undefined ? undefined : explainIn(text, error).what;
  return (
    <li className="journey-entry" data-tone={tone}>
      <span className="journey-mark">
        <Icon name={icon} />
      </span>
      <div className="journey-words">
        <p>
          <strong>{text.journey[entry.kind]}</strong>
          {gapMs === undefined ? null : (
            <span className="badge warn figure" title={text.journey.gapExplained}>
              {text.journey.gap(format.gap(gapMs))}
            </span>
          )}
        </p>
        <p className="note">{[place, why].filter(Boolean).join(' · ')}</p>
      </div>
      <time className="note figure" dateTime={new Date(entry.at).toISOString()}>
        {format.time(entry.at)}
      </time>
    </li>
  );
}
