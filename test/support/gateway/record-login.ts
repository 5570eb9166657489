import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseIpAddress, parseIpPrefix } from '../../../core/base/address.ts';
import type { Result } from '../../../core/base/result.ts';
import { Secret } from '../../../core/base/secret.ts';
import { instant } from '../../../core/base/time.ts';
import { defaultEspProposals, defaultIkeProposals } from '../../../core/crypto/default-proposals.ts';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { systemRandom } from '../../../core/crypto/node/random.ts';
import { signerFromPrivateKey } from '../../../core/crypto/node/signer.ts';
import { rehearseLogin } from '../../../core/daemon/rehearsal/rehearse-login.ts';
import { createGateway } from '../../../core/gateway/create-gateway.ts';
import { parseIdentity } from '../../../core/pki/identity.ts';
import { issue } from '../pki.ts';

/**
 * Writes the login that the daemon rehearses: to a gateway that stands for a moment in this program, with a CA whose key is
 * thrown away. Run it when the engine no longer gets along with the answers that are recorded (a test says so).
 */
const wall = Date.UTC(2030, 0, 1);
const year = 365 * 86_400_000;
const validity = { notBefore: new Date(wall - year), notAfter: new Date(wall + year) };
const name = 'gateway.rehearsal.invalid';
const ca = issue(undefined, { subject: 'Rehearsal', ca: true, ...validity });
const own = issue(ca, { subject: name, names: [name], key: 'rsa', ...validity });
const password = 'a password of nobody';
const address = must(parseIpAddress('192.0.2.1'));
const client = { address: must(parseIpAddress('192.0.2.2')), port: 40_000 };
const gateway = createGateway(
  {
    identity: must(parseIdentity(name)),
    certificates: [own.der],
    signature: { scheme: { kind: 'rsa-pss', hash: 'sha256', saltOctets: 32 } },
    ikeProposals: defaultIkeProposals,
    espProposals: defaultEspProposals,
    users: new Map([['nobody', Secret.fromText(password)]]),
    pools: [must(parseIpPrefix('10.0.0.0/24'))],
    networks: [must(parseIpPrefix('0.0.0.0/0'))],
    dnsServers: [must(parseIpAddress('10.0.0.1'))],
    dnsDomains: [],
    mobike: true,
  },
  {
    crypto: nodeCryptoProvider(),
    random: systemRandom,
    signer: must(signerFromPrivateKey(own.privateKeyPem)),
  },
);
const profile = JSON.stringify({
  name: 'Rehearsal',
  gateway: name,
  authentication: { method: 'eap-mschapv2', username: 'nobody' },
  trust: { ca: ca.pem },
});
const answers: Uint8Array[][] = [];
const farEnd = {
  address,
  answer(octets: Uint8Array, floated: boolean): readonly Uint8Array[] {
    gateway.handle(octets, client, floated ? 'nat-traversal' : 'ike', instant(0));
    const now: Uint8Array[] = [];
    for (let output = gateway.poll(); output !== undefined; output = gateway.poll())
      if (output.kind === 'transmit') now.push(output.octets);
    answers.push(now);
    return now;
  },
};
const stood = await rehearseLogin({ profile, password, wall, farEnd }, new AbortController().signal);
if (!stood) throw new Error('the login to be recorded fails');
const recorded = {
  profile,
  password,
  wall,
  address: '192.0.2.1',
  answers: answers.map((each) => each.map((octets) => Buffer.from(octets).toString('base64'))),
};
const text = `// Written by test/support/gateway/record-login.ts.
import type { RecordedLogin } from './play-back.ts';

export const recordedLogin: RecordedLogin = ${JSON.stringify(recorded, undefined, 2)};
`;
const file = fileURLToPath(new URL('../../../core/daemon/rehearsal/recorded-login.ts', import.meta.url));
writeFileSync(file, text);
const biome = fileURLToPath(new URL('../../../node_modules/.bin/biome', import.meta.url));
execFileSync(biome, ['format', '--write', file]);

function must<T>(result: Result<T, unknown>): T {
  if (result.ok) return result.value;
  throw new Error(JSON.stringify(result.error));
}
