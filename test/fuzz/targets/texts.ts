import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCertificate } from '../../../core/pki/certificate.ts';
import { findInCrl, parseCrl } from '../../../core/pki/crl.ts';
import { decodeDer } from '../../../core/pki/der.ts';
import { formatDistinguishedName, parseDistinguishedName } from '../../../core/pki/distinguished-name.ts';
import { formatIdentity, parseIdentity } from '../../../core/pki/identity.ts';
import { parseOcspResponse } from '../../../core/pki/ocsp-response.ts';
import { parsePemCertificates } from '../../../core/pki/pem.ts';
import { readServers } from '../../../core/platform/linux/dns/resolvconf.ts';
import { parseProfile } from '../../../core/profile/parse-profile.ts';
import { checkFromDaemon, checkRequest } from '../../../core/rpc/envelope.ts';
import { encodeFrame, FrameDecoder } from '../../../core/rpc/framing.ts';
import { createCa, issue } from '../../support/pki.ts';
import { profileText } from '../../unit/profile/examples.ts';
import { ocspAnswer, ocspRefusal } from '../ocsp-corpus.ts';
import { type FuzzTarget, outcome } from '../target.ts';

const encode = (value: string): Uint8Array => new TextEncoder().encode(value);
const decode = (octets: Uint8Array): string => new TextDecoder().decode(octets);

export function textTargets(): readonly FuzzTarget[] {
  const ca = createCa('Fuzz CA');
  const leaf = issue(ca, { subject: 'vpn.example', names: ['vpn.example', '192.0.2.1', 'fd00::1'] });
  return [...certificateTargets(ca, leaf), profileTarget, rpcTarget(), resolvConfTarget()];
}

function certificateTargets(
  ca: ReturnType<typeof createCa>,
  leaf: ReturnType<typeof issue>,
): readonly FuzzTarget[] {
  return [
    {
      name: 'certificate',
      corpus: [ca.der, leaf.der, issue(ca, { subject: 'a', key: 'rsa' }).der].map((der) =>
        Uint8Array.from(der),
      ),
      run(octets) {
        decodeDer(octets);
        const name = parseDistinguishedName(octets);
        if (name !== undefined) formatDistinguishedName(name);
        return outcome(parseCertificate(octets));
      },
    },
    {
      name: 'crl',
      corpus: pkits('crls/', 12),
      run(octets) {
        const crl = parseCrl(octets);
        if (crl.ok) findInCrl(crl.value, Uint8Array.of(1));
        return outcome(crl);
      },
    },
    {
      name: 'ocsp-response',
      corpus: [fromBase64(ocspAnswer), fromBase64(ocspRefusal)],
      run: (octets) => outcome(parseOcspResponse(octets)),
    },
    {
      name: 'certificate-of-pkits',
      corpus: pkits('certs/', 24),
      run: (octets) => outcome(parseCertificate(octets)),
    },
    {
      name: 'pem-and-identity',
      corpus: [
        encode(`${ca.pem}${leaf.pem}`),
        encode('alice@example.org'),
        encode('CN=alice, O=Example, C=CH'),
      ],
      run(octets) {
        const text = decode(octets);
        const identity = parseIdentity(text);
        if (identity.ok) formatIdentity(identity.value);
        return `${outcome(parsePemCertificates(text))} ${outcome(identity)}`;
      },
    },
  ];
}

const fromBase64 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));

/** Every so many of the suite's files, so that all kinds of extensions are there. */
function pkits(prefix: string, count: number): readonly Uint8Array[] {
  const file = new URL('../../vectors/pki/pkits.txt', import.meta.url);
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(prefix));
  const step = Math.floor(lines.length / count);
  return lines.filter((_, at) => at % step === 0).map((line) => fromBase64(line.split(' ')[1] ?? ''));
}

const profileTarget: FuzzTarget = {
  name: 'profile',
  corpus: [
    encode(profileText()),
    encode(profileText({ remoteNetworks: ['10.0.0.0/8', 'fd00::/8'], gateway: '192.0.2.1' })),
    encode(profileText({ ike: ['aes256gcm16-prfsha384-ecp256'], esp: ['aes256gcm16'] })),
  ],
  run(octets) {
    const profile = parseProfile(decode(octets), 'profile.json');
    if (profile.ok) return 'ok';
    return [...new Set(profile.error.map(({ detail }) => String(detail['field']).replace(/\d+/g, '#')))]
      .join()
      .slice(0, 80);
  },
};

function rpcTarget(): FuzzTarget {
  const frames = [
    { id: 1, method: 'status', params: {} },
    { id: 2, ok: false, error: { code: 'misuse', family: 'misuse', detail: {} } },
    { event: 'state', data: { a: [1, 2, 3] } },
  ].map((value) => encodeFrame(value));
  return {
    name: 'rpc-frames',
    corpus: frames.flatMap((frame) => (frame.ok ? [frame.value] : [])),
    run(octets) {
      const decoder = new FrameDecoder();
      const cut = octets.length >> 1;
      const seen: string[] = [];
      for (const chunk of [octets.slice(0, cut), octets.slice(cut)]) {
        const values = decoder.push(chunk);
        if (!values.ok) return outcome(values);
        for (const value of values.value)
          seen.push(outcome(checkRequest(value)), outcome(checkFromDaemon(value)));
      }
      if (decoder.pending > octets.length) throw new Error('it holds more than came');
      return seen.slice(0, 6).join();
    },
  };
}

function resolvConfTarget(): FuzzTarget {
  const directory = mkdtempSync(join(tmpdir(), 'godwit-fuzz-'));
  const path = join(directory, 'resolv.conf');
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  return {
    name: 'resolv-conf',
    corpus: [
      encode('# comment\nnameserver 10.0.0.1\nnameserver fd00::1\nsearch example.org\noptions edns0\n'),
    ],
    run(octets) {
      writeFileSync(path, octets);
      return String(readServers(path).length);
    },
  };
}
