import { toHex } from '../../../core/base/octets.ts';
import { ok } from '../../../core/base/result.ts';
import { Secret } from '../../../core/base/secret.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import type { TlsRequest, TlsResult } from '../../../core/crypto/tls.ts';
import type { EapMethod, EapMethodKind, EapMethodStep } from '../../../core/eap/method.ts';
import { eapTlsMethod } from '../../../core/eap/methods/eap-tls.ts';
import { gtcMethod } from '../../../core/eap/methods/gtc.ts';
import { md5Method } from '../../../core/eap/methods/md5.ts';
import { mschapv2Method } from '../../../core/eap/methods/mschapv2.ts';
import { peapMethod } from '../../../core/eap/methods/peap.ts';
import { ttlsMethod } from '../../../core/eap/methods/ttls.ts';
import { decodePeapTlvs } from '../../../core/wire/eap/peap-tlv.ts';
import { decodeAvps, encodeAvps } from '../../../core/wire/eap/ttls-avp.ts';
import { type FuzzTarget, outcome } from '../target.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

const inner = [mschapv2Method, gtcMethod, md5Method];
const kinds: readonly EapMethodKind[] = [
  eapTlsMethod,
  peapMethod(inner),
  ttlsMethod({ kind: 'eap', methods: inner }),
  ttlsMethod({ kind: 'mschapv2' }),
  ttlsMethod({ kind: 'pap' }),
];

/** TLS that hides nothing: what the server says inside is what lies in the packet. */
class OpenTls {
  #established = false;

  step(request: TlsRequest): TlsResult {
    const nothing = new Uint8Array(0);
    if (request.action === 'start') return ok({ records: hex('16'), plaintext: nothing, closed: false });
    if (request.action === 'send')
      return ok({ records: request.plaintext.slice(), plaintext: nothing, closed: false });
    const keys = [new Uint8Array(128), new Uint8Array(17)];
    const first = !this.#established;
    this.#established = true;
    return ok({
      records: nothing,
      plaintext: request.records.slice(),
      closed: false,
      ...(first ? { established: { version: '1.2' as const, keys } } : {}),
    });
  }
}

/** The first octet chooses the method; then come packets, each behind its length. */
function play(octets: Uint8Array): string {
  const kind = kinds[(octets[0] ?? 0) % kinds.length] ?? eapTlsMethod;
  const method = kind.start({ identity: 'outer', userName: 'User', random: seededRandom(1) });
  const tls = new OpenTls();
  const seen: string[] = [kind.name];
  let step = settle(method, tls, method.process(hex('20'), 0), 0);
  for (let at = 1; at < octets.length && step.kind === 'respond'; ) {
    const length = octets[at] ?? 0;
    const packet = octets.subarray(at + 1, at + 1 + length);
    at += 1 + length;
    step = settle(method, tls, method.process(packet, at & 0xff), 0);
    seen.push(step.kind === 'failed' ? `${step.error.code} ${JSON.stringify(step.error.detail)}` : step.kind);
    if (step.kind === 'done' && kind.type === eapTlsMethod.type && step.msk === undefined)
      throw new Error('EAP-TLS without a key');
  }
  method.wipe();
  return seen.join(' ').replace(/\d+/g, '#').slice(0, 120);
}

function settle(method: EapMethod, tls: OpenTls, step: EapMethodStep, depth: number): EapMethodStep {
  if (depth > 12) throw new Error('a method that never has enough');
  if (step.kind === 'tls')
    return settle(method, tls, method.tls?.(tls.step(step.request)) ?? step, depth + 1);
  if (step.kind === 'ask')
    return settle(method, tls, method.answer(Secret.fromText('clientPass')), depth + 1);
  return step;
}

const packets = (...list: readonly string[]): string =>
  list.map((each) => (each.length / 2).toString(16).padStart(2, '0') + each).join('');

const challenge = `1a0107001910${'5b5d7c7d7b3f2f3e3c2c602132262628'}78787878`;

/** EAP-TLS, TTLS and PEAP behind their TLS, which is where a login server is heard. */
export const eapTunnelTarget: FuzzTarget = {
  name: 'eap-tunnels',
  corpus: [
    hex(`00${packets('00', 'c00000000a0102030405', '000102030405', '0000')}`),
    hex(`01${packets('0001', `00${challenge}`, '000107000b21800300020001')}`),
    hex(
      `01${packets('0006', `0001070047218003000200010 00c003800000000${'ab'.repeat(32)}${'cd'.repeat(20)}`.replace(' ', ''))}`,
    ),
    hex(`02${packets('0016', '000000004f4000000d0101000506000000', '000000004f4000000e0102000604aa0000')}`),
    hex(`03${packets('0016', '000000001a8000001000000137aa533d30')}`),
    hex(`04${packets('0016', '0000000012000000096869000000')}`),
  ],
  run: play,
};

export const tunnelItemsTarget: FuzzTarget = {
  name: 'eap-tunnel-items',
  corpus: [
    hex('0000004f4000000d0101000506000000'),
    hex('0000001ac000000e00000137aa530000'),
    hex('800300020001'),
    hex(`000c003800000000${'ab'.repeat(52)}`),
  ],
  run(octets) {
    const avps = decodeAvps(octets);
    if (avps.ok) {
      const written = encodeAvps(avps.value);
      const again = decodeAvps(written);
      if (!again.ok) throw new Error(`written and not read: ${JSON.stringify(again.error)}`);
      if (toHex(encodeAvps(again.value)) !== toHex(written)) throw new Error('written twice, and different');
    }
    return `${outcome(avps)} ${outcome(decodePeapTlvs(octets))}`;
  },
};
