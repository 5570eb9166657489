import type { Failure } from '../../../../core/base/errors.ts';
import { explainIn } from '../../../i18n/explain.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Button, Dialog } from '../../../ui/controls.tsx';

/** What is wrong with a file that nothing can be made of. */
export function ImportFailed({
  failure,
  onClose,
}: {
  readonly failure: Failure;
  readonly onClose: () => void;
}) {
  const { text } = useWords();
  const { what, next } = explainIn(text, failure);
  return (
    <Dialog label={text.importer.failed} onClose={onClose}>
      <h2 className="prompt-title">{text.importer.failed}</h2>
      <p>{what}</p>
      <p className="note">{next}</p>
      <div className="dialog-actions">
        <Button look="primary" onClick={onClose}>
          {text.importer.close}
        </Button>
      </div>
    </Dialog>
  );
}
