import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FailureCode, failure, failureCatalogue } from '../../../core/base/errors.ts';
import { notifyForFailure } from '../../../core/ike/failure-notify.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';

const codes = Object.keys(failureCatalogue) as FailureCode[];

/** Everything that is not silence, by hand: a new leaf of a family that speaks must be thought about here. */
const spoken: Partial<Record<FailureCode, number>> = {
  malformed: notifyType.INVALID_SYNTAX,
  'peer.misbehaved': notifyType.INVALID_SYNTAX,
  'peer.unacceptable-choice': notifyType.NO_PROPOSAL_CHOSEN,
  'peer.critical-payload': notifyType.UNSUPPORTED_CRITICAL_PAYLOAD,
  'auth.eap-server': notifyType.AUTHENTICATION_FAILED,
  'auth.login-server': notifyType.AUTHENTICATION_FAILED,
  'auth.tls': notifyType.AUTHENTICATION_FAILED,
  'auth.tunnel-binding': notifyType.AUTHENTICATION_FAILED,
  'auth.signature': notifyType.AUTHENTICATION_FAILED,
  'auth.eap-binding': notifyType.AUTHENTICATION_FAILED,
  'auth.method-refused': notifyType.AUTHENTICATION_FAILED,
  'auth.weak-signature': notifyType.AUTHENTICATION_FAILED,
  'auth.psk-gateway': notifyType.AUTHENTICATION_FAILED,
  'auth.unknown-key': notifyType.AUTHENTICATION_FAILED,
  'auth.gateway-unproven': notifyType.AUTHENTICATION_FAILED,
  'auth.no-certificate': notifyType.AUTHENTICATION_FAILED,
};

for (const code of codes) {
  test(`${code} is told, or kept silent, on purpose`, () => {
    const expected = code.startsWith('certificate.') ? notifyType.AUTHENTICATION_FAILED : spoken[code];
    assert.equal(notifyForFailure(failure(code)), expected);
  });
}
