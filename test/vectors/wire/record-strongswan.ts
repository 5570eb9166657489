/**
 * Records strongswan-to-strongswan.json beside this file: logins of one strongSwan at another, with the keys of the
 * IKE SA from the gateway's log. Everything in it was made for the recording. Run as root, or as a user who may make
 * namespaces:
 *
 *     node_modules/.bin/node test/vectors/wire/record-strongswan.ts
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex, toHex } from '../../../core/base/octets.ts';
import { classify } from '../../../core/wire/ike/non-esp-marker.ts';
import { decodeIpv4 } from '../../../core/wire/ip/ipv4.ts';
import { decodeUdp } from '../../../core/wire/ip/udp.ts';
import { Lab } from '../../support/net/lab.ts';
import { enterSandbox } from '../../support/net/sandbox.ts';
import { startCharonClient } from '../../support/peers/charon-client.ts';
import { StrongSwan } from '../../support/peers/strongswan.ts';
import { createCa, issue } from '../../support/pki.ts';

interface RecordedMessage {
  readonly from: 'initiator' | 'responder';
  readonly port: number;
  readonly octets: string;
}

const suites = [
  'aes256gcm16-prfsha384-ecp256',
  'aes128-sha256-x25519',
  'chacha20poly1305-prfsha512-modp2048',
];
const client = '192.0.2.10';
const gateway = '192.0.2.1';

const obstacle = await enterSandbox();
if (obstacle !== undefined) throw new Error(obstacle);
const exchanges = [];
for (const ike of suites) exchanges.push(await record(ike));
const source =
  'strongSwan 5.9.8 (Debian 12) to strongSwan 5.9.8, EAP-MSCHAPv2 over a veth, recorded by record-strongswan.ts. ' +
  'The keys are from the log of the gateway (ike = 4). Octets are UDP payloads without the non-ESP marker.';
const file = join(import.meta.dirname, 'strongswan-to-strongswan.json');
writeFileSync(file, `${JSON.stringify({ source, exchanges }, null, 2)}\n`);

async function record(ike: string): Promise<object> {
  await using lab = new Lab('record');
  const [left, right] = await Promise.all([lab.namespace('client'), lab.namespace('gateway')]);
  await lab.link(
    { namespace: left, device: 'eth0', addresses: [`${client}/24`] },
    { namespace: right, device: 'eth0', addresses: [`${gateway}/24`] },
  );
  // kernel-libipsec wants an address of its own in what it protects, and a way out.
  await right.ip(['addr add 10.2.0.1/16 dev lo', `route add default via ${client}`]);
  await left.ip([`route add default via ${gateway}`]);
  const pcap = join(lab.folder, 'ike.pcap');
  const capture = right.spawn(['dumpcap', '-P', '-q', '-i', 'eth0', '-f', 'udp', '-w', pcap]);
  await until(() => readOr(pcap).length >= 24);
  const keyLog = join(lab.folder, 'keys.log');
  const charon = await StrongSwan.start(right, {
    settings: [`filelog { keys { path = ${keyLog}\n ike = 4\n flush_line = yes } }`, 'fragment_size = 1024'],
  });
  const ca = createCa('Recording CA', 'rsa');
  const certificate = issue(ca, { subject: 'vpn.example.org', names: ['vpn.example.org'], key: 'rsa' });
  await charon.loadCertificate(ca, 'CA');
  await charon.loadCertificate(certificate);
  await charon.loadKey(certificate);
  await charon.loadUser('alice', 'recorded');
  await charon.loadPool('pool', '10.1.0.0/24', { dns: ['10.1.0.53'], subnet: ['10.2.0.0/16'] });
  await charon.loadConnection('gateway', {
    version: '2',
    encap: 'yes',
    pools: ['pool'],
    proposals: [ike],
    send_cert: 'always',
    local: { auth: 'pubkey', certs: [certificate.der], id: 'vpn.example.org' },
    remote: { auth: 'eap-mschapv2', id: '%any', eap_id: '%any' },
    children: { net: { local_ts: ['10.2.0.0/16'], esp_proposals: ['aes256gcm16'] } },
  });
  const user = await startCharonClient(left);
  const login = await user.connect({
    gateway,
    remoteIdentity: 'vpn.example.org',
    username: 'alice',
    password: 'recorded',
    ca,
    remoteNetworks: ['10.2.0.0/16'],
    ike: [ike],
    esp: ['aes256gcm16'],
  });
  if (!login.ok) throw new Error(`${login.detail}\n${charon.log}`);
  await user.disconnect();
  await until(() => readMessages(readOr(pcap)).some(isDeleteResponse));
  await capture.stop();
  const keys = readKeys(readFileSync(keyLog, 'utf8'));
  const messages = readMessages(readOr(pcap));
  await user.stop();
  await charon.stop();
  rmSync(pcap, { force: true });
  return { ikeProposal: ike, ...keys, messages };
}

/** The exchange type is the header's octet 18: 25 is INFORMATIONAL. */
function isDeleteResponse({ from, octets }: RecordedMessage): boolean {
  return from === 'responder' && octets.slice(36, 38) === '25';
}

function readOr(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch {
    return new Uint8Array(0);
  }
}

/** The IKE messages of a capture file in the old format, over Ethernet and IPv4. */
function readMessages(pcap: Uint8Array): RecordedMessage[] {
  const view = new DataView(pcap.buffer, pcap.byteOffset, pcap.length);
  const messages: RecordedMessage[] = [];
  for (let at = 24; at + 16 <= pcap.length; ) {
    const length = view.getUint32(at + 8, true);
    const packet = decodeIpv4(pcap.subarray(at + 16 + 14, at + 16 + length));
    at += 16 + length;
    const datagram = packet.ok ? decodeUdp(packet.value.payload) : undefined;
    if (!packet.ok || datagram === undefined || !datagram.ok) continue;
    const from = packet.value.source.octets[3] === 10 ? 'initiator' : 'responder';
    const { destinationPort, sourcePort, payload } = datagram.value;
    const port = Math.max(destinationPort, sourcePort) === 4500 ? 4500 : 500;
    const sorted = port === 500 ? { kind: 'ike' as const, octets: payload } : classify(payload);
    if (sorted.kind === 'ike') messages.push({ from, port, octets: toHex(sorted.octets) });
  }
  return messages;
}

/** `Sk_ai secret => 32 bytes @ 0x…`, then lines of `  16: 0A 1B … text`. */
function readKeys(log: string): Record<string, string> {
  const keys: Record<string, string> = {};
  const lines = log.split('\n');
  for (const [i, line] of lines.entries()) {
    const match = /\] Sk_(\w+) secret => (\d+) bytes/i.exec(line);
    if (match === null) continue;
    const octets = Number(match[2]);
    let hex = '';
    for (const dump of lines.slice(i + 1, i + 1 + Math.ceil(octets / 16))) {
      hex += (/ \d+: ((?:[0-9A-F]{2} )+)/.exec(`${dump} `)?.[1] ?? '').replaceAll(' ', '');
    }
    const name = match[1] ?? '';
    keys[`sk${name.charAt(0).toUpperCase()}${name.slice(1)}`] ??= toHex(fromHex(hex.slice(0, 2 * octets)));
  }
  return keys;
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error('it did not come to that in 15 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
