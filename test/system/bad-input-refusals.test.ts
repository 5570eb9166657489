import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { enterSandbox } from '../support/net/sandbox.ts';
import { createCa, issue } from '../support/pki.ts';
import {
  type Bench,
  ca,
  Daemon,
  exposedText,
  formsOf,
  gatewayName,
  goodCertificate,
  mustPing,
  openBench,
  password,
  profileFile,
} from './support/bad-input-bench.ts';

/*
 * Logins that end with a "no", of either side, at the real daemon through the real command line: each says what
 * happened and what to do, exits by family, leaves nothing, and the next login works.
 */
const skip = (await enterSandbox()) ?? false;
const day = 86_400_000;

let bench: Bench;
let daemon: Daemon;
let wrongPassword = '';

before(async () => {
  if (skip !== false) return;
  bench = await openBench('refusals');
  await bench.setGateway(goodCertificate);
  daemon = await Daemon.start(bench.client, 'godwit');
});

after(async () => {
  if (skip === false) await bench.close();
});

interface Refusal {
  readonly name: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly secret?: string;
  readonly code: string;
  readonly status: number;
  /** What the message must name. */
  readonly names?: RegExp;
}

const refusals: readonly Refusal[] = [
  {
    name: 'a wrong password',
    secret: 'Schnepfe "0c41" \\ö',
    code: 'auth.password',
    status: 5,
  },
  {
    name: 'an unknown user',
    fields: { authentication: { method: 'eap-mschapv2', username: 'mallory' } },
    code: 'auth.password',
    status: 5,
  },
  {
    name: 'a certificate from another CA',
    fields: { trust: { ca: createCa('Somebody Else Root').pem } },
    code: 'certificate.unknown-ca',
    status: 5,
    names: /Godwit Test Root/,
  },
  {
    name: 'a certificate with another name',
    fields: { remoteIdentity: 'other.example.org' },
    code: 'certificate.name',
    status: 5,
    names: /other\.example\.org.*vpn\.example\.org/,
  },
  {
    name: 'an algorithm in the profile that Godwit does not have',
    fields: { proposals: { ike: ['aes128ctr-sha256-modp2048'] } },
    code: 'profile.invalid',
    status: 3,
    names: /proposals\.ike/,
  },
  {
    name: 'a gateway that refuses the networks',
    fields: { remoteNetworks: ['2001:db8:77::/64'] },
    code: 'peer.ts-unacceptable',
    status: 6,
  },
];

for (const { name, fields = {}, secret = password, code, status, names } of refusals) {
  test(`${name} is refused with ${code}`, { skip }, async () => {
    if (secret !== password) wrongPassword = secret;
    const result = await daemon.up(profileFile(bench.client, 'refused', fields), secret);
    const failure = await daemon.failsWith(result, code, status);
    if (names !== undefined) assert.match(failure.what, names);
    await leavesNothing();
  });
}

const certificates = [
  {
    name: 'an expired certificate',
    certificate: issue(ca, {
      subject: gatewayName,
      notBefore: new Date(Date.now() - 20 * day),
      notAfter: new Date(Date.now() - day),
    }),
    code: 'certificate.expired',
  },
  {
    name: 'a certificate for clients',
    certificate: issue(ca, { subject: gatewayName, usages: ['clientAuth'] }),
    code: 'certificate.usage',
  },
  {
    name: 'a certificate without extended key usage',
    certificate: issue(ca, { subject: gatewayName, usages: [] }),
    code: 'certificate.usage',
  },
] as const;

for (const { name, certificate, code } of certificates) {
  test(`${name} is refused with ${code}, and the password is never used`, { skip }, async () => {
    await bench.setGateway(certificate);
    bench.path.forget();
    await daemon.failsWith(await daemon.up(profileFile(bench.client, 'refused')), code, 5);
    const requests = bench.path.seen.flatMap(({ towards, ike }) =>
      towards === 'gateway' && ike !== undefined ? [`${ike.exchange} ${ike.messageId}`] : [],
    );
    // IKE_SA_INIT, the identities, and a notify that refuses the gateway at most, each perhaps again: no EAP response.
    const allowed = ['34 0', '35 1', '37 2'];
    assert.deepEqual(
      requests.filter((request) => !allowed.includes(request)),
      [],
    );
    await leavesNothing();
  });
}

for (const { name, habits, code, status } of [
  {
    name: 'a gateway that accepts no IKE proposal',
    habits: { noCommonProposal: true },
    code: 'peer.no-proposal-chosen',
    status: 7,
  },
  {
    name: 'a gateway that accepts no ESP proposal',
    habits: { noCommonEspProposal: true },
    code: 'peer.no-proposal-chosen',
    status: 7,
  },
  {
    name: 'a gateway that does not know the password',
    habits: { wrongEapProof: true },
    code: 'auth.eap-server',
    status: 5,
  },
] as const) {
  test(`${name} is given up with ${code}`, { skip }, async () => {
    await bench.setGateway(goodCertificate, { habits });
    await daemon.failsWith(await daemon.up(profileFile(bench.client, 'refused')), code, status);
    await leavesNothing();
  });
}

test('after all of these the same daemon connects, carries and leaves nothing, and no password is anywhere', {
  skip,
}, async () => {
  await bench.setGateway(goodCertificate);
  // Held in the middle of the login, and again once connected: the two moments at which the password is in use.
  let exposed = '';
  bench.path.meddler = ({ ike }) => {
    if (ike?.messageId === 2) exposed += exposedText(daemon.folder);
    return undefined;
  };
  await daemon.mustUp(profileFile(bench.client, 'good'));
  bench.path.meddler = () => undefined;
  await mustPing(bench.client);
  const status = await daemon.status();
  assert.equal(status.tunnel.state, 'connected');
  exposed += exposedText(daemon.folder);
  await daemon.mustDown();
  await leavesNothing();
  await daemon.stop();
  const places: Readonly<Record<string, string>> = {
    'the log of the daemon': daemon.process.stderr + daemon.process.stdout,
    'what the command line printed': daemon.said,
    'the status': JSON.stringify(status),
    'command lines, environments and the journal': exposed,
  };
  assert.match(daemon.process.stderr, /state\.connected/, 'the log was read');
  assert.match(exposed, /password-stdin.*"steps"/s, 'command lines and the journal were read');
  for (const [place, text] of Object.entries(places)) {
    for (const form of [...formsOf(password), ...formsOf(wrongPassword)])
      assert.ok(!text.toLowerCase().includes(form.toLowerCase()), `a password is in ${place} as ${form}`);
  }
});

async function leavesNothing(): Promise<void> {
  assert.deepEqual(await daemon.leftovers(), []);
  const { tunnel } = await daemon.status();
  assert.equal(tunnel.state, 'disconnected');
  // Nothing stays open either, however often it fails.
  await daemon.closesAll();
}
