import { type Endpoint, sameEndpoint } from '../base/address.ts';
import type { SecuredIke } from '../ike/association.ts';
import { FragmentSizes } from '../ike/fragments/fragment-sizes.ts';
import type { IkePort } from '../ike/io.ts';
import { checksPath, echoCookie } from '../ike/tasks/mobike.ts';
import { notifyOf } from '../wire/ike/lookup.ts';
import type { IkeMessage, Payload } from '../wire/ike/payload.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import type { GatewayConfig, GatewayDependencies } from './config.ts';
import { natNotifies } from './init-responder.ts';

/** Where a datagram came from, and at which of our ports. */
export interface Place {
  readonly from: Endpoint;
  readonly via: IkePort;
}

/** Where one client is, and what is known of the path to it. @rfc 7296 2.23 @rfc 4555 3.5 */
export class Whereabouts {
  readonly fragmentSizes = new FragmentSizes();
  /** The client tells us when it moves. @rfc 4555 */
  mobike = false;
  #place: Place;
  /** Where the request came from that is being answered, when the client has not moved there for good. */
  #answerTo: Place | undefined;

  /** `fragmentation`: both sides take fragments. @rfc 7383 2.3 */
  constructor(place: Place, fragmentation: boolean) {
    this.#place = place;
    if (fragmentation) this.fragmentSizes.allow(place.from.address.family);
  }

  get endpoint(): Endpoint {
    return this.#place.from;
  }

  /** Where what we say now goes to. */
  get answerTo(): Place {
    return this.#answerTo ?? this.#place;
  }

  /** An authenticated request came from `place`. True when the client is there from now on and was not before. */
  heard(place: Place, message: IkeMessage | undefined): boolean {
    if (this.mobike && (message === undefined || !updatesAddresses(message))) {
      this.#answerTo = place;
      return false;
    }
    const { from, via } = this.#place;
    if (sameEndpoint(place.from, from) && place.via === via) return false;
    this.#place = place;
    if (this.fragmentSizes.allowed) this.fragmentSizes.allow(place.from.address.family);
    return true;
  }

  /** How we see the client, when it asks, and its own words back. @rfc 4555 3.7 @rfc 4555 3.8 */
  describe(
    { config, dependencies }: { readonly config: GatewayConfig; readonly dependencies: GatewayDependencies },
    spis: SecuredIke['spis'],
    request: IkeMessage,
  ): readonly Payload[] {
    if (!this.mobike) return [];
    const nat = checksPath(request) ? natNotifies(config, dependencies, this.answerTo, spis) : [];
    return [...nat, ...echoCookie(request)];
  }

  /** The request is dealt with. */
  answered(): void {
    this.#answerTo = undefined;
  }
}

function updatesAddresses(request: IkeMessage): boolean {
  return (
    request.header.exchange === exchangeType.INFORMATIONAL &&
    notifyOf(request, notifyType.UPDATE_SA_ADDRESSES) !== undefined
  );
}
