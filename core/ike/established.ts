import { failure } from '../base/errors.ts';
import { toHex } from '../base/octets.ts';
import type { Instant } from '../base/time.ts';
import type { IkeMessage } from '../wire/ike/payload.ts';
import { notateId } from '../wire/ike/payloads/id.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { close, sayGoodbye } from './ending.ts';
import type { Engine } from './engine.ts';
import type { IkeSummary } from './io.ts';
import { spiOctets } from './keymat.ts';
import { ikeNotify } from './payload-list.ts';
import type { IkeState, RequestingAddress } from './state.ts';
import { type ChildSa, processChildCreate } from './tasks/child-create.ts';
import { processConfigReply } from './tasks/config-request.ts';
import { processDelete } from './tasks/delete.ts';
import { Liveness } from './tasks/liveness.ts';

/**
 * The gateway has proven itself in full: takes its address and the CHILD SA. The driver learns the configuration first, then
 * installs the SA, then hears that all stands.
 */
export function establish(
  engine: Engine,
  state: RequestingAddress,
  message: IkeMessage,
  now: Instant,
): IkeState {
  const config = processConfigReply(message);
  if (!config.ok) return sayGoodbye(engine, state, config.error, now);
  const child = processChildCreate(engine.dependencies.crypto, state.association, state.child, message);
  if (!child.ok) return sayGoodbye(engine, state, child.error, now);
  const { parameters } = child.value;
  state.msk?.fill(0);
  engine.emit({ kind: 'config-assigned', config: config.value });
  engine.emit({ kind: 'child-install', child: parameters });
  engine.emit({ kind: 'phase', phase: 'established' });
  engine.emit({ kind: 'established', summary: summarize(state, child.value) });
  return {
    kind: 'established',
    association: state.association,
    inboundSpi: parameters.inbound.spi,
    outboundSpi: parameters.outbound.spi,
    liveness: new Liveness(engine.config.livenessMs, now),
  };
}

/** Sends a liveness check, unless a request that asks as much is on the wire already. */
export function probe(engine: Engine, now: Instant): void {
  if (!engine.exchange.busy) engine.exchange.request(exchangeType.INFORMATIONAL, [], now);
}

/** Answers a request of the peer, in whatever state it comes. @rfc 7296 1.4 */
export function onPeerRequest(engine: Engine, state: IkeState, request: IkeMessage, now: Instant): IkeState {
  if (request.header.exchange === exchangeType.INFORMATIONAL) {
    return onInformational(engine, state, request, now);
  }
  // Rekeying is not there yet: the peer keeps its SAs until they end, then we connect anew. @rfc 7296 1.3
  const refusal =
    request.header.exchange === exchangeType.CREATE_CHILD_SA
      ? notifyType.NO_ADDITIONAL_SAS
      : notifyType.INVALID_SYNTAX;
  engine.exchange.respond(request, [ikeNotify(refusal)]);
  return state;
}

function onInformational(engine: Engine, state: IkeState, request: IkeMessage, now: Instant): IkeState {
  const deletion = processDelete(request, state.kind === 'established' ? state : undefined);
  engine.exchange.respond(request, deletion.kind === 'child-sa' ? [deletion.answer] : []);
  if (deletion.kind === 'ike-sa') return close(engine, state, endingOf(state));
  // A tunnel whose only CHILD SA is gone is of no use to anybody.
  if (deletion.kind === 'child-sa' && state.kind === 'established') {
    return sayGoodbye(engine, state, failure('peer.closed'), now);
  }
  return state;
}

/** Why the IKE SA ends when the peer deletes it: when we were leaving anyway, our own reason stands. */
function endingOf(state: IkeState) {
  if (state.kind === 'closing') return state.error;
  if (state.kind === 'logging-in' && state.failing !== undefined) return state.failing;
  return failure('peer.closed');
}

function summarize(state: RequestingAddress, child: ChildSa): IkeSummary {
  const { spis, suite, nat } = state.association;
  return {
    initiatorSpi: toHex(spiOctets(spis.initiator)),
    responderSpi: toHex(spiOctets(spis.responder)),
    ikeProposal: suite.notation,
    espProposal: child.notation,
    natDetected: nat,
    remoteIdentity: notateId({ kind: 'IDr', ...state.gateway.identity }),
    remoteAuthentication: state.gateway.authentication,
    localAuthentication: state.method,
  };
}
