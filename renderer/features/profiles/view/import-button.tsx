import { useRef } from 'react';
import { useSession } from '../../../app/page-context.ts';
import { readOffered } from '../../../app/read-offered.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Button } from '../../../ui/controls.tsx';

/** Opens the system's dialog for files; what is chosen is shown for a look before it is taken. */
export function ImportButton({ look }: { readonly look?: 'primary' }) {
  const { text } = useWords();
  const session = useSession();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button look={look} icon="import" onClick={() => input.current?.click()}>
        {text.profiles.import}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        accept=".json,.sswan,.p12,.pfx"
        onChange={async (event) => {
          const [file] = event.target.files ?? [];
          event.target.value = '';
          if (file !== undefined) session.offer(await readOffered(file));
        }}
      />
    </>
  );
}
