import { useWords } from '../../../i18n/use-text.ts';
import { Icon } from '../../../ui/icons.tsx';
import { ImportButton } from './import-button.tsx';

/** What stands where the first profile will. */
export function EmptyProfiles() {
  const { text } = useWords();
  return (
    <section className="card empty" aria-labelledby="empty-title">
      <Icon name="import" />
      <h2 id="empty-title">{text.connection.emptyTitle}</h2>
      <p>{text.connection.emptyText}</p>
      <ImportButton look="primary" />
      <p className="note">{text.profiles.formats}</p>
    </section>
  );
}
