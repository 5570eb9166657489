import { useMemo, useState } from 'react';
import type { LogLine } from '../../../../core/rpc/values.ts';
import { copyText } from '../../../app/copy-text.ts';
import { useAppState } from '../../../app/page-context.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Button } from '../../../ui/controls.tsx';
import { plainText } from '../../../ui/foreign-text.ts';
import { Icon } from '../../../ui/icons.tsx';
import { SearchField } from '../../../ui/search-field.tsx';
import { filterLog, formatLine, type LogLevelChoice } from '../model/filter-log.ts';
import './logs.css';

const levels: readonly LogLevelChoice[] = ['error', 'warn', 'info', 'debug'];

export function LogsView() {
  const { text, format } = useWords();
  const log = useAppState((state) => state.log);
  const [level, setLevel] = useState<LogLevelChoice>('info');
  const [words, setWords] = useState('');
  const shown = useMemo(() => filterLog(log, level, words), [log, level, words]);
  const copy = () =>
    copyText(
      shown
        .toReversed()
        .map(
          (line) => `${new Date(line.at).toISOString()} ${line.level} ${plainText(formatLine(line), 4_096)}`,
        )
        .join('\n'),
    );
  return (
    <div className="stack">
      <div className="view-head">
        <h1>{text.logs.title}</h1>
        <p className="note figure" role="status">
          {text.logs.shown(format.count(shown.length))} · {text.logs.newest}
        </p>
      </div>
      <div className="log-tools">
        <SearchField label={text.logs.filter} value={words} onChange={setWords} />
        <select
          className="select"
          aria-label={text.logs.level}
          value={level}
          onChange={(event) => setLevel(levels.find((each) => each === event.target.value) ?? 'info')}
        >
          {levels.map((each) => (
            <option key={each} value={each}>
              {text.logs.levels[each]}
            </option>
          ))}
        </select>
        <Button icon="copy" disabled={shown.length === 0} onClick={() => void copy()}>
          {text.logs.copy}
        </Button>
      </div>
      {shown.length === 0 ? (
        <section className="card empty">
          <Icon name="logs" />
          <p>{log.length === 0 ? text.logs.none : text.logs.empty}</p>
        </section>
      ) : (
        <ol className="card log">
          {shown.map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name than their place from the end.
            <Row key={shown.length - index} line={line} />
          ))}
        </ol>
      )}
    </div>
  );
}

function Row({ line }: { readonly line: LogLine }) {
  const { format } = useWords();
  const { at, level, event, fields } = line;
  return (
    <li className="log-line" data-level={level}>
      <time className="figure" dateTime={new Date(at).toISOString()}>
        {format.time(at)}
      </time>
      <span className="log-level">{level}</span>
      <span className="log-words">
        <b>{plainText(event)}</b>{' '}
        {Object.entries(fields).map(([name, value]) => (
          <span key={name}>
            <span className="log-name">{plainText(name)}=</span>
            <bdi>{plainText(String(value))}</bdi>{' '}
          </span>
        ))}
      </span>
    </li>
  );
}
