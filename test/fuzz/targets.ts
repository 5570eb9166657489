import { readRecorded } from './recorded.ts';
import type { FuzzTarget } from './target.ts';
import { eapTunnelTarget, tunnelItemsTarget } from './targets/eap.ts';
import { engineTarget } from './targets/engine.ts';
import { loginTargets } from './targets/logins.ts';
import { netlinkTarget } from './targets/netlink.ts';
import { innerPacketTarget, mergeTarget, splitTarget } from './targets/offload.ts';
import { textTargets } from './targets/texts.ts';
import { wireTargets } from './targets/wire.ts';

/** Everything that takes octets from outside. */
export function allTargets(): readonly FuzzTarget[] {
  return [
    ...wireTargets(readRecorded()),
    ...textTargets(),
    eapTunnelTarget,
    tunnelItemsTarget,
    ...loginTargets,
    netlinkTarget,
    splitTarget,
    mergeTarget,
    innerPacketTarget,
    engineTarget('gateway'),
    engineTarget('client'),
  ];
}
