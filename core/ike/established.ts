import { failure } from '../base/errors.ts';
import { toHex } from '../base/octets.ts';
import type { Instant } from '../base/time.ts';
import { formatIdentity } from '../pki/identity.ts';
import type { IkeMessage } from '../wire/ike/payload.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { Agenda } from './agenda.ts';
import { announce, planWishes } from './child-adding.ts';
import { installChild } from './child-install.ts';
import { ChildTable } from './child-table.ts';
import { close, sayGoodbye } from './ending.ts';
import type { Engine } from './engine.ts';
import type { ExchangeLayer } from './exchange.ts';
import { scheduleIke } from './ike-rekeying.ts';
import type { IkeSummary } from './io.ts';
import { spiOctets } from './keymat.ts';
import { ikeNotify } from './payload-list.ts';
import { beginResources, noteResources } from './resources.ts';
import { beginMobility, mobilityShown } from './roaming.ts';
import {
  type Established,
  type IkeState,
  type Login,
  type ProvenGateway,
  wipeLoginSecrets,
} from './state.ts';
import { reportAuthLifetime } from './tasks/auth-lifetime.ts';
import { processChildCreate } from './tasks/child-create.ts';
import { processConfigReply } from './tasks/config-request.ts';
import { deletesIkeSa } from './tasks/delete.ts';
import { Liveness } from './tasks/liveness.ts';

/**
 * The gateway has proven itself in full: takes its address and the CHILD SA. The driver learns the configuration first, then
 * installs the SA, then hears that all stands.
 */
export function establish(
  engine: Engine,
  state: Login,
  gateway: ProvenGateway,
  message: IkeMessage,
  now: Instant,
): IkeState {
  const config = processConfigReply(message);
  if (!config.ok) return sayGoodbye(engine, state, config.error, now);
  const child =
    state.child === undefined
      ? undefined
      : processChildCreate(engine.dependencies.crypto, state.association, state.child, message);
  if (child?.ok === false) return sayGoodbye(engine, state, child.error, now);
  wipeLoginSecrets(state);
  engine.emit({ kind: 'config-assigned', config: config.value });
  const mobility = beginMobility(engine, state.association, state.association.nat, message);
  const next: Established = {
    kind: 'established',
    link: { ike: state.association, exchange: engine.exchange },
    others: new Set(),
    children: new ChildTable(),
    agenda: new Agenda(),
    addresses: config.value.addresses,
    wishTries: [],
    resources: beginResources(engine.config),
    announced: false,
    remakes: 0,
    goneUnseen: new Set(),
    liveness: new Liveness(engine.config.livenessMs, now),
    active: undefined,
    todo: [],
    ikeTrouble: { refusals: 0 },
    childGroup: undefined,
    summary: { ...summarize(state, gateway), ...mobilityShown(mobility) },
    mobility,
  };
  scheduleIke(engine, next, now);
  if (child !== undefined) {
    noteResources(next, message);
    const first = installChild(engine, next, child.value, { kind: 'live' }, now, 0);
    announce(engine, next, first.notation, first.inboundSpi, now);
  }
  planWishes(engine, next, child === undefined ? 0 : 1);
  reportAuthLifetime(engine, message);
  return next;
}

/** Answers a request of the peer before the IKE SA stands, or while we leave it. @rfc 7296 1.4 */
export function onEarlyRequest(
  engine: Engine,
  state: Exclude<IkeState, Established>,
  exchange: ExchangeLayer,
  request: IkeMessage,
): IkeState {
  if (request.header.exchange !== exchangeType.INFORMATIONAL) {
    exchange.respond(request, [ikeNotify(refusalFor(request.header.exchange, state.kind === 'closing'))]);
    return state;
  }
  exchange.respond(request, []);
  return deletesIkeSa(request) ? close(engine, state, endingOf(state)) : state;
}

/** What is being closed is not rekeyed; what does not stand yet has no room for more. @rfc 7296 2.25 */
function refusalFor(exchange: number, closing: boolean): number {
  if (exchange !== exchangeType.CREATE_CHILD_SA) return notifyType.INVALID_SYNTAX;
  return closing ? notifyType.TEMPORARY_FAILURE : notifyType.NO_ADDITIONAL_SAS;
}

/** Why the IKE SA ends when the peer deletes it: when we were leaving anyway, our own reason stands. */
function endingOf(state: IkeState) {
  if (state.kind === 'closing') return state.error;
  if (state.kind === 'logging-in' && state.failing !== undefined) return state.failing;
  return failure('peer.closed');
}

function summarize(state: Login, gateway: ProvenGateway): Omit<IkeSummary, 'mobike' | 'peerAddresses'> {
  const { spis, suite, nat } = state.association;
  return {
    initiatorSpi: toHex(spiOctets(spis.initiator)),
    responderSpi: toHex(spiOctets(spis.responder)),
    ikeProposal: suite.notation,
    espProposal: '',
    natDetected: nat,
    remoteIdentity: formatIdentity(gateway.identity),
    remoteNames: gateway.names,
    remoteAuthentication: gateway.authentication,
    localAuthentication: state.proofs.join(', then '),
    ppk: state.ppk.kind === 'used',
    weaknesses: [...new Set(state.weaknesses)],
  };
}
