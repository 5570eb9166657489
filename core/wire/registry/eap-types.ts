/** EAP codes. @rfc 3748 4 @rfc 6696 */
export const eapCode = { Request: 1, Response: 2, Success: 3, Failure: 4, Initiate: 5, Finish: 6 } as const;

/** EAP method types. @rfc 3748 5 */
export const eapType = {
  Identity: 1,
  Notification: 2,
  Nak: 3,
  'MD5-Challenge': 4,
  OTP: 5,
  GTC: 6,
  TLS: 13,
  LEAP: 17,
  SIM: 18,
  TTLS: 21,
  AKA: 23,
  PEAP: 25,
  MSCHAPv2: 26,
  Extensions: 33,
  FAST: 43,
  PSK: 47,
  IKEv2: 49,
  "AKA'": 50,
  PWD: 52,
  TEAP: 55,
  Expanded: 254,
  Experimental: 255,
} as const;

/** EAP-MSCHAPv2 op codes. draft-kamath-pppext-eap-mschapv2, section 2 */
export const mschapv2OpCode = {
  Challenge: 1,
  Response: 2,
  Success: 3,
  Failure: 4,
  'Change-Password': 7,
} as const;
