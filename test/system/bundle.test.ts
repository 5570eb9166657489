import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { bundle, bundleFolder } from '../../build/bundle.ts';
import { version } from '../../core/platform/version.ts';
import { enterSandbox, missingPrograms } from '../support/net/sandbox.ts';
import { EmbeddedGateway } from '../support/peers/embedded-gateway.ts';
import { Godwit } from '../support/peers/godwit.ts';
import { createCa, issue } from '../support/pki.ts';
import { addresses, createTopology, type Topology } from '../support/topology.ts';

/* What is packaged is not the sources but one folder of JavaScript: it must connect as they do. */
const skip = (await enterSandbox()) ?? missingPrograms(['ping']) ?? false;

const ca = createCa('Bundle Root');
let topology: Topology | undefined;
after(() => topology?.lab.close());

test('the bundled daemon and command line connect, carry packets and leave nothing behind', {
  skip,
}, async () => {
  await bundle();
  process.env['GODWIT_DAEMON'] = join(bundleFolder, 'godwitd.js');
  topology = await createTopology('bundle');
  const { client, gateway } = topology;
  await EmbeddedGateway.start(gateway, addresses.natGateway.v4, {
    identity: 'vpn.example.org',
    certificate: issue(ca, { subject: 'vpn.example.org' }),
    users: { alice: 'correct horse' },
    pools: [addresses.pool.v4],
    networks: ['0.0.0.0/0'],
    dnsServers: [addresses.lan.v4],
  });
  const godwit = await Godwit.start(client);
  const login = await godwit.connect({
    gateway: addresses.natGateway.v4,
    remoteIdentity: 'vpn.example.org',
    username: 'alice',
    password: 'correct horse',
    ca,
  });
  assert.ok(login.ok, godwit.log);
  await client.must(['ping', '-c', '1', '-W', '15', addresses.lan.v4]);
  const cli = join(bundleFolder, 'godwit.js');
  const status = await client.must([
    process.execPath,
    cli,
    '--socket',
    godwit.socketPath,
    'status',
    '--json',
  ]);
  assert.match(status, /"connected"/);
  assert.match(
    await client.must([process.execPath, cli, '--version']),
    new RegExp(version.replaceAll('.', '\\.')),
  );
  await godwit.disconnect();
  assert.deepEqual(await godwit.stopAndLook(), []);
});
