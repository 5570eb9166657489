import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { enterSandbox } from '../support/net/sandbox.ts';
import { addresses } from '../support/topology.ts';
import {
  type Bench,
  Daemon,
  goodCertificate,
  mustPing,
  openBench,
  profileFile,
} from './support/bad-input-bench.ts';
import { MeddlingPath } from './support/meddling-path.ts';

/*
 * Gateways that do not answer, or stop to. Each login takes as long as its retransmissions (about 22 s), so they all run at
 * once, each with a daemon of its own.
 */
const skip = (await enterSandbox()) ?? false;
const wait = { skip, timeout: 240_000 };

const silentAfterInit = '10.10.0.11';
const silentInEap = '10.10.0.12';

const cases = [
  { name: 'nobody', gateway: addresses.nobody.v4, code: 'peer.unreachable', says: /192\.0\.2\.99/ },
  // A host that answers with ICMP: nobody listens there.
  { name: 'refused', gateway: addresses.router.wan4, code: 'peer.unreachable', says: /192\.0\.2\.1\b/ },
  { name: 'after-init', gateway: silentAfterInit, code: 'peer.silent', says: /authenticating-gateway/ },
  { name: 'in-eap', gateway: silentInEap, code: 'peer.silent', says: /logging-in/ },
] as const;

let bench: Bench;
const paths: MeddlingPath[] = [];

before(async () => {
  if (skip !== false) return;
  bench = await openBench('silence');
  await bench.setGateway(goodCertificate);
  const { router } = bench.topology;
  for (const [address, lastAnswer] of [
    [silentAfterInit, 0],
    [silentInEap, 1],
  ] as const) {
    await router.ip([`addr add ${address}/32 dev home`]);
    const path = await MeddlingPath.open(router, address, addresses.natGateway.v4);
    path.meddler = ({ towards, ike }) =>
      towards === 'client' && (ike?.messageId ?? 0) > lastAnswer ? [] : undefined;
    paths.push(path);
  }
});

after(async () => {
  for (const path of paths) path.close();
  if (skip === false) await bench.close();
});

test(
  'a gateway that does not answer, or no more, is given up in bounded time; then the daemon connects',
  wait,
  async () => {
    const daemons: Daemon[] = [];
    for (const { name } of cases) daemons.push(await Daemon.start(bench.client, name));
    const results = await Promise.all(
      cases.map(({ name, gateway }, index) =>
        daemons[index]?.up(profileFile(bench.client, name, { gateway })),
      ),
    );
    for (const [index, { name, code, says }] of cases.entries()) {
      const [daemon, result] = [daemons[index], results[index]];
      assert.ok(daemon !== undefined && result !== undefined);
      const failure = await daemon.failsWith(result, code, 8);
      assert.match(failure.what, says, name);
      assert.deepEqual(await daemon.leftovers(), [], name);
    }
    const good = profileFile(bench.client, 'good');
    for (const daemon of daemons) {
      await daemon.mustUp(good);
      await mustPing(bench.client);
      await daemon.mustDown();
      await daemon.stop();
    }
  },
);
