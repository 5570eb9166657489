import { useAppState } from '../../../app/page-context.ts';
import { type Headline, headline } from '../model/headline.ts';

/** How it stands now, as the page says it at its top. */
export function useHeadline(): Headline {
  const snapshot = useAppState((state) => state.snapshot);
  const link = useAppState((state) => state.link);
  const commandFailure = useAppState((state) => state.commandFailure);
  const dismissed = useAppState((state) => state.dismissed);
  return headline({ snapshot, link, commandFailure, dismissed });
}
