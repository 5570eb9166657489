import { useEffect, useState } from 'react';
import { useSession } from '../../../app/page-context.ts';
import { readOffered } from '../../../app/read-offered.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Icon } from '../../../ui/icons.tsx';

/** The whole window takes files that are dropped on it. The same goes by the import button, for those who do not drag. */
export function DropZone() {
  const { text } = useWords();
  const session = useSession();
  const [over, setOver] = useState(false);
  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const enter = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      const file = event.dataTransfer?.files[0];
      if (file !== undefined) void readOffered(file).then((offered) => session.offer(offered));
    };
    window.addEventListener('dragover', enter);
    window.addEventListener('dragleave', leave);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragover', enter);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('drop', drop);
    };
  }, [session]);
  if (!over) return null;
  return (
    <div className="drop">
      <Icon name="import" />
      {text.profiles.drop}
      <span className="note">{text.profiles.formats}</span>
    </div>
  );
}
