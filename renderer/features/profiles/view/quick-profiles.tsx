import { usableProfiles } from '../../../../core/rpc/usable-profiles.ts';
import { useAppState, useSession } from '../../../app/page-context.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Button } from '../../../ui/controls.tsx';
import { searchProfiles } from '../model/search-profiles.ts';
import { ProfileCard } from './profile-card.tsx';

const most = 6;

/** The profiles that can be used, one click away, while nothing is connected. */
export function QuickProfiles() {
  const { text } = useWords();
  const session = useSession();
  const profiles = useAppState((state) => state.profiles) ?? [];
  const usable = searchProfiles(usableProfiles(profiles), '');
  return (
    <section aria-labelledby="quick-title">
      <div className="card-head quick-head">
        <h2 id="quick-title">{text.profiles.title}</h2>
        <Button look="quiet" className="to-edge" onClick={() => session.show('profiles')}>
          {text.profiles.all}
        </Button>
      </div>
      <ul className="profile-list">
        {usable.slice(0, most).map((entry) => (
          <ProfileCard key={entry.id} entry={entry} />
        ))}
      </ul>
    </section>
  );
}
