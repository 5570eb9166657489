import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sharedSecretAuth } from '../../../core/ike/keymat.ts';
import type { LoginWay } from '../../../core/ike/login-way.ts';
import type { Payload } from '../../../core/wire/ike/payload.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { gatewayIdentity, notify, ScriptedResponder } from '../../unit/ike/scripted-responder.ts';
import { drive, way } from '../../unit/ike/way-scenario.ts';

/*
 * Whoever answers IKE_SA_INIT has the keys of that IKE SA, and may say anything in IKE_AUTH. Without the private key of the
 * certificate, the pre-shared key and the key of EAP he must not get a CHILD SA, nor a word of EAP from a profile that wants
 * the gateway proven first. The gateway's certificate itself is public: the driver finds it good.
 */

type Atom =
  | 'idr'
  | 'certificate'
  | 'auth-signature'
  | 'auth-garbage'
  | 'auth-from-sk-pr'
  | 'auth-from-nothing'
  | 'auth-of-other-method'
  | 'eap-challenge'
  | 'eap-success'
  | 'child'
  | 'refused'
  | 'another-auth'
  | 'ppk-identity';

const mostly = (...wanted: Atom[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(wanted) }, { weight: 1, arbitrary: fc.constant<Atom[]>([]) });

/** A message that could be the right one, but for its proof. */
const answer = fc
  .tuple(
    mostly('idr'),
    mostly('certificate'),
    fc.oneof(
      ...[
        'auth-signature',
        'auth-garbage',
        'auth-from-sk-pr',
        'auth-from-nothing',
        'auth-of-other-method',
      ].map((atom) => fc.constant([atom as Atom])),
      fc.constant<Atom[]>([]),
    ),
    fc.constantFrom<Atom[]>(['eap-challenge'], ['eap-success'], []),
    fc.constantFrom<Atom[]>(['child'], []),
    fc.oneof(
      { weight: 6, arbitrary: fc.constant<Atom[]>([]) },
      { weight: 1, arbitrary: fc.subarray<Atom>(['refused', 'another-auth', 'ppk-identity']) },
    ),
  )
  .map((parts) => parts.flat());

function payloadsOf(atom: Atom, responder: ScriptedResponder): Payload[] {
  const { suite, keys } = responder.association;
  const covered = responder.octetsToSign();
  const auth = (method: number, data: Uint8Array): Payload[] => [{ kind: 'AUTH', method, data }];
  switch (atom) {
    case 'idr':
      return [{ kind: 'IDr', ...gatewayIdentity }];
    case 'certificate':
      return [{ kind: 'CERT', encoding: 4, data: Buffer.from('the certificate of the gateway') }];
    case 'auth-signature':
      return auth(
        14,
        Buffer.concat([Buffer.from('0f300d06092a864886f70d01010b0500', 'hex'), Buffer.alloc(256, 7)]),
      );
    case 'auth-garbage':
      return auth(2, Buffer.alloc(suite.prf.outputOctets, 1));
    case 'auth-from-sk-pr':
      return auth(2, sharedSecretAuth(suite.prf, keys.skPr, covered));
    case 'auth-from-nothing':
      return auth(2, sharedSecretAuth(suite.prf, new Uint8Array(0), covered));
    case 'auth-of-other-method':
      return auth(13, new Uint8Array(0));
    case 'eap-challenge':
      return [{ kind: 'EAP', packet: Buffer.from('challenge') }];
    case 'eap-success':
      return [{ kind: 'EAP', packet: Buffer.from('success') }];
    case 'child':
      return responder.child();
    case 'refused':
      return [notify(notifyType.AUTHENTICATION_FAILED)];
    case 'another-auth':
      return [notify(notifyType.ANOTHER_AUTH_FOLLOWS)];
    case 'ppk-identity':
      return [notify(notifyType.PPK_IDENTITY)];
  }
}

const ways: Readonly<Record<string, readonly LoginWay[]>> = {
  EAP: [way(['eap'])],
  'EAP at a gateway with a PSK': [way(['eap'], { certificate: false, psk: true })],
  'a PSK': [way(['psk'], { certificate: false, psk: true })],
  'a PSK at a gateway with a certificate': [way(['psk'])],
  'a key': [way(['key'])],
  'a key, then EAP': [way(['key', 'eap'])],
  'EAP, then EAP': [way(['eap', 'eap'])],
  'EAP, then a key': [way(['eap', 'key'])],
  'a key, otherwise EAP': [way(['key']), way(['eap'])],
  'EAP alone': [way(['eap'], { eapOnly: true })],
};

const script = fc.array(answer, { minLength: 1, maxLength: 5 });

for (const [name, logins] of Object.entries(ways)) {
  test(`who proves nothing gets no CHILD SA, and no EAP before its time: ${name}`, () => {
    fc.assert(
      fc.property(script, fc.boolean(), (answers, withPpk) => {
        const responder = new ScriptedResponder();
        let said = 0;
        const reply = (octets: Uint8Array): readonly Uint8Array[] => {
          if (octets.subarray(8, 16).every((octet) => octet === 0))
            return [
              responder.answerInit(octets, (payloads) => [
                ...payloads,
                notify(notifyType.SIGNATURE_HASH_ALGORITHMS, Buffer.from('000200030004', 'hex')),
                notify(notifyType.MULTIPLE_AUTH_SUPPORTED),
                notify(notifyType.USE_PPK),
              ]),
            ];
          if (responder.open(octets).header.exchange !== 35) return [];
          const next = answers[said++];
          if (next === undefined) return [];
          const payloads = next.flatMap((atom) => payloadsOf(atom, responder));
          return [responder.respond(octets, payloads)];
        };
        const ppk = withPpk ? { ppk: { id: Buffer.from('office'), required: false } } : {};
        const { up, outputs, eapRuns, asks } = drive(logins, ppk, reply);
        assert.equal(up, undefined);
        assert.ok(!outputs.some(({ kind }) => kind === 'child-install'));
        const alone = logins.some(({ gateway }) => gateway.eapOnly);
        assert.deepEqual(
          eapRuns.filter((run) => run.gatewayProven || !alone),
          [],
        );
        assert.ok(alone || !asks.includes('credential'));
      }),
      { numRuns: 60 },
    );
  });
}
