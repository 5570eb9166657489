import { explainIn } from '../i18n/explain.ts';
import { useWords } from '../i18n/use-text.ts';
import { Button } from '../ui/controls.tsx';
import { isolated } from '../ui/foreign-text.ts';
import { Icon } from '../ui/icons.tsx';
import { useNow } from '../ui/use-now.ts';
import { useAppState, useSession } from './page-context.ts';

const startCommand = 'sudo systemctl start godwitd';
const restartCommand = 'sudo systemctl restart godwitd';

/** Stands where the views would, as long as there is no daemon that this page understands. */
export function ServiceScreen() {
  const { text } = useWords();
  const link = useAppState((state) => state.link);
  if (link.state === 'down') return <Down />;
  if (link.state === 'up' && link.match !== 'same') {
    const older = link.match === 'older';
    return (
      <section className="service">
        <Emblem />
        <h1>{older ? text.daemon.olderTitle : text.daemon.newerTitle}</h1>
        <p>{text.daemon.mismatchText(isolated(link.version))}</p>
        <p>{older ? text.daemon.olderNext : text.daemon.newerNext}</p>
        {older ? <code>{restartCommand}</code> : null}
      </section>
    );
  }
  return (
    <section className="service">
      <h1>{text.daemon.connectingTitle}</h1>
      <p className="note">{text.daemon.connectingText}</p>
    </section>
  );
}

function Down() {
  const { text, format } = useWords();
  const session = useSession();
  const link = useAppState((state) => state.link);
  useNow(1_000);
  if (link.state !== 'down') return null;
  const { code } = link.error;
  const absent = code === 'rpc.unavailable';
  const { what, next } = explainIn(text, link.error);
  const wait = Math.max(0, (link.nextTryAt ?? 0) - Date.now());
  return (
    <section className="service">
      <Emblem />
      <h1>{absent ? text.daemon.downTitle : code === 'rpc.denied' ? text.daemon.deniedTitle : what}</h1>
      <p>{absent ? text.daemon.downText : next}</p>
      {absent ? (
        <>
          <p className="note">{text.daemon.downNext}</p>
          <code>{startCommand}</code>
        </>
      ) : null}
      {link.nextTryAt === undefined ? null : (
        <>
          <Button look="primary" icon="again" onClick={() => void session.reachDaemon()}>
            {text.daemon.retry}
          </Button>
          <p className="note figure">{text.daemon.retryIn(format.age(wait + 999))}</p>
        </>
      )}
    </section>
  );
}

function Emblem() {
  return (
    <div className="emblem">
      <Icon name="broken" />
    </div>
  );
}
