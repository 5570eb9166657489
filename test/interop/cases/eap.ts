import { framedAddress } from '../../support/peers/freeradius.ts';
import type { ClientConfig, GatewayConfig, InteropCase, LoginSettings } from '../case.ts';

const free: GatewayConfig = { radius: 'freeradius' };
const hostapd: GatewayConfig = { radius: 'hostapd' };

type Settings = Omit<LoginSettings, 'method'>;

function up(
  name: string,
  gateway: GatewayConfig,
  authentication: LoginSettings,
  client: ClientConfig = {},
): InteropCase {
  return { name, theme: 'eap', gateway, client: { ...client, authentication }, expect: { up: true } };
}

function down(
  name: string,
  gateway: GatewayConfig,
  authentication: LoginSettings,
  failure: string,
  client: ClientConfig = {},
  says: readonly string[] = [],
): InteropCase {
  const expect = { up: false, failure, says } as const;
  return { name, theme: 'eap', gateway, client: { ...client, authentication }, expect };
}

const tls = (settings: Settings = {}): LoginSettings => ({
  method: 'eap-tls',
  certificate: 'user',
  server: 'radius',
  ...settings,
});
const ttls = (innerMethods: readonly string[], settings: Settings = {}): LoginSettings => ({
  method: 'eap-ttls',
  innerMethods,
  server: 'radius',
  ...settings,
});
const peap = (innerMethods: readonly string[], settings: Settings = {}): LoginSettings => ({
  method: 'peap',
  innerMethods,
  server: 'radius',
  ...settings,
});

/** Their names end in 13: FreeRADIUS speaks TLS 1.3 with them. */
const in13: ClientConfig = { username: 'alice13' };
const wrong: ClientConfig = { password: 'not the password' };

export const eapCases: readonly InteropCase[] = [
  // charon's own methods.
  up('MD5 at charon, with an IKE identity of another name', {}, { method: 'eap-md5', eapIdentity: 'alice' }),
  up('GTC at charon', {}, { method: 'eap-gtc' }),
  up('TLS 1.2 at charon', {}, tls({ server: 'gateway' })),
  // Before 5.9.10 charon makes other keys of TLS 1.3 than RFC 9190 and RFC 9427 do, so 1.3 is for FreeRADIUS to judge.
  up('TTLS with MD5 at charon', {}, ttls(['eap-md5'], { server: 'gateway' })),
  up(
    'TTLS with EAP-MSCHAPv2 at charon',
    { eap: { phase2: 'mschapv2' } },
    ttls(['eap-mschapv2'], { server: 'gateway' }),
  ),
  down('a wrong password for MD5 at charon', {}, { method: 'eap-md5' }, 'auth.refused', wrong),
  down('a wrong password for GTC at charon', {}, { method: 'eap-gtc' }, 'auth.refused', wrong),
  down(
    'a wrong password inside TTLS at charon',
    { eap: { phase2: 'mschapv2' } },
    ttls(['eap-mschapv2'], { server: 'gateway' }),
    'auth.password',
    wrong,
  ),
  down(
    'a certificate that charon does not take',
    {},
    tls({ server: 'gateway', certificate: 'stranger' }),
    'auth.client-certificate',
  ),
  {
    name: 'another password after a wrong one',
    theme: 'eap',
    gateway: {},
    client: { ...wrong, answers: { retry: ['correct horse battery staple'] } },
    expect: { up: true },
    seconds: 4,
  },
  {
    name: 'a gateway that wants TLS, where the profile has MSCHAPv2',
    theme: 'eap',
    gateway: { connection: { remote: { auth: 'eap-tls', id: '%any', eap_id: '%any' } } },
    client: {},
    expect: {
      up: false,
      failure: 'auth.eap-method',
      says: ['The gateway wants to log in with EAP-TLS, and this profile allows only EAP-MSCHAPv2.'],
    },
  },

  // FreeRADIUS behind charon: its certificate has another CA and another name than the gateway's.
  up('PEAP with MSCHAPv2', free, peap(['eap-mschapv2'])),
  up('PEAP with MSCHAPv2 over TLS 1.3', free, peap(['eap-mschapv2']), in13),
  up('PEAP with GTC, after a Nak inside', free, peap(['eap-gtc'])),
  up('PEAP with MD5', free, peap(['eap-md5'])),
  up('TTLS with PAP, under an anonymous outer name', free, ttls(['pap'], { eapIdentity: 'anonymous' })),
  up('TTLS with PAP over TLS 1.3', free, ttls(['pap'], { eapIdentity: 'anonymous13' })),
  up('TTLS with MSCHAPv2', free, ttls(['mschapv2'])),
  up('TTLS with MSCHAPv2 over TLS 1.3', free, ttls(['mschapv2']), in13),
  up('TTLS with EAP-MSCHAPv2', free, ttls(['eap-mschapv2'])),
  up('TTLS with EAP-GTC', free, ttls(['eap-gtc', 'eap-md5'])),
  up('EAP-TLS 1.2', free, tls()),
  up('EAP-TLS 1.3', free, tls(), in13),
  up('MSCHAPv2 through RADIUS', free, { method: 'eap-mschapv2' }),
  up('EAP-TLS at a login server that goes by its subject', free, tls({ server: 'radius-by-subject' })),
  up('MD5 through RADIUS', free, { method: 'eap-md5' }),
  {
    name: 'the inner address comes from RADIUS',
    theme: 'eap',
    gateway: { ...free, pools: [4], connection: { pools: ['radius'] } },
    client: { username: 'framed', authentication: { method: 'eap-md5' } },
    expect: { up: true, addresses: [framedAddress], dnsServers: [] },
  },
  up('GTC through RADIUS', free, { method: 'eap-gtc' }),
  {
    name: 'an expired password that is changed on the way',
    theme: 'eap',
    gateway: free,
    client: {
      authentication: { method: 'eap-mschapv2' },
      username: 'changing',
      answers: { 'new-password': ['a new horse, 🐎 and all'] },
    },
    expect: { up: true },
  },
  down(
    'a new password that the login server does not take',
    free,
    { method: 'eap-mschapv2' },
    'auth.account',
    {
      username: 'expired',
      answers: { 'new-password': ['a new horse'] },
    },
  ),
  down(
    'an expired password, and no new one',
    free,
    peap(['eap-mschapv2']),
    'auth.account',
    { username: 'expired' },
    ['The gateway knows the account but does not let it in: ', 'expired'],
  ),
  down('a wrong password inside PEAP', free, peap(['eap-mschapv2']), 'auth.password', wrong),
  down('a wrong password inside TTLS', free, ttls(['pap']), 'auth.refused', wrong),
  down('a wrong password for MSCHAPv2 inside TTLS', free, ttls(['mschapv2']), 'auth.refused', wrong),
  down(
    'a login server of another CA',
    free,
    peap(['eap-mschapv2'], { server: 'radius-with-wrong-ca' }),
    'certificate.login-server-ca',
  ),
  down(
    'a login server of another name',
    free,
    ttls(['pap'], { server: 'radius-with-wrong-name' }),
    'certificate.login-server-name',
  ),
  down(
    'a login server that only the CA of the gateway could vouch for',
    free,
    ttls(['pap'], { server: 'gateway' }),
    'certificate.login-server-ca',
  ),
  down(
    'a certificate that the login server does not take',
    free,
    tls({ certificate: 'stranger' }),
    'auth.client-certificate',
  ),
  down('the same over TLS 1.3', free, tls({ certificate: 'stranger' }), 'auth.client-certificate', in13),
  down(
    'no certificate where one is wanted',
    free,
    { method: 'eap-tls', server: 'radius' },
    'auth.client-certificate',
  ),

  // hostapd does the cryptobinding of PEAP, which FreeRADIUS does not.
  up('PEAP with cryptobinding', hostapd, peap(['eap-mschapv2'])),
  up('PEAP with cryptobinding of a method without a key', hostapd, peap(['eap-gtc'])),
  up('PEAP with EAP-TLS inside, over cryptobinding', hostapd, peap(['eap-tls'], { certificate: 'user' })),
  up('TTLS with PAP at hostapd', hostapd, ttls(['pap'])),
  up('EAP-TLS at hostapd', hostapd, tls()),
  down('a wrong password inside bound PEAP', hostapd, peap(['eap-mschapv2']), 'auth.password', wrong),
];
