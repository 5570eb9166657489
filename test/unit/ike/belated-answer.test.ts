import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoginWay } from '../../../core/ike/login-way.ts';
import { type Offer, type Outcome, play, told, way } from './way-scenario.ts';

/*
 * The gateway answers IKE_SA_INIT, and at the same time it, or somebody in its place, asks for a cookie: two copies of the request that
 * lay before a busy gateway do that. What arrives first is the demand for the cookie. Our AUTH covers the request with the cookie then,
 * and the gateway's the one without it. @rfc 7296 2.6 @rfc 7296 2.15
 */

const cases: Readonly<Record<string, readonly [LoginWay, Offer]>> = {
  EAP: [way(['eap']), { proof: 'certificate', wants: ['eap'] }],
  'a PSK': [way(['psk'], { certificate: false, psk: true }), { proof: 'psk', wants: ['psk'] }],
  'a key': [way(['key']), { proof: 'certificate', wants: ['key'] }],
  'EAP, then a key': [way(['eap', 'key']), { proof: 'certificate', wants: ['eap', 'key'] }],
};

const inits = ({ outputs }: Outcome): number =>
  outputs.filter((output) => output.kind === 'phase' && output.phase === 'init').length;

for (const [name, [first, offer]] of Object.entries(cases)) {
  test(`${name}: the login is begun anew, and stands`, () => {
    const outcome = play([first], { ...offer, cookie: 'belated' });
    assert.equal(told(outcome), told(play([first], offer)));
    assert.equal(inits(outcome), 2);
  });
}

test('a gateway that wants cookies and refuses the proof is asked a second time, and no third', () => {
  const outcome = play([way(['psk'])], { proof: 'certificate', wants: ['nothing'], cookie: true });
  assert.equal(told(outcome), 'auth.refused-psk');
  // The third one asks what else the gateway would want.
  assert.equal(inits(outcome), 3);
});

test('a gateway without cookies that refuses the proof is not asked a second time', () => {
  const outcome = play([way(['psk'])], { proof: 'certificate', wants: ['nothing'] });
  assert.equal(told(outcome), 'auth.refused-psk');
  assert.equal(inits(outcome), 2);
});
