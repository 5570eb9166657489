import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Namespace } from '../net/lab.ts';
import { missingPrograms } from '../net/sandbox.ts';
import { type RadiusOptions, type RadiusServer, radiusSecret, until } from './freeradius.ts';

/** Why hostapd cannot be started here; undefined when it can. */
export function hostapdObstacle(): string | undefined {
  return missingPrograms(['hostapd']);
}

/** What a user may log in with: `eap` in hostapd's words, `inner` for the second phase. */
export interface HostapdUser {
  readonly password: string;
  readonly outer: string;
  readonly inner?: string;
}

/** hostapd as a RADIUS server without a radio: unlike FreeRADIUS it does the cryptobinding of PEAP. */
export async function startHostapd(
  namespace: Namespace,
  options: Omit<RadiusOptions, 'users'> & { readonly users: Readonly<Record<string, HostapdUser>> },
): Promise<RadiusServer> {
  const folder = join(namespace.folder, 'hostapd');
  mkdirSync(folder, { recursive: true });
  const file = (name: string, text: string): void => writeFileSync(join(folder, name), text, { mode: 0o600 });
  file('server.pem', options.certificate.pem);
  file('server.key', options.certificate.privateKeyPem);
  file('client-ca.pem', options.clientCa.pem);
  file('clients', `127.0.0.1/32 ${radiusSecret}\n`);
  const lines = Object.entries(options.users).flatMap(([name, { outer, inner, password }]) => [
    ...(inner === undefined
      ? [`"${name}" ${outer} "${password}"`]
      : [`"${name}" ${outer}`, `"${name}" ${inner} "${password}" [2]`]),
  ]);
  file('users', `${lines.join('\n')}\n`);
  file(
    'hostapd.conf',
    `driver=none
interface=none
eap_server=1
eap_user_file=${folder}/users
ca_cert=${folder}/client-ca.pem
server_cert=${folder}/server.pem
private_key=${folder}/server.key
radius_server_clients=${folder}/clients
radius_server_auth_port=1812
`,
  );
  const process = namespace.spawn(['hostapd', '-dd', join(folder, 'hostapd.conf')]);
  await until(
    process,
    () => process.stdout.includes('AP-ENABLED'),
    () => process.stdout,
  );
  return {
    process,
    get log() {
      return process.stdout.slice(-20_000);
    },
  };
}
