import { type Failure, failure } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { u16List } from '../../base/words.ts';
import type { CryptoProvider, KeyExchange, KeyExchangeSecret } from '../../crypto/interfaces.ts';
import { encodeMessage } from '../../wire/ike/message.ts';
import type { IkeMessage, IkeSpi, Payload, Proposal } from '../../wire/ike/payload.ts';
import { exchangeType } from '../../wire/registry/exchange-types.ts';
import { notifyType, signatureHash } from '../../wire/registry/notify-types.ts';
import type { Association } from '../association.ts';
import type { IkeConfig, IkeDependencies } from '../config.ts';
import type { InitRestart } from '../init-restarts.ts';
import { deriveIkeKeys, deriveSkeyseed, type NoncePair } from '../keymat.ts';
import { chosenIkeSuite, type IkeSuite, ikeProposals } from '../negotiate.ts';
import { ikeNotify, required } from '../payload-list.ts';
import type { RedirectTarget } from '../redirect-target.ts';
import { wrongGroup } from './key-exchange.ts';
import { buildNatDetection, processNatDetection } from './nat-detection.ts';
import { buildRedirectSupport, redirectIn } from './redirect.ts';

/** As long as the longest PRF key that we offer asks for (half of 512 bits). @rfc 7296 2.10 */
const nonceOctets = 32;

/** The hashes that we take in a signature of the gateway. @rfc 7427 4 */
const acceptedHashes = [
  signatureHash.SHA2_256,
  signatureHash.SHA2_384,
  signatureHash.SHA2_512,
  signatureHash.IDENTITY,
] as const;

export interface InitOffers {
  readonly usePpk?: boolean;
  readonly vendorIds?: readonly Payload[];
}

/**
 * IKE_SA_INIT: the first message, and what its answer makes of it.
 *
 *     HDR(SPIi, 0), [N(COOKIE)], SAi1, KEi, Ni, N(NAT_DETECTION_*), N(SIGNATURE_HASH_ALGORITHMS),
 *         N(IKEV2_FRAGMENTATION_SUPPORTED), [N(USE_PPK)], [V+]  -->
 *                              <--  HDR(SPIi, SPIr), SAr1, KEr, Nr, [N(NAT_DETECTION_*)], [CERTREQ],
 *                                       [N(IKEV2_FRAGMENTATION_SUPPORTED)], [N(SIGNATURE_HASH_ALGORITHMS)],
 *                                       [N(MULTIPLE_AUTH_SUPPORTED)], [N(USE_PPK)]
 *
 * A restart with a cookie or another group keeps SPI and nonce. @rfc 7296 1.2 @rfc 7296 2.6
 */
export class IkeInitTask {
  readonly initiatorSpi: IkeSpi;
  readonly #config: IkeConfig;
  readonly #dependencies: IkeDependencies;
  readonly #proposals: readonly Proposal[];
  readonly #nonce: Uint8Array;
  readonly #notifies: readonly Payload[];
  #sent: (InitRestart & { readonly octets: Uint8Array; readonly secret: KeyExchangeSecret }) | undefined;

  /** `usePpk`: offers to mix in a post-quantum pre-shared key (RFC 8784 3). `vendorIds` go last. */
  constructor(
    config: IkeConfig,
    dependencies: IkeDependencies,
    initiatorSpi: IkeSpi,
    { usePpk = false, vendorIds = [] }: InitOffers = {},
  ) {
    const { crypto, random } = dependencies;
    this.#config = config;
    this.#dependencies = dependencies;
    this.initiatorSpi = initiatorSpi;
    this.#proposals = ikeProposals(config.ikeProposals);
    this.#nonce = random.octets(nonceOctets);
    this.#notifies = [
      ...buildNatDetection(crypto, random, { initiator: initiatorSpi, responder: 0n }, config.remote),
      ikeNotify(notifyType.SIGNATURE_HASH_ALGORITHMS, u16List(acceptedHashes)),
      ikeNotify(notifyType.IKEV2_FRAGMENTATION_SUPPORTED),
      ...(usePpk ? [ikeNotify(notifyType.USE_PPK)] : []),
      ...buildRedirectSupport(config),
      ...vendorIds,
    ];
  }

  /** The request for this cookie and group. @throws RangeError for a group that the crypto provider lacks (a bug). */
  build(restart: InitRestart): Uint8Array {
    const secret = this.#secretFor(restart.group);
    const cookie = restart.cookie === undefined ? [] : [ikeNotify(notifyType.COOKIE, restart.cookie)];
    const octets = encodeMessage({
      header: {
        initiatorSpi: this.initiatorSpi,
        responderSpi: 0n,
        majorVersion: 2,
        minorVersion: 0,
        exchange: exchangeType.IKE_SA_INIT,
        fromInitiator: true,
        isResponse: false,
        messageId: 0,
      },
      payloads: [
        ...cookie,
        { kind: 'SA', proposals: this.#proposals },
        { kind: 'KE', group: restart.group, publicValue: secret.publicValue },
        { kind: 'Nonce', nonce: this.#nonce },
        ...this.#notifies,
      ],
    });
    this.#sent = { ...restart, octets, secret };
    return octets;
  }

  /**
   * Reads a response. Nothing authenticates it yet, so a failure means only that this datagram is not the answer. `octets`
   * is the response as it was on the wire; a copy is kept.
   */
  process(message: IkeMessage, octets: Uint8Array): Result<Association, Failure> {
    const { crypto } = this.#dependencies;
    const sent = this.#sent;
    if (sent === undefined) return err(failure('misuse', { reason: 'IKE_SA_INIT was not sent' }));
    const answer = this.#read(message, sent.group);
    if (!answer.ok) return answer;
    const { suite, nonces, peerPublic } = answer.value;
    const shared = sent.secret.agree(peerPublic);
    if (!shared.ok) return shared;
    const spis = { initiator: this.initiatorSpi, responder: message.header.responderSpi };
    const skeyseed = deriveSkeyseed(suite.prf, nonces, shared.value);
    const keys = deriveIkeKeys(suite, skeyseed, nonces, spis);
    shared.value.fill(0);
    skeyseed.fill(0);
    const { local, remote } = this.#config;
    const nat = processNatDetection(crypto, message, spis, local, remote);
    return ok({
      spis,
      suite,
      keys,
      nonces,
      initMessages: { request: sent.octets, response: octets.slice() },
      afterCookie: sent.cookie !== undefined,
      nat,
    });
  }

  /** Where the response sends us; `undefined` when nowhere. @rfc 5685 3 */
  redirect(message: IkeMessage): Result<RedirectTarget, Failure> | undefined {
    return redirectIn(this.#config, message, this.#nonce);
  }

  wipe(): void {
    this.#sent?.secret.wipe();
    this.#sent = undefined;
  }

  #read(
    message: IkeMessage,
    group: number,
  ): Result<{ suite: IkeSuite; nonces: NoncePair; peerPublic: Uint8Array }, Failure> {
    const where = 'the IKE_SA_INIT response';
    const sa = required(message, 'SA', where);
    if (!sa.ok) return sa;
    const ke = required(message, 'KE', where);
    if (!ke.ok) return ke;
    const nonce = required(message, 'Nonce', where);
    if (!nonce.ok) return nonce;
    const suite = chosenIkeSuite(this.#dependencies.crypto, this.#proposals, sa.value);
    if (!suite.ok) return suite;
    // A responder that wants another group says INVALID_KE_PAYLOAD instead. @rfc 7296 1.2
    if (suite.value.group !== group || ke.value.group !== group) {
      return err(wrongGroup());
    }
    const nonces = { initiator: this.#nonce, responder: nonce.value.nonce.slice() };
    return ok({ suite: suite.value, nonces, peerPublic: ke.value.publicValue });
  }

  #secretFor(group: number): KeyExchangeSecret {
    if (this.#sent?.group === group) return this.#sent.secret;
    this.wipe();
    return keyExchange(this.#dependencies.crypto, group).generate(this.#dependencies.random);
  }
}

function keyExchange(crypto: CryptoProvider, group: number): KeyExchange {
  const found = crypto.keyExchange(group);
  if (found === undefined) throw new RangeError(`no key exchange for group ${group}`);
  return found;
}
