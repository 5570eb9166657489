import type { Failure } from '../../../../core/base/errors.ts';
import { problemOf } from '../../../../core/profile/field-problem.ts';
import type { ProfileEntry } from '../../../../core/rpc/values.ts';
import { useAppState, useSession } from '../../../app/page-context.ts';
import { explainIn, problemWords } from '../../../i18n/explain.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Button, Foreign } from '../../../ui/controls.tsx';
import { isolated, plainText } from '../../../ui/foreign-text.ts';
import './profiles.css';

/** The field and what is wrong with it, or what else keeps the profile from being used. */
function BrokenReason({ failure }: { readonly failure: Failure | undefined }) {
  const { text } = useWords();
  if (failure === undefined) return null;
  const problem = problemOf(failure.detail);
  if (problem === undefined) return explainIn(text, failure).what;
  return `${isolated(failure.detail['field'] ?? '')}: ${problemWords(text, problem)}`;
}

interface ProfileCardProps {
  readonly entry: ProfileEntry;
  readonly onOpen?: () => void;
}

/** One profile of a list: what it is called, where it leads, and the way to use it. Without `onOpen` it cannot be opened. */
export function ProfileCard({ entry, onOpen }: ProfileCardProps) {
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
          {onOpen === undefined ? (
            <Foreign text={label} most={64} />
          ) : (
            <button
              type="button"
              className="profile-open"
              onClick={onOpen}
              aria-label={text.profiles.open(plainText(label))}
            >
              <Foreign text={label} most={64} />
            </button>
          )}
        </h2>
        <p className="note">
          {broken ? <BrokenReason failure={failures[0]} /> : <Foreign text={gateway ?? ''} most={120} />}
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
          <span className="hidden-text"> {text.connection.to(plainText(label))}</span>
        </Button>
      ) : null}
    </li>
  );
}
