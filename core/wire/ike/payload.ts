import type { IpAddress } from '../../base/address.ts';

/**
 * IKE payloads as values. One union member a payload type; the file of the same name in `payloads/` holds its RFC
 * picture, `decode…`, `encode…` and `notate…`. Octet arrays from a decoder are views into the message.
 * Numbers that a registry names (`protocol`, `method`, `type` …) stay numbers: an unknown value survives.
 * @rfc 7296 3
 */
export type Payload =
  | SaPayload
  | KePayload
  | IdPayload
  | CertPayload
  | CertReqPayload
  | AuthPayload
  | NoncePayload
  | NotifyPayload
  | DeletePayload
  | VendorIdPayload
  | TsPayload
  | ConfigPayload
  | EapPayload
  | UnknownPayload;

/** An IKE SPI: 64 bits. */
export type IkeSpi = bigint;
/** An ESP SPI: 32 bits, 0 to 255 reserved. */
export type Spi = number;

export interface SaPayload {
  readonly kind: 'SA';
  readonly proposals: readonly Proposal[];
}

export interface Proposal {
  /** From 1, in order of preference. */
  readonly number: number;
  /** 1 IKE, 2 AH, 3 ESP. */
  readonly protocol: number;
  /** 0, 4 or 8 octets. */
  readonly spi: Uint8Array;
  readonly transforms: readonly Transform[];
}

export interface Transform {
  /** 1 ENCR, 2 PRF, 3 INTEG, 4 KE, 5 ESN. */
  readonly type: number;
  readonly id: number;
  readonly keyBits?: number;
  /** True when an attribute other than Key Length is there: such a transform must not be chosen. */
  readonly unknownAttribute?: boolean;
}

export interface KePayload {
  readonly kind: 'KE';
  readonly group: number;
  readonly publicValue: Uint8Array;
}

export interface IdPayload {
  readonly kind: 'IDi' | 'IDr';
  readonly type: number;
  readonly data: Uint8Array;
}

export interface CertPayload {
  readonly kind: 'CERT';
  readonly encoding: number;
  readonly data: Uint8Array;
}

export interface CertReqPayload {
  readonly kind: 'CERTREQ';
  readonly encoding: number;
  /** For encoding 4: SHA-1 hashes of SubjectPublicKeyInfo, 20 octets each, concatenated. */
  readonly authorities: Uint8Array;
}

export interface AuthPayload {
  readonly kind: 'AUTH';
  readonly method: number;
  readonly data: Uint8Array;
}

export interface NoncePayload {
  readonly kind: 'Nonce';
  readonly nonce: Uint8Array;
}

export interface NotifyPayload {
  readonly kind: 'N';
  /** 0 when the notify concerns the IKE SA. */
  readonly protocol: number;
  readonly spi: Uint8Array;
  readonly type: number;
  readonly data: Uint8Array;
}

export interface DeletePayload {
  readonly kind: 'D';
  readonly protocol: number;
  /** Empty for the IKE SA, 4 octets each for ESP. */
  readonly spis: readonly Spi[];
}

export interface VendorIdPayload {
  readonly kind: 'V';
  readonly vendorId: Uint8Array;
}

export interface TsPayload {
  readonly kind: 'TSi' | 'TSr';
  readonly selectors: readonly TrafficSelector[];
}

/** Addresses `start` to `end`, inclusive, of one family. */
export interface TrafficSelector {
  /** IP protocol, 0 for any. */
  readonly protocol: number;
  readonly startPort: number;
  readonly endPort: number;
  readonly start: IpAddress;
  readonly end: IpAddress;
}

export interface ConfigPayload {
  readonly kind: 'CP';
  /** 1 REQUEST, 2 REPLY, 3 SET, 4 ACK. */
  readonly type: number;
  readonly attributes: readonly ConfigAttribute[];
}

export interface ConfigAttribute {
  readonly type: number;
  readonly value: Uint8Array;
}

export interface EapPayload {
  readonly kind: 'EAP';
  /** The whole EAP packet; its own decoder is in `wire/eap`. */
  readonly packet: Uint8Array;
}

/** A payload type that we do not know. `critical` decides what must happen. @rfc 7296 2.5 */
export interface UnknownPayload {
  readonly kind: 'unknown';
  readonly type: number;
  readonly critical: boolean;
  readonly body: Uint8Array;
}

export interface IkeHeader {
  readonly initiatorSpi: IkeSpi;
  readonly responderSpi: IkeSpi;
  readonly majorVersion: number;
  readonly minorVersion: number;
  readonly exchange: number;
  readonly fromInitiator: boolean;
  readonly isResponse: boolean;
  readonly messageId: number;
}

/** A message whose payloads are in the clear (IKE_SA_INIT), or have been decrypted. */
export interface IkeMessage {
  readonly header: IkeHeader;
  readonly payloads: readonly Payload[];
}
