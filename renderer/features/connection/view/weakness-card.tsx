import type { ConnectedTunnel } from '../../../../core/rpc/values.ts';
import { useWords } from '../../../i18n/use-text.ts';

/** What this connection does less well than it could; nothing when that is nothing. */
export function WeaknessCard({ weaknesses }: Pick<ConnectedTunnel, 'weaknesses'>) {
  const { text } = useWords();
  if (weaknesses.length === 0) return null;
  return (
    <section className="card weakness" aria-labelledby="weakness-title">
      <h2 id="weakness-title" className="failure-kicker">
        {text.connection.weaker}
      </h2>
      <ul>
        {weaknesses.map((weakness) => (
          <li key={weakness}>{text.weaknesses[weakness]}</li>
        ))}
      </ul>
    </section>
  );
}
