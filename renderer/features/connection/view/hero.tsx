import { usableProfiles } from '../../../../core/rpc/usable-profiles.ts';
import type { TunnelSnapshot } from '../../../../core/rpc/values.ts';
import { useAppState, useSession } from '../../../app/page-context.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Button, Foreign } from '../../../ui/controls.tsx';
import { isolated, plainText } from '../../../ui/foreign-text.ts';
import { Icon, type IconName } from '../../../ui/icons.tsx';
import { useNow } from '../../../ui/use-now.ts';
import type { Headline, Mood } from '../model/headline.ts';
import { ProofLine } from './proof-line.tsx';

const emblems: Readonly<Record<Mood, IconName>> = {
  connected: 'lock',
  connecting: 'again',
  reconnecting: 'again',
  disconnecting: 'power',
  disconnected: 'open',
  failed: 'alert',
  blocked: 'alert',
  unknown: 'broken',
};

/** The state in letters that can be read from across the room, and the one thing to do. */
export function Hero({ head }: { readonly head: Headline }) {
  const { text } = useWords();
  const tunnel = useAppState((state) => state.snapshot?.tunnel);
  const { mood, profile } = head;
  return (
    <section className="hero" data-mood={mood} aria-labelledby="state-word">
      <div className="emblem">
        <Icon name={emblems[mood]} />
      </div>
      <div className="hero-words">
        <h2 id="state-word" className="state-word">
          {text.mood[mood]}
        </h2>
        {profile === undefined ? null : (
          <p className="hero-profile">
            <strong>
              <Foreign text={profile.name} most={64} />
            </strong>
            <span className="hero-gateway">
              <Foreign text={profile.gateway} most={80} />
            </span>
          </p>
        )}
        {tunnel === undefined ? null : <HeroLine mood={mood} tunnel={tunnel} />}
      </div>
      <HeroAction mood={mood} />
    </section>
  );
}

function HeroLine({ mood, tunnel }: { readonly mood: Mood; readonly tunnel: TunnelSnapshot }) {
  const { text } = useWords();
  if (tunnel.state === 'connected') return <ProofLine />;
  if (tunnel.state === 'reconnecting') {
    return (
      <p className="hero-line">
        {text.connection.heldBack} <NextTry tries={tunnel.tries} nextTryAt={tunnel.nextTryAt} />
      </p>
    );
  }
  if (mood === 'disconnected' || mood === 'failed')
    return <p className="hero-line">{text.connection.ready}</p>;
  return null;
}

function NextTry({ tries, nextTryAt }: { readonly tries: number; readonly nextTryAt: number | undefined }) {
  const { text, format } = useWords();
  useNow(1_000);
  if (nextTryAt === undefined || nextTryAt <= Date.now()) return text.connection.trying(format.count(tries));
  return text.connection.nextTry(format.age(Math.max(0, nextTryAt - Date.now()) + 999));
}

function HeroAction({ mood }: { readonly mood: Mood }) {
  const { text } = useWords();
  const session = useSession();
  const busy = useAppState((state) => state.busy);
  const chosen = useAppState((state) => state.chosen);
  const profiles = useAppState((state) => state.profiles);
  if (mood === 'connected' || mood === 'reconnecting' || mood === 'connecting' || mood === 'disconnecting') {
    const label = mood === 'connecting' ? text.connection.cancel : text.connection.disconnect;
    return (
      <div className="hero-action">
        <Button large disabled={mood === 'disconnecting'} onClick={() => void session.disconnect()}>
          {label}
        </Button>
      </div>
    );
  }
  const usable = usableProfiles(profiles ?? []);
  if (mood === 'unknown' || usable.length === 0) return null;
  const [only] = usable;
  return (
    <div className="hero-action">
      {usable.length === 1 && only !== undefined ? (
        <p className="hero-only">{text.connection.to(isolated(only.name ?? only.id))}</p>
      ) : (
        <select
          className="select"
          aria-label={text.connection.choose}
          value={chosen}
          onChange={(event) => session.choose(event.target.value)}
        >
          {usable.map(({ id, name }) => (
            <option key={id} value={id}>
              {plainText(name ?? id, 64)}
            </option>
          ))}
        </select>
      )}
      <Button
        large
        look="primary"
        icon="power"
        disabled={busy || chosen === undefined}
        onClick={() => void session.connect(chosen ?? '')}
      >
        {text.connection.connect}
      </Button>
    </div>
  );
}
