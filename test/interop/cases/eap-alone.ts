import type { GatewayConfig, InteropCase, LoginSettings, UpExpectation } from '../case.ts';
import { type Certificates, gatewayName } from '../certificates.ts';

/*
 * EAP-only authentication: the gateway sends no AUTH before EAP, and TLS inside EAP proves it. @rfc 5998
 */

type Auth = 'eap-tls' | 'eap-ttls' | 'eap-radius';

/** `auth`: how charon proves itself and has the client do it. A RADIUS server does EAP in place of charon. */
function gateway(auth: Auth, radius?: GatewayConfig['radius']): GatewayConfig {
  const certificates = ({ get }: Certificates) => (radius === undefined ? { certs: [get('rsa').der] } : {});
  return {
    certificate: 'rsa',
    local: (all) => ({ auth, id: gatewayName, ...certificates(all) }),
    remote: () => ({ auth, id: '%any', eap_id: '%any' }),
    ...(radius === undefined ? {} : { radius }),
  };
}

const tls = { method: 'eap-tls', certificate: 'user', server: 'gateway' } as const;
const ttls = { method: 'eap-ttls', innerMethods: ['eap-md5'], server: 'gateway' } as const;
const peap = (innerMethods: readonly string[]) =>
  ({ method: 'peap', innerMethods, server: 'radius' }) as const;

const alone = () => ({ gatewayAuthentication: 'eap' });
const wrong = 'not the password';

function up(
  name: string,
  where: GatewayConfig,
  authentication: LoginSettings,
  by: string,
  expect: Omit<UpExpectation, 'up'> = {},
  username = 'alice',
): InteropCase {
  const shows = { remoteAuthentication: `${by} alone`, localAuthentication: by };
  return {
    name: `EAP alone: ${name}`,
    theme: 'eap',
    gateway: where,
    client: { authentication, username, profile: alone },
    expect: { up: true, shows, ...expect },
  };
}

function down(
  name: string,
  where: GatewayConfig,
  client: InteropCase['client'],
  failure: string,
): InteropCase {
  return {
    name: `EAP alone: ${name}`,
    theme: 'eap',
    gateway: where,
    client: { profile: alone, ...client },
    expect: { up: false, failure },
  };
}

export const eapAloneCases: readonly InteropCase[] = [
  up('EAP-TLS proves both sides', gateway('eap-tls'), tls, 'EAP-TLS'),
  up('TTLS with MD5', gateway('eap-ttls'), ttls, 'EAP-TTLS'),
  down(
    'a gateway of another CA',
    gateway('eap-tls'),
    { authentication: tls, wrongCa: true },
    'certificate.login-server-ca',
  ),
  down(
    'a wrong password inside TTLS',
    gateway('eap-ttls'),
    { authentication: ttls, password: wrong },
    'auth.refused',
  ),
  down(
    'the profile wants the gateway proven first',
    gateway('eap-tls'),
    { profile: () => ({}) },
    'auth.refused-early',
  ),

  up(
    'EAP-TLS 1.3 through RADIUS',
    gateway('eap-radius', 'freeradius'),
    { ...tls, server: 'radius' },
    'EAP-TLS',
    {},
    'alice13',
  ),
  up(
    'TTLS with MD5 through RADIUS',
    gateway('eap-radius', 'freeradius'),
    { ...ttls, server: 'radius' },
    'EAP-TTLS',
  ),
  up('PEAP with MD5', gateway('eap-radius', 'freeradius'), peap(['eap-md5']), 'PEAP'),
  up(
    'PEAP with MSCHAPv2 over TLS 1.3',
    gateway('eap-radius', 'freeradius'),
    peap(['eap-mschapv2']),
    'PEAP',
    {},
    'alice13',
  ),
  up('PEAP with cryptobinding', gateway('eap-radius', 'hostapd'), peap(['eap-mschapv2']), 'PEAP'),
  down(
    'a wrong password inside PEAP',
    gateway('eap-radius', 'freeradius'),
    { authentication: peap(['eap-md5']), password: wrong },
    'auth.refused',
  ),
  down(
    'a login server of another name',
    gateway('eap-radius', 'freeradius'),
    { authentication: { ...ttls, server: 'radius-with-wrong-name' } },
    'certificate.login-server-name',
  ),
];
