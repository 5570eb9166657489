import { Secret } from '../../../core/base/secret.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import { decodeSharedSecret } from '../../../core/daemon/shared-secrets.ts';
import { createEapPeer } from '../../../core/eap/create-eap-peer.ts';
import { gtcCodeMethod } from '../../../core/eap/methods/gtc.ts';
import { md5Method } from '../../../core/eap/methods/md5.ts';
import { mschapv2Method } from '../../../core/eap/methods/mschapv2.ts';
import type { EapStep } from '../../../core/eap/peer.ts';
import { passwordLine } from '../../../core/platform/password-file.ts';
import { importProfile } from '../../../core/profile/importers/import-profile.ts';
import { parsePkcs11Uri } from '../../../core/profile/pkcs11-uri.ts';
import { serverText } from '../../../core/wire/server-text.ts';
import { profileText } from '../../unit/profile/examples.ts';
import { type FuzzTarget, outcome } from '../target.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const encode = (value: string): Uint8Array => new TextEncoder().encode(value);
const decode = (octets: Uint8Array): string => new TextDecoder().decode(octets);

/** Packets of a login server, each behind its length. */
const packets = (...list: readonly string[]): Uint8Array =>
  hex(list.map((each) => (each.length / 2).toString(16).padStart(2, '0') + each).join(''));

const challenge = `1a0107001910${'5b5d7c7d7b3f2f3e3c2c602132262628'}78787878`;
const mschapv2 = `0102001e${challenge}`;

/** A whole run of EAP in front of a gateway that says what it likes, a second method of FortiGate's included. */
const eapPeerTarget: FuzzTarget = {
  name: 'eap-peer',
  corpus: [
    packets('0101000501', mschapv2, '03020004'),
    packets(
      '0101000501',
      '010200160410000102030405060708090a0b0c0d0e0f',
      '0302000506',
      '0103000506',
      '03030004',
    ),
    packets('01010016041000112233445566778899aabbccddeeff', '0301000506', '0102000906636f6465', '04020004'),
    packets('0101000501', '0102000506', '04020004'),
  ],
  run(octets) {
    const peer = createEapPeer({
      identity: 'User',
      random: seededRandom(1),
      methods: [mschapv2Method, md5Method],
      following: [gtcCodeMethod],
    });
    const seen: string[] = [];
    let successes = 0;
    for (let at = 0; at < octets.length && seen.length < 80; ) {
      const length = octets[at] ?? 0;
      let step: EapStep = peer.handle(octets.subarray(at + 1, at + 1 + length));
      at += 1 + length;
      if (step.kind === 'ask') step = peer.answer(Secret.fromText('clientPass'));
      if (step.kind === 'success') successes += 1;
      if (step.kind === 'success' && step.chained === true && step.msk !== undefined)
        throw new Error('the key of a first method outlived it');
      seen.push(step.kind === 'failure' ? step.error.code : step.kind);
    }
    peer.wipe();
    return `${successes > 0} ${seen.join(' ')}`.slice(0, 120);
  },
};

const hidden =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u{ad}\u{61c}\u{180e}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}-\u{206f}\u{feff}\u{fff9}-\u{fffb}\u{e0000}-\u{e007f}]/u;

/** What a user or a profile hands over as a secret, or as the way to one. */
const secretsTarget: FuzzTarget = {
  name: 'secrets',
  corpus: [
    encode('plain text\n'),
    encode('0x48616c6c6f'),
    encode('0sSGFsbG8='),
    encode('🐦𝄞\r\nnext'),
    encode('pkcs11:token=Alice;object=VPN?module-path=/usr/lib/x.so&pin-value=1234'),
  ],
  run(octets) {
    const said = serverText(octets);
    if (hidden.test(said)) throw new Error('words of a server with something hidden');
    const uri = parsePkcs11Uri(decode(octets));
    const line = passwordLine(octets.slice(), 'a file');
    if (!line.ok) return `${outcome(line)} ${outcome(uri)}`;
    const shared = decodeSharedSecret(line.value);
    if (shared !== undefined && shared.length > octets.length) throw new Error('a secret that grew');
    return `${shared === undefined} ${outcome(uri)}`;
  },
};

const sswan = JSON.stringify({
  uuid: '00000000-0000-0000-0000-000000000001',
  name: 'Office',
  type: 'ikev2-eap',
  remote: { addr: 'vpn.example.org', cert: 'AAAA', certreq: false },
  local: { eap_id: 'alice' },
  'split-tunneling': { subnets: ['10.0.0.0/8'] },
});

/** A file that a user was sent. */
const importTarget: FuzzTarget = {
  name: 'import',
  corpus: [encode(sswan), encode(profileText()), hex('3082010002010330820100'), hex('30800201033080')],
  run(octets) {
    const read = importProfile('a file', octets);
    return read.ok ? read.value.kind : outcome(read);
  },
};

export const loginTargets: readonly FuzzTarget[] = [eapPeerTarget, secretsTarget, importTarget];
