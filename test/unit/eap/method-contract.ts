import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Secret } from '../../../core/base/secret.ts';
import type { EapMethodKind, EapMethodStep } from '../../../core/eap/method.ts';
import { rfcRandom } from './login-server.ts';

/** What every EAP method must keep to. `opening` is the Type-Data of a right first request. */
export function describeEapMethod(kind: EapMethodKind, opening: Uint8Array): void {
  const start = () => kind.start({ identity: 'User', userName: 'User', random: rfcRandom });
  const opened = () => {
    const method = start();
    return { method, step: method.process(opening.slice()) };
  };

  describe(`${kind.name} keeps the contract of a method`, () => {
    it('has a type and a name', () => {
      assert.ok(kind.type > 0 && kind.type < 256);
      assert.match(kind.name, /^EAP-/);
    });

    it('answers a right first request, or asks for the password', () => {
      const { method, step } = opened();
      assert.ok(step.kind === 'respond' || step.kind === 'ask', step.kind);
      if (step.kind === 'ask') assert.equal(method.answer(Secret.fromText('clientPass')).kind, 'respond');
    });

    it('gives the caller its own octets', () => {
      const { method, step } = opened();
      const first = step.kind === 'ask' ? method.answer(Secret.fromText('clientPass')) : step;
      assert.equal(first.kind, 'respond');
      if (first.kind !== 'respond') return;
      const copy = first.data.slice();
      method.wipe();
      assert.deepEqual(first.data, copy);
    });

    it('keeps nothing of the request', () => {
      const request = opening.slice();
      const untouched = opened();
      const method = start();
      const step = method.process(request);
      request.fill(0);
      assert.deepEqual(firstResponse(method, step), firstResponse(untouched.method, untouched.step));
    });

    it('fails as a value when it is answered unasked', () => {
      assert.equal(start().answer(Secret.fromText('x')).kind, 'failed');
    });

    it('can be wiped at any time, and twice', () => {
      const { method } = opened();
      method.wipe();
      method.wipe();
      start().wipe();
    });

    it('never throws and never finishes on random octets', () => {
      fc.assert(
        fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 4 }), (requests) => {
          const { method, step } = opened();
          if (step.kind === 'ask') method.answer(Secret.fromText('clientPass'));
          for (const request of requests) assert.notEqual(method.process(request).kind, 'done');
        }),
        { numRuns: 300 },
      );
    });
  });
}

function firstResponse(method: ReturnType<EapMethodKind['start']>, step: EapMethodStep): EapMethodStep {
  return step.kind === 'ask' ? method.answer(Secret.fromText('clientPass')) : step;
}
