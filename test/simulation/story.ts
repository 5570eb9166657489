import type { GatewayHabits } from '../../core/gateway/config.ts';
import { Dice } from './dice.ts';
import { type ForgerStory, forgersOf } from './forger-story.ts';
import { type NatStory, natOf } from './idle.ts';
import { drawLogin, type SimLogin } from './logins.ts';

/** What the network does to datagrams: probabilities, and times in milliseconds. */
export interface Weather {
  readonly loss: number;
  readonly duplicate: number;
  readonly flip: number;
  readonly cut: number;
  readonly delayMs: number;
  /** Up to so much more, at random: datagrams overtake each other. */
  readonly jitterMs: number;
}

export type Deed =
  | { readonly kind: 'rebind' | 'move' | 'restart-gateway' | 'disconnect' | 'probe' | 'gateway-disconnect' }
  | { readonly kind: 'rekey'; readonly by: 'client' | 'gateway' | 'both'; readonly what: 'child' | 'ike' }
  /** The client's machine hears and does nothing for so long. */
  | { readonly kind: 'sleep'; readonly ms: number }
  /** Nothing gets through. */
  | { readonly kind: 'outage'; readonly ms: number };

/** All that is decided before a run: the same for the same seed. */
export interface Story {
  readonly seed: number;
  /** Nothing is lost, doubled or late here: then no packet may be either. */
  readonly calm: boolean;
  readonly weather: Weather;
  /** How long the weather and the deeds last. */
  readonly ms: number;
  readonly deeds: readonly { readonly at: number; readonly deed: Deed }[];
  /** Larger IKE messages get lost on the way, in any weather: a path that drops IP fragments. In octets. */
  readonly largestDatagram: number;
  readonly fragmentation: boolean;
  /** The gateway's certificate, in octets. */
  readonly certificateOctets: number;
  readonly cookies: 'never' | 'always' | number;
  /** Whether the gateway wants another group than the client tries first. */
  readonly otherGroup: boolean;
  readonly cipher: string;
  readonly gatewayLivenessMs: number | undefined;
  readonly initialContact: boolean;
  /** How long all that a login asks for takes together: passwords, keys, verdicts on certificates. */
  readonly answerMs: number;
  readonly wrongPassword: boolean;
  readonly login: SimLogin;
  /** Until it starts again, the gateway is somebody else, who has all but its key or, with `eap`, the user's password. */
  readonly imposter: 'none' | 'signature' | 'eap';
  /** Lifetimes by which each side replaces its SAs; absent: never by itself. */
  readonly lifetimes: {
    readonly client?: Lifetimes;
    readonly gateway?: Lifetimes;
  };
  /** The first octet of the gateway's nonces in a rekey: it decides who loses a collision. */
  readonly nonceOctet: number | undefined;
  readonly temporaryFailureOnce: boolean;
  /** A gateway that does not let its SAs be replaced: they end in time, and the login is repeated. */
  readonly habits: Pick<
    GatewayHabits,
    'noAdditionalSas' | 'refuseRekey' | 'silentInRekey' | 'deleteOldLateMs'
  >;
  readonly authLifetimeMs: number | undefined;
  /** The client asks for a second CHILD SA beside the first. */
  readonly furtherChild: boolean;
  /** The gateway's name also leads to an address where nobody is: none, tried first, tried later, or one that no way leads to. */
  readonly deadAddress: 'none' | 'first' | 'last' | 'refused';
  readonly childKeyExchange: boolean;
  readonly trafficMs: number;
  /** When the client replaces its first CHILD SA, as a test of what else fails only much later. */
  readonly earlyRekeyMs: number | undefined;
  /** The gateway follows a client that says where it is. */
  readonly mobike: boolean;
  /** The largest packet that gets through whole, in octets; others are cut, if they may be. */
  readonly pathMtu: number;
  /** How the NAT is in the long silence at the end; absent: there is none. */
  readonly nat: NatStory | undefined;
  /** Others answer IKE_SA_INIT too. */
  readonly forgers: ForgerStory | undefined;
}

export interface Lifetimes {
  readonly childMs: number;
  readonly ikeMs: number;
}

const fair: Weather = { loss: 0, duplicate: 0, flip: 0, cut: 0, delayMs: 20, jitterMs: 0 };
/** What there is at the end of every run. */
export const goodWeather: Weather = { ...fair, jitterMs: 5 };

export function tellStory(seed: number): Story {
  const story = tellMost(seed);
  const nat = natOf(story);
  const forgers = forgersOf(story);
  const whole = { ...story, nat, forgers };
  // Nothing else may break the silence then.
  return nat === undefined ? whole : { ...whole, lifetimes: {}, authLifetimeMs: undefined };
}

function tellMost(seed: number): Omit<Story, 'nat' | 'forgers'> {
  const dice = new Dice(seed, 'story');
  const calm = dice.chance(0.35);
  const ms = dice.between(40_000, calm ? 120_000 : 180_000);
  const login = drawLogin(seed);
  const imposter = calm ? 'none' : drawImposter(seed, login);
  return {
    seed,
    calm,
    weather: calm ? { ...fair, delayMs: dice.between(1, 400) } : badWeather(dice),
    ms,
    deeds: [
      ...Array.from({ length: dice.whole(1, 7) }, () => ({
        at: dice.between(0, ms),
        deed: calm ? calmDeed(dice) : roughDeed(dice),
      })),
      ...(imposter === 'none' ? [] : [{ at: ms / 2, deed: { kind: 'restart-gateway' } as const }]),
    ],
    login,
    imposter,
    ...pathOf(dice),
    cookies: dice.pick(['never', 'always', 1] as const),
    otherGroup: dice.chance(0.25),
    cipher: dice.pick(['aes256gcm16-prfsha384', 'aes128gcm16-prfsha256', 'aes256-sha256']),
    gatewayLivenessMs: calm || dice.chance(0.3) ? undefined : dice.between(8_000, 40_000),
    initialContact: dice.chance(0.5),
    answerMs: dice.chance(0.3) ? dice.between(0, 20_000) : dice.between(0, 50),
    wrongPassword: !calm && dice.chance(0.05),
    lifetimes: {
      ...(dice.chance(0.5) ? { client: lifetimes(dice) } : {}),
      ...(dice.chance(0.5) ? { gateway: lifetimes(dice) } : {}),
    },
    nonceOctet: dice.pick([undefined, undefined, 0, 255]),
    temporaryFailureOnce: dice.chance(0.1),
    habits: !calm && dice.chance(0.25) ? dice.pick(stubborn) : {},
    authLifetimeMs: authLifetime(dice, calm),
    furtherChild: new Dice(seed, 'children').random.octets(1).every((octet) => octet < 50),
    deadAddress: dice.pick(['none', 'none', 'first', 'last', 'refused'] as const),
    childKeyExchange: dice.chance(0.5),
    trafficMs: dice.between(100, 1_500),
    earlyRekeyMs: dice.chance(0.5) ? dice.between(500, 30_000) : undefined,
    mobike: dice.chance(0.5),
    pathMtu: new Dice(seed, 'mtu').pick([1_500, 1_500, 1_492, 1_400, 1_300, 1_100]),
  };
}

function drawImposter(seed: number, { rounds, proof }: SimLogin): Story['imposter'] {
  const dice = new Dice(seed, 'imposter');
  if (!dice.chance(0.3)) return 'none';
  if (proof === 'eap') return 'eap';
  return dice.pick(['signature', rounds.includes('eap') ? 'eap' : 'signature']);
}

/** NO_PROPOSAL_CHOSEN is 14. */
const stubborn: readonly Story['habits'][] = [
  { noAdditionalSas: true },
  { refuseRekey: 14 },
  { silentInRekey: true },
  { deleteOldLateMs: 4_000 },
];

/** 1,248 octets are what both sides begin with when they cut messages: 1,280 with the headers around them. @rfc 7383 2.5.1 */
function pathOf(dice: Dice): Pick<Story, 'largestDatagram' | 'fragmentation' | 'certificateOctets'> {
  const certificateOctets = dice.chance(0.5) ? dice.whole(1_000, 4_000) : 100;
  if (dice.chance(0.3)) return { largestDatagram: 1_248, fragmentation: true, certificateOctets };
  return { largestDatagram: 65_507, fragmentation: dice.chance(0.7), certificateOctets };
}

/** In a calm run every login is followed in time, however slow the user is. */
function authLifetime(dice: Dice, calm: boolean): number | undefined {
  if (!dice.chance(calm ? 0.2 : 0.1)) return undefined;
  return calm ? dice.between(150_000, 250_000) : dice.between(40_000, 200_000);
}

function lifetimes(dice: Dice): Lifetimes {
  return { childMs: dice.between(12_000, 60_000), ikeMs: dice.between(30_000, 120_000) };
}

function badWeather(dice: Dice): Weather {
  const some = (most: number) => (dice.chance(0.6) ? dice.between(0, most) : 0);
  return {
    loss: some(0.35),
    duplicate: some(0.3),
    flip: some(0.1),
    cut: some(0.1),
    delayMs: dice.between(1, 300),
    jitterMs: some(3_000),
  };
}

function calmDeed(dice: Dice): Deed {
  if (dice.chance(0.2)) return { kind: 'probe' };
  return {
    kind: 'rekey',
    by: dice.pick(['client', 'gateway', 'both', 'both']),
    what: dice.pick(['child', 'child', 'ike']),
  };
}

function roughDeed(dice: Dice): Deed {
  switch (dice.whole(0, 8)) {
    case 0:
    case 1:
      return { kind: dice.pick(['rebind', 'move']) };
    case 2:
      return { kind: 'restart-gateway' };
    case 3:
      return { kind: dice.pick(['disconnect', 'gateway-disconnect']) };
    case 4:
      return {
        kind: 'sleep',
        ms: dice.chance(0.3) ? dice.between(60_000, 7_200_000) : dice.between(1_000, 60_000),
      };
    case 5:
      return { kind: 'outage', ms: dice.between(500, 60_000) };
    default:
      return calmDeed(dice);
  }
}
