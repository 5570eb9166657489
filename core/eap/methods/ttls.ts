import { eapType } from '../../wire/registry/eap-types.ts';
import type { EapMethodKind } from '../method.ts';
import { keyMaterial } from '../tls/tunnel-inside.ts';
import { tunnelMethod } from '../tls/tunnel-method.ts';
import { TtlsEap } from '../ttls/inner-eap.ts';
import { TtlsMschapv2 } from '../ttls/inner-mschapv2.ts';
import { TtlsPap } from '../ttls/inner-pap.ts';

/** How the password is shown inside. */
export type TtlsInner =
  | { readonly kind: 'pap' }
  | { readonly kind: 'mschapv2' }
  | { readonly kind: 'eap'; readonly methods: readonly EapMethodKind[] };

const implicitChallengeLabel = { label: 'ttls challenge' };

/** EAP-TTLS, version 0: attributes of RADIUS inside of TLS, and the client opens. @rfc 5281 @rfc 9427 2.1 */
export function ttlsMethod(inner: TtlsInner): EapMethodKind {
  return tunnelMethod({
    type: eapType.TTLS,
    name: 'EAP-TTLS',
    clientCertificate: false,
    exports: [
      keyMaterial(eapType.TTLS, 'ttls keying material'),
      // 16 octets of challenge and one of identifier, which neither side can choose. @rfc 5281 11.1
      { octets: 17, labels: { '1.2': implicitChallengeLabel, '1.3': implicitChallengeLabel } },
    ],
    open: (context, tls) => {
      switch (inner.kind) {
        case 'pap':
          return new TtlsPap(context, tls);
        case 'mschapv2':
          return new TtlsMschapv2(context, tls);
        case 'eap':
          return new TtlsEap(context, tls, inner.methods);
      }
    },
  });
}
