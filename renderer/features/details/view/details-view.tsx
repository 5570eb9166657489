import { type ReactNode, useMemo, useState } from 'react';
import type { ConnectedTunnel } from '../../../../core/rpc/values.ts';
import { useAppState } from '../../../app/page-context.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Button, Foreign } from '../../../ui/controls.tsx';
import { isolated } from '../../../ui/foreign-text.ts';
import { Icon } from '../../../ui/icons.tsx';
import { useNow } from '../../../ui/use-now.ts';
import { JourneyCard } from '../../connection/view/journey-card.tsx';
import { rekeyDue } from '../model/rekey-due.ts';
import { sumDrops } from '../model/sum-drops.ts';
import './details.css';
import { Fact, FactRow } from '../../../ui/facts.tsx';

export function DetailsView() {
  const { text } = useWords();
  const tunnel = useAppState((state) => state.snapshot?.tunnel);
  return (
    <div className="stack">
      <h1>{text.details.title}</h1>
      {tunnel?.state === 'connected' ? (
        <Connected tunnel={tunnel} />
      ) : (
        <section className="card empty">
          <Icon name="details" />
          <p>{text.details.empty}</p>
        </section>
      )}
      <JourneyCard />
    </div>
  );
}

function Connected({ tunnel }: { readonly tunnel: ConnectedTunnel }) {
  const { text } = useWords();
  const { details } = text;
  const { nat } = tunnel;
  const yesNo = (yes: boolean) => (yes ? details.yes : details.no);
  return (
    <div className="details">
      <Card title={details.gateway}>
        <Fact name={details.endpoint} value={tunnel.gateway} mono />
        <Fact name={details.identity} value={tunnel.remoteIdentity} />
        <Fact name={details.proved} value={tunnel.remoteAuthentication} />
        <Fact name={details.login} value={tunnel.localAuthentication} />
      </Card>
      <Card title={details.path}>
        {tunnel.local === undefined ? null : <Fact name={details.local} value={tunnel.local} mono />}
        <Fact name={details.device} value={`${tunnel.device}, ${details.mtu} ${tunnel.mtu}`} />
        <Fact name={details.natHere} value={yesNo(nat.local)} />
        <Fact name={details.natThere} value={yesNo(nat.remote)} />
        <Fact name={details.mobike} value={tunnel.mobike ? details.yes : details.mobikeNo} />
      </Card>
      <SaCard title={details.ike} sa={tunnel.ike} failed={tunnel.rekeyFailure?.what === 'ike'}>
        <Fact name={`SPI, ${details.initiator}`} value={tunnel.ike.initiatorSpi} mono />
        <Fact name={`SPI, ${details.responder}`} value={tunnel.ike.responderSpi} mono />
      </SaCard>
      <SaCard title={details.esp} sa={tunnel.esp} failed={tunnel.rekeyFailure?.what === 'esp'}>
        <Fact name={`SPI, ${details.inbound}`} value={tunnel.esp.inboundSpi} mono />
        <Fact name={`SPI, ${details.outbound}`} value={tunnel.esp.outboundSpi} mono />
        {tunnel.esp.asleepMs === undefined ? null : <Fact name={details.asleep} value={details.asleepHelp} />}
      </SaCard>
      <NetworkCard tunnel={tunnel} />
      <DnsCard dns={tunnel.dns} />
      <PacketsCard tunnel={tunnel} />
    </div>
  );
}

function NetworkCard({ tunnel }: { readonly tunnel: ConnectedTunnel }) {
  const { details } = useWords().text;
  const { addresses, routes, blockedFamilies } = tunnel;
  return (
    <Card title={details.network}>
      <FactRow name={details.addresses}>
        <Items items={addresses} />
      </FactRow>
      <FactRow name={details.routes}>
        <Items items={routes} />
      </FactRow>
      {blockedFamilies.length === 0 ? null : (
        <FactRow name={details.blocked}>
          {blockedFamilies.map((family) => details.blockedFamily(String(family))).join(', ')}
        </FactRow>
      )}
    </Card>
  );
}

function DnsCard({ dns }: { readonly dns: ConnectedTunnel['dns'] }) {
  const { details } = useWords().text;
  if (dns === undefined)
    return (
      <Card title={details.dns}>
        <FactRow name={details.servers}>{details.untouched}</FactRow>
      </Card>
    );
  const domains = [...new Set([...dns.routeDomains, ...dns.searchDomains])];
  return (
    <Card title={details.dns}>
      <FactRow name={details.servers}>
        <Items items={dns.servers} />
      </FactRow>
      <FactRow name={details.domains}>
        {domains.length === 0 ? details.allNames : <Items items={domains} />}
      </FactRow>
    </Card>
  );
}

function PacketsCard({ tunnel }: { readonly tunnel: ConnectedTunnel }) {
  const { text, format } = useWords();
  const { inbound, outbound, ike } = tunnel.counters;
  const last = useAppState((state) => state.samples.at(-1));
  const dropped = sumDrops([inbound.drops, outbound.drops, ike.drops]);
  const line = (packets: number, octets: number) =>
    text.details.packets(format.count(packets), format.octets(octets));
  return (
    <Card title={text.details.counters}>
      <Fact
        name={text.figures.down}
        value={line(inbound.packets, Math.max(inbound.octets, last?.inboundOctets ?? 0))}
      />
      <Fact
        name={text.figures.up}
        value={line(outbound.packets, Math.max(outbound.octets, last?.outboundOctets ?? 0))}
      />
      <Fact
        name={text.details.drops}
        value={
          dropped.length === 0
            ? text.details.none
            : dropped
                .map(
                  ([cause, count]) =>
                    `${format.count(count)} ${text.details.causes[cause] ?? isolated(cause)}`,
                )
                .join(', ')
        }
      />
    </Card>
  );
}

interface SaCardProps {
  readonly title: string;
  readonly sa: ConnectedTunnel['ike'] | ConnectedTunnel['esp'];
  readonly failed: boolean;
  readonly children: ReactNode;
}

function SaCard({ title, sa, failed, children }: SaCardProps) {
  const { text, format } = useWords();
  const now = useNow(1_000);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the age counts from when this SA's figures came.
  const cameAt = useMemo(() => performance.now(), [sa]);
  const { ageMs, remainingMs, part } = rekeyDue(sa, now - cameAt);
  return (
    <Card title={title}>
      <FactRow name={text.details.algorithms}>
        <span className="chips">
          {sa.proposal.split('-').map((word) => (
            <span key={word} className="badge mono">
              <Foreign text={word} />
            </span>
          ))}
        </span>
      </FactRow>
      {children}
      <Fact name={text.details.age} value={format.age(ageMs)} />
      <Fact name={text.details.rekeys} value={text.details.times(format.count(sa.rekeys))} />
      {remainingMs === undefined ? null : (
        <FactRow name={text.details.rekeyIn}>
          <span className="figure">
            {remainingMs === 0 ? text.details.due : text.details.within(format.age(remainingMs))}
          </span>
          <meter className="life" min={0} max={1} value={part} aria-label={text.details.age} />
        </FactRow>
      )}
      {failed ? (
        <FactRow name={text.details.rekeyFailure}>
          <span className="field-error">{text.details.rekeyFailed}</span>
        </FactRow>
      ) : null}
    </Card>
  );
}

function Card({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className="card">
      <h2 className="section-title">{title}</h2>
      <dl className="facts">{children}</dl>
    </section>
  );
}

const shownItems = 12;

function Items({ items }: { readonly items: readonly string[] }) {
  const { text, format } = useWords();
  const [all, setAll] = useState(false);
  const shown = all ? items : items.slice(0, shownItems);
  if (items.length === 0) return text.figures.none;
  return (
    <ul className="items mono">
      {shown.map((item) => (
        <li key={item}>
          <Foreign text={item} />
        </li>
      ))}
      {shown.length === items.length ? null : (
        <li>
          <Button look="quiet" className="from-edge" onClick={() => setAll(true)}>
            {text.details.more(format.count(items.length - shown.length))}
          </Button>
        </li>
      )}
    </ul>
  );
}
