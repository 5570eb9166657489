import { useState } from 'react';
import type { Failure } from '../../../../core/base/errors.ts';
import type { Result } from '../../../../core/base/result.ts';
import { useSession } from '../../../app/page-context.ts';
import { explainIn } from '../../../i18n/explain.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Button, Dialog } from '../../../ui/controls.tsx';

/** The licences of the works of others in this copy of Godwit, fetched when they are asked for. */
export function Notices() {
  const { text } = useWords();
  const session = useSession();
  const [read, setRead] = useState<Result<string, Failure> | undefined>();
  const { open, title, close } = text.settings.notices;
  return (
    <>
      <Button onClick={async () => setRead(await session.readNotices())}>{open}</Button>
      {read === undefined ? null : (
        <Dialog label={title} onClose={() => setRead(undefined)} fromTop>
          <h2 className="prompt-title" tabIndex={-1}>
            {title}
          </h2>
          {read.ok ? (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard.
            <pre className="notices" tabIndex={0}>
              {read.value}
            </pre>
          ) : (
            <Missing failure={read.error} />
          )}
          <div className="dialog-actions">
            <Button look="primary" onClick={() => setRead(undefined)}>
              {close}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function Missing({ failure }: { readonly failure: Failure }) {
  const { text } = useWords();
  const { what, next } = explainIn(text, failure);
  return (
    <div>
      <p className="field-error" role="alert">
        {what}
      </p>
      <p className="note">{next}</p>
    </div>
  );
}
