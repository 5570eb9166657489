import type { Namespace } from '../net/lab.ts';
import type { Issued } from '../pki.ts';
import { StrongSwan } from './strongswan.ts';

export interface PlainGateway {
  /** What the certificate says. */
  readonly identity: string;
  readonly certificate: Issued;
  readonly users: Readonly<Record<string, string>>;
  /** One pool of inner addresses a family. */
  readonly pools: readonly string[];
  readonly networks: readonly string[];
  readonly dnsServers: readonly string[];
  readonly ike?: readonly string[];
  readonly esp?: readonly string[];
  /** People with a certificate of this CA are let in too, without EAP. */
  readonly people?: Issued;
}

/** A strongSwan gateway as an administrator would set it up for laptops: EAP-MSCHAPv2, a pool, some networks. */
export async function startStrongSwanGateway(
  namespace: Namespace,
  config: PlainGateway,
): Promise<StrongSwan> {
  const charon = await StrongSwan.start(namespace);
  await charon.loadCertificate(config.certificate);
  await charon.loadKey(config.certificate);
  for (const [name, password] of Object.entries(config.users)) await charon.loadUser(name, password);
  const pools = config.pools.map((addrs, index) => ({ name: `pool${index}`, addrs }));
  for (const { name, addrs } of pools) {
    const sameFamily = config.dnsServers.filter((server) => server.includes(':') === addrs.includes(':'));
    await charon.loadPool(name, addrs, sameFamily.length === 0 ? {} : { dns: sameFamily });
  }
  const { people } = config;
  if (people !== undefined) await charon.loadCertificate(people, 'CA');
  const connection = {
    version: '2',
    encap: 'yes',
    pools: pools.map(({ name }) => name),
    proposals: config.ike ?? ['aes256gcm16-prfsha384-ecp256', 'aes256-sha256-modp2048'],
    local: { auth: 'pubkey', id: config.identity, certs: [config.certificate.der] },
    children: {
      net: { local_ts: [...config.networks], esp_proposals: config.esp ?? ['aes256gcm16', 'aes256-sha256'] },
    },
  };
  const remote = { auth: 'eap-mschapv2', id: '%any', eap_id: '%any' };
  await charon.loadConnection('gateway', { ...connection, remote });
  if (people !== undefined)
    await charon.loadConnection('people', {
      ...connection,
      remote: { auth: 'pubkey', id: '%any', cacerts: [people.der] },
    });
  return charon;
}
