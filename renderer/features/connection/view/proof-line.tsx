import { useAppState } from '../../../app/page-context.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { useNow } from '../../../ui/use-now.ts';
import { proofAge } from '../model/proof-age.ts';

/** The age of the last proof, as it is at this moment. */
export function ProofLine() {
  const { text, format } = useWords();
  const proof = useAppState((state) => state.proof);
  useNow(250);
  // A proof may have come since the last turn of that clock.
  const age = proofAge(proof, performance.now());
  if (age === undefined) return null;
  const span = format.age(age.ageMs);
  const words = {
    now: text.proof.now,
    fresh: text.proof.ago(span),
    stale: text.proof.stale(span),
  }[age.freshness];
  return (
    <p className="proof figure" data-freshness={age.freshness} title={text.proof.explained}>
      <span className="proof-dot" key={proof?.provenAt} />
      {words}
    </p>
  );
}
