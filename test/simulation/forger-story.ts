import { limits } from '../../core/base/limits.ts';
import { Dice } from './dice.ts';
import type { SimLogin } from './logins.ts';

/** Who stands on the path and answers IKE_SA_INIT in the gateway's place. */
export interface ForgerStory {
  readonly count: number;
  /** After the request came by: sooner than the gateway can, or later. */
  readonly afterMs: number;
  /** Answers IKE_AUTH too, with a proof that is not the gateway's. */
  readonly speaks: boolean;
}

/** What of a story their part depends on. */
interface StoryForForgers {
  readonly seed: number;
  readonly calm: boolean;
  readonly cookies: 'never' | 'always' | number;
  readonly otherGroup: boolean;
  readonly login: SimLogin;
  readonly weather: { readonly delayMs: number };
}

/**
 * No more than are followed: each answers every request, and a gateway with a cookie and another group makes three of one. The runs
 * are those where all else goes well. Who says no as well, before the gateway has said a word, is beyond what can be helped, and so
 * is who logs in by EAP alone, with the first that begins with it.
 */
export function forgersOf({
  seed,
  calm,
  cookies,
  otherGroup,
  login,
  weather,
}: StoryForForgers): ForgerStory | undefined {
  const dice = new Dice(seed, 'forger');
  if (!calm || !dice.chance(0.2)) return undefined;
  const direct = cookies === 'never' && !otherGroup;
  const speaks = direct && login.proof !== 'eap' && dice.chance(0.6);
  return {
    count: direct ? dice.whole(1, limits.initRivals) : 1,
    afterMs: dice.between(speaks ? weather.delayMs + 5 : 0, 900),
    speaks,
  };
}
