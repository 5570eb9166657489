import { type Failure, failure } from '../../base/errors.ts';
import { concat } from '../../base/octets.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { avpCode, decodeAvps, microsoftAvpCode, microsoftVendor } from '../../wire/eap/ttls-avp.ts';
import { serverText } from '../../wire/server-text.ts';

/** What a server said inside of TTLS, of what we know. */
export interface ServerAvps {
  /** One EAP packet, which may lie in several AVPs. */
  readonly eapMessage?: Uint8Array;
  /** Identifier and text. @rfc 2548 2.3.3 */
  readonly mschapv2Success?: Uint8Array;
  /** The same. @rfc 2548 2.1.5 */
  readonly mschapv2Error?: Uint8Array;
  /** For the user; safe to show. */
  readonly replyMessage?: string;
}

/** What we don't know is passed over, unless it is mandatory. @rfc 5281 10.1 */
export function readServerAvps(plaintext: Uint8Array): Result<ServerAvps, Failure> {
  const avps = decodeAvps(plaintext);
  if (!avps.ok) return avps;
  let said: ServerAvps = {};
  for (const { code, vendor, mandatory, data } of avps.value) {
    if (vendor === 0 && code === avpCode['EAP-Message'])
      said = { ...said, eapMessage: concat(said.eapMessage ?? new Uint8Array(0), data) };
    else if (vendor === 0 && code === avpCode['Reply-Message'])
      said = { ...said, replyMessage: serverText(data) };
    else if (vendor === microsoftVendor && code === microsoftAvpCode['MS-CHAP2-Success'])
      said = { ...said, mschapv2Success: data };
    else if (vendor === microsoftVendor && code === microsoftAvpCode['MS-CHAP-Error'])
      said = { ...said, mschapv2Error: data };
    else if (mandatory) {
      const rule = `it insists on an attribute that Godwit does not know (${vendor === 0 ? '' : `vendor ${vendor}, `}${code})`;
      return err(failure('auth.login-server', { side: 'remote', rule }));
    }
  }
  return ok(said);
}
