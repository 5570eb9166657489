import { useState } from 'react';
import type { Failure } from '../../../../core/base/errors.ts';
import { copyText } from '../../../app/copy-text.ts';
import { useAppState, useSession } from '../../../app/page-context.ts';
import { explainIn, failureReport } from '../../../i18n/explain.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Button } from '../../../ui/controls.tsx';
import { FactRow } from '../../../ui/facts.tsx';

interface FailureCardProps {
  readonly failure: Failure;
  /** Instead of "what happened". */
  readonly title?: string;
  /** Instead of what the failure says is to be done. */
  readonly next?: string;
  readonly onDismiss?: () => void;
}

/** What happened, the evidence, what to do, and a way to hand it to someone who helps. */
export function FailureCard({ failure, title, next: otherNext, onDismiss }: FailureCardProps) {
  const { text } = useWords();
  const session = useSession();
  const version = useAppState((state) => state.snapshot?.daemon.version);
  const chosen = useAppState((state) => state.chosen);
  const [copied, setCopied] = useState(false);
  const { what, evidence, next } = explainIn(text, failure);
  const copy = async () => {
    await copyText(failureReport(text, failure, [`Godwit ${version ?? ''}`]));
    setCopied(true);
  };
  return (
    <section className="card failure" aria-labelledby="failure-title">
      <h2 id="failure-title" className="failure-kicker">
        {title ?? text.failure.title}
      </h2>
      <p className="failure-what">{what}</p>
      <div className="failure-next">
        <h3>{text.failure.next}</h3>
        <p>{otherNext ?? next}</p>
      </div>
      <details className="failure-evidence">
        <summary>{text.failure.evidence}</summary>
        <dl className="facts compact">
          <FactRow name={text.failure.code} className="mono">
            {failure.code}
          </FactRow>
          {evidence === '' ? null : (
            <FactRow name={text.failure.evidence} className="mono">
              {evidence}
            </FactRow>
          )}
        </dl>
      </details>
      <div className="failure-actions">
        {onDismiss === undefined ? null : (
          <>
            <Button
              look="primary"
              onClick={() => void session.connect(chosen ?? '')}
              disabled={chosen === undefined}
            >
              {text.failure.retry}
            </Button>
            <Button onClick={onDismiss}>{text.failure.dismiss}</Button>
          </>
        )}
        <Button
          look="quiet"
          className={onDismiss === undefined ? 'from-edge' : ''}
          icon={copied ? 'check' : 'copy'}
          onClick={() => void copy()}
        >
          <span aria-live="polite">{copied ? text.failure.copied : text.failure.copy}</span>
        </Button>
      </div>
    </section>
  );
}
