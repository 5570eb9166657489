import { startFreeRadius } from '../support/peers/freeradius.ts';
import { type HostapdUser, startHostapd } from '../support/peers/hostapd.ts';
import type { InteropCase, LoginSettings } from './case.ts';
import { type Certificates, gatewayName, loginServerName } from './certificates.ts';
import type { Bench } from './stage.ts';

export const username = 'alice';
export const password = 'correct horse battery staple';

export function nameOf({ client }: InteropCase): string {
  return client.username ?? username;
}

/** What the gateway knows the user by. */
export function eapNameOf(each: InteropCase): string {
  return each.client.authentication?.eapIdentity ?? nameOf(each);
}

/** What charon wants of a client: its own method, or what RADIUS wants. */
export function remoteAuth({ gateway, client }: InteropCase): string {
  if (gateway.radius !== undefined) return 'eap-radius';
  return client.authentication?.method ?? 'eap-mschapv2';
}

/** `authentication` of the profile. */
export function loginSettings(
  { certificate, server, ...rest }: LoginSettings,
  name: string,
  { login, otherCa }: Certificates,
): Readonly<Record<string, unknown>> {
  const own = certificate === undefined ? undefined : login[certificate];
  const servers = {
    gateway: undefined,
    radius: { name: loginServerName, ca: login.ca.pem },
    'radius-by-subject': { name: `O=Godwit Test, CN=${loginServerName}`, ca: login.ca.pem },
    'radius-with-wrong-name': { name: gatewayName, ca: login.ca.pem },
    'radius-with-wrong-ca': { name: loginServerName, ca: otherCa.pem },
  } as const;
  return {
    ...rest,
    username: name,
    ...(own === undefined ? {} : { certificate: { pem: own.pem + own.privateKeyPem, name: 'alice.pem' } }),
    ...(server === undefined ? {} : { server: servers[server] }),
  };
}

const hostapdUser: HostapdUser = {
  password,
  outer: 'PEAP,TTLS,TLS',
  inner: 'MSCHAPV2,GTC,MD5,TLS,TTLS-PAP,TTLS-MSCHAPV2',
};

/** Has the wanted RADIUS server run beside the gateway, and no other. */
export async function useRadius(wanted: 'freeradius' | 'hostapd' | undefined, bench: Bench): Promise<void> {
  if (wanted === undefined || bench.radius?.kind === wanted) return;
  await bench.radius?.server.process.stop();
  const { login } = bench.certificates;
  const namespace = bench.topology.gateway;
  const common = { certificate: login.server, clientCa: login.ca };
  const server =
    wanted === 'freeradius'
      ? await startFreeRadius(namespace, {
          ...common,
          users: {
            alice: password,
            alice13: password,
            expired: password,
            expired13: password,
            changing: password,
            framed: password,
          },
        })
      : await startHostapd(namespace, { ...common, users: { alice: hostapdUser, alice13: hostapdUser } });
  bench.radius = { kind: wanted, server };
}
