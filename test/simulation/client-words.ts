import { formatFailure } from '../../core/base/errors.ts';
import type { IkeOutput } from '../../core/ike/io.ts';
import type { TunnelState } from '../../core/tunnel/io.ts';
import type { Spi } from '../../core/wire/ike/payload.ts';

/** What a trace says of an output of the client's engine; `undefined`: nothing. */
export function wordsOfOutput(output: IkeOutput): string | undefined {
  switch (output.kind) {
    case 'child-install':
      return `client installs ${pair(output.child)}${output.outbound === 'standby' ? ', on standby' : ''}`;
    case 'child-switch-outbound':
      return `client sends on ${output.inboundSpi} from now on`;
    case 'child-remove':
      return `client removes ${output.inboundSpi}`;
    case 'established':
      return 'client is established';
    case 'rekeyed':
      return `client: ${output.what} SA replaced`;
    case 'rekey-failed':
      return `client: ${output.what} SA not replaced: ${formatFailure(output.error)}`;
    case 'closed':
      return `client: a login is over: ${output.error === undefined ? 'as asked' : formatFailure(output.error)}`;
    case 'roamed':
      return 'client: the gateway follows';
    default:
      return undefined;
  }
}

export function wordsOfState(state: TunnelState): string {
  if (state.kind === 'disconnected')
    return state.lastFailure === undefined ? state.kind : `disconnected: ${formatFailure(state.lastFailure)}`;
  return 'phase' in state && state.phase !== undefined ? `${state.kind}, ${state.phase}` : state.kind;
}

/** The SPIs of a CHILD SA. */
export function pair({
  inbound,
  outbound,
}: {
  readonly inbound: { readonly spi: Spi };
  readonly outbound: { readonly spi: Spi };
}): string {
  return `${inbound.spi} in, ${outbound.spi} out`;
}
