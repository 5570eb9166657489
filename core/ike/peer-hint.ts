import { limits } from '../base/limits.ts';
import { after, type Instant } from '../base/time.ts';
import { readU32 } from '../base/words.ts';
import { notifyOf } from '../wire/ike/lookup.ts';
import { decodeMessage } from '../wire/ike/message.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import type { Engine } from './engine.ts';
import { probe } from './roaming.ts';
import type { Established } from './state.ts';

/*
 * <--  HDR(our SPIs), N(INVALID_IKE_SPI)        to a request of ours
 * <--  HDR, N(INVALID_SPI, SPI of our ESP)      INFORMATIONAL, unasked
 *
 * A gateway that has started anew may say so, and nothing protects its word: anybody on the path can say it too. It is a reason
 * to ask at once, and to wait less long for the answer, but never to believe it. @rfc 7296 1.5 @rfc 7296 2.21.4
 */

/** Asks the gateway whether it knows us, when this datagram hints that it does not. One hint in a while is enough. */
export function heedHint(engine: Engine, state: Established, octets: Uint8Array, now: Instant): void {
  if (octets.length > largestHint || (state.hintedUntil !== undefined && now < state.hintedUntil)) return;
  if (!hintsAtLoss(state, octets)) return;
  state.hintedUntil = after(now, limits.hintPauseMs);
  probe(engine, state, now);
  state.link.exchange.quicken(now);
}

/** A header and a notify or two. */
const largestHint = 128;

function hintsAtLoss({ link, children }: Established, octets: Uint8Array): boolean {
  const decoded = decodeMessage(octets);
  if (!decoded.ok || decoded.value.encrypted !== undefined) return false;
  const message = decoded.value;
  if (message.header.isResponse)
    return link.exchange.owns(octets) && notifyOf(message, notifyType.INVALID_IKE_SPI) !== undefined;
  const spi = notifyOf(message, notifyType.INVALID_SPI)?.data;
  if (message.header.exchange !== exchangeType.INFORMATIONAL || spi?.length !== 4) return false;
  return children.byOutbound(readU32(spi, 0)) !== undefined;
}
