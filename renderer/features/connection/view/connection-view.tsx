import { useAppState, useSession } from '../../../app/page-context.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { EmptyProfiles } from '../../profiles/view/empty-profiles.tsx';
import { QuickProfiles } from '../../profiles/view/quick-profiles.tsx';
import { FailureCard } from './failure-card.tsx';
import { Figures } from './figures.tsx';
import { Hero } from './hero.tsx';
import { JourneyCard } from './journey-card.tsx';
import { PhaseSteps } from './phase-steps.tsx';
import { TrafficCard } from './traffic-card.tsx';
import { useHeadline } from './use-headline.ts';
import { WeaknessCard } from './weakness-card.tsx';
import './connection.css';

/** The first view: how it stands, what to do about it, and what goes through. */
export function ConnectionView() {
  const tunnel = useAppState((state) => state.snapshot?.tunnel);
  const profiles = useAppState((state) => state.profiles);
  const journey = useAppState((state) => state.journey);
  const session = useSession();
  const { text } = useWords();
  const head = useHeadline();
  const idle = tunnel?.state === 'disconnected';
  const cause = tunnel?.state === 'reconnecting' ? (tunnel.lastFailure ?? tunnel.cause) : undefined;
  return (
    <div className="connection">
      <div className="stack">
        <h1 className="hidden-text">{text.views.connection}</h1>
        <Hero head={head} />
        {head.failure === undefined ? null : (
          <FailureCard failure={head.failure} onDismiss={() => session.dismissFailure()} />
        )}
        {cause === undefined ? null : (
          <FailureCard failure={cause} title={text.connection.lostBecause} next={text.connection.byItself} />
        )}
        {tunnel?.state === 'connecting' ? <PhaseSteps phase={tunnel.phase} /> : null}
        {idle && profiles?.length === 0 ? <EmptyProfiles /> : null}
        {idle && (profiles?.length ?? 0) > 1 ? <QuickProfiles /> : null}
        {tunnel?.state === 'connected' ? <WeaknessCard weaknesses={tunnel.weaknesses} /> : null}
        {tunnel?.state === 'connected' ? <Figures tunnel={tunnel} /> : null}
        {tunnel?.state === 'connected' || tunnel?.state === 'reconnecting' ? <TrafficCard /> : null}
      </div>
      {idle && journey.length === 0 ? null : <JourneyCard />}
    </div>
  );
}
