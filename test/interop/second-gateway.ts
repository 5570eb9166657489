import { StrongSwan } from '../support/peers/strongswan.ts';
import { gatewayName } from './certificates.ts';
import { password, username } from './logins.ts';
import type { Stage } from './stage.ts';

/** Where the second gateway is, and a host behind it that the first one does not reach. */
export const secondGateway = { v4: '203.0.113.2', network: '10.78.0.0/24', host: '10.78.0.1' } as const;

/**
 * Another machine that is the same gateway to whoever asks for its name, behind the router beside the first: a charon of its own, with
 * networks and inner addresses of its own. Ends with `play`.
 */
export async function withSecondGateway(
  { topology, certificates }: Stage,
  play: (gateway: StrongSwan) => Promise<string[]>,
): Promise<string[]> {
  const { lab, router } = topology;
  const machine = await lab.namespace('gateway2');
  await lab.link(
    { namespace: router, device: 'wan2', addresses: ['203.0.113.1/24'] },
    { namespace: machine, device: 'wan', addresses: [`${secondGateway.v4}/24`] },
  );
  await machine.forward();
  await machine.ip(['route add default via 203.0.113.1', `addr add ${secondGateway.host}/24 dev lo`]);
  const charon = await StrongSwan.start(machine);
  try {
    const certificate = certificates.get('ec-p256');
    await charon.loadCertificate(certificate);
    await charon.loadKey(certificate);
    await charon.loadUser(username, password);
    await charon.loadPool('pool', '10.79.1.0/24', {});
    await charon.loadConnection('gateway', {
      version: '2',
      encap: 'yes',
      pools: ['pool'],
      proposals: ['aes256gcm16-prfsha384-ecp256'],
      local: { auth: 'pubkey', certs: [certificate.der], id: gatewayName },
      remote: { auth: 'eap-mschapv2', id: '%any', eap_id: '%any' },
      children: { net: { local_ts: [secondGateway.network], esp_proposals: ['aes256gcm16'] } },
    });
    return await play(charon);
  } finally {
    await charon.stop();
    await machine.stopAll();
    await router.ip(['link delete wan2']);
  }
}
