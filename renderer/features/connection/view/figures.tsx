import { Fragment, type ReactNode } from 'react';
import type { ConnectedTunnel } from '../../../../core/rpc/values.ts';
import { useAppState } from '../../../app/page-context.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Foreign } from '../../../ui/controls.tsx';
import { Icon, type IconName } from '../../../ui/icons.tsx';
import { useNow } from '../../../ui/use-now.ts';
import { lastRoundTrip } from '../model/chart-series.ts';

/** The few numbers that people look for. */
export function Figures({ tunnel }: { readonly tunnel: ConnectedTunnel }) {
  const { text, format } = useWords();
  const samples = useAppState((state) => state.samples);
  useNow(1_000);
  const last = samples.at(-1);
  const down = format.rate(last?.inboundRate ?? 0);
  const up = format.rate(last?.outboundRate ?? 0);
  const trip = lastRoundTrip(samples);
  const { counters, addresses } = tunnel;
  const inbound = Math.max(last?.inboundOctets ?? 0, counters.inbound.octets);
  const outbound = Math.max(last?.outboundOctets ?? 0, counters.outbound.octets);
  const since = format.age(Date.now() - tunnel.since);
  return (
    <section className="figures" aria-label={text.figures.title}>
      <Tile
        icon="down"
        label={text.figures.down}
        note={text.figures.received(format.octets(inbound))}
        tone="down"
      >
        <Amount value={down.value} unit={down.unit} />
      </Tile>
      <Tile icon="up" label={text.figures.up} note={text.figures.sent(format.octets(outbound))} tone="up">
        <Amount value={up.value} unit={up.unit} />
      </Tile>
      <Tile
        icon="trip"
        label={text.figures.roundTrip}
        note={trip === undefined ? text.figures.unmeasured : text.figures.toGateway}
        tone="trip"
      >
        {trip === undefined ? (
          text.figures.none
        ) : (
          <Amount value={format.count(Math.max(1, Math.round(trip)))} unit="ms" />
        )}
      </Tile>
      <Tile
        icon="clock"
        label={text.figures.since}
        note={<Foreign text={addresses.map(hostOf).join(', ')} most={60} />}
      >
        <Span text={since} />
      </Tile>
    </section>
  );
}

/** `10.1.0.5` of `10.1.0.5/32`: one address is no network. */
function hostOf(prefix: string): string {
  return prefix.replace(/\/(32|128)$/, '');
}

/** `2 h 5 min` with its units set smaller. */
function Span({ text }: { readonly text: string }) {
  const amounts = text.matchAll(/(\S+) (\S+)/g);
  return [...amounts].map(([, value = '', unit = ''], index) => (
    <Fragment key={unit}>
      {index === 0 ? null : ' '}
      <Amount value={value} unit={unit} />
    </Fragment>
  ));
}

/** The unit is set smaller, and so is the space before it. */
function Amount({ value, unit }: { readonly value: string; readonly unit: string }) {
  return (
    <>
      {value}
      <small> {unit}</small>
    </>
  );
}

interface TileProps {
  readonly icon: IconName;
  readonly label: string;
  readonly note: ReactNode;
  readonly tone?: string;
  readonly children: ReactNode;
}

function Tile({ icon, label, note, tone, children }: TileProps) {
  return (
    <div className="tile" data-tone={tone}>
      <p className="tile-label">
        <Icon name={icon} />
        {label}
      </p>
      <p className="tile-value figure">{children}</p>
      <p className="note figure">{note}</p>
    </div>
  );
}
