import type { Endpoint } from '../base/address.ts';
import type { Instant } from '../base/time.ts';
import type { IkeOutput } from '../ike/io.ts';
import type { ChildRoster } from './child-roster.ts';
import type { TunnelOutput } from './io.ts';

export type ChildChange = Extract<
  IkeOutput,
  { kind: 'child-install' | 'child-switch-outbound' | 'child-remove' | 'child-sleep' }
>;

/** Notes what the engine wants of the CHILD SAs and says what the data plane is to do. */
export function changeChildren(
  children: ChildRoster,
  change: ChildChange,
  remote: Endpoint,
  now: Instant,
): TunnelOutput {
  switch (change.kind) {
    case 'child-install': {
      const { child } = change;
      const standby = change.outbound === 'standby';
      const terms = { standby, pair: change.resource ?? 0 };
      children.add(child, terms, change.wish);
      return { kind: 'install-child', child, remote, ...terms };
    }
    case 'child-switch-outbound':
      children.switchTo(change.inboundSpi);
      return { kind: 'switch-outbound', inboundSpi: change.inboundSpi };
    case 'child-sleep':
      children.sleep(change.inboundSpi, now);
      return { kind: 'sleep-child', inboundSpi: change.inboundSpi };
    case 'child-remove':
      children.remove(change.inboundSpi);
      return { kind: 'remove-child', inboundSpi: change.inboundSpi };
  }
}
