import type { EapMethodKind } from '../eap/method.ts';
import { eapTlsMethod } from '../eap/methods/eap-tls.ts';
import { gtcMethod } from '../eap/methods/gtc.ts';
import { md5Method } from '../eap/methods/md5.ts';
import { mschapv2Method } from '../eap/methods/mschapv2.ts';
import { peapMethod } from '../eap/methods/peap.ts';
import { ttlsMethod } from '../eap/methods/ttls.ts';
import type { EapAuthentication } from '../profile/authentication/authentication.ts';

const simple = {
  'eap-mschapv2': mschapv2Method,
  'eap-gtc': gtcMethod,
  'eap-md5': md5Method,
  'eap-tls': eapTlsMethod,
} as const;

/** The methods that a profile allows, best first. */
export function eapMethodsOf(authentication: EapAuthentication): readonly EapMethodKind[] {
  switch (authentication.method) {
    case 'eap-mschapv2':
    case 'eap-gtc':
    case 'eap-md5':
      return [authentication.method, ...authentication.alternatives].map((name) => simple[name]);
    case 'eap-tls':
      return [eapTlsMethod];
    case 'peap':
      return [peapMethod(authentication.innerMethods.map((name) => simple[name]))];
    case 'eap-ttls': {
      const [first] = authentication.innerMethods;
      if (first === 'pap' || first === 'mschapv2') return [ttlsMethod({ kind: first })];
      const methods = authentication.innerMethods.flatMap((name) =>
        name === 'pap' || name === 'mschapv2' ? [] : [simple[name]],
      );
      return [ttlsMethod({ kind: 'eap', methods })];
    }
  }
}
