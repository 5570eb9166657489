import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { failure } from '../../../core/base/errors.ts';
import { ok } from '../../../core/base/result.ts';
import { Secret } from '../../../core/base/secret.ts';
import type { TlsResult } from '../../../core/crypto/tls.ts';
import type { EapMethod, EapMethodKind, EapMethodStep } from '../../../core/eap/method.ts';
import { rfcRandom } from './login-server.ts';

export interface MethodTraits {
  /** False: its first response is also its last word, whoever the server is. */
  readonly provesServer?: boolean;
}

/** What every EAP method must keep to. `opening` is the Type-Data of a right first request. */
export function describeEapMethod(kind: EapMethodKind, opening: Uint8Array, traits: MethodTraits = {}): void {
  const { provesServer = true } = traits;
  const start = () => kind.start({ identity: 'User', userName: 'User', random: rfcRandom });
  const opened = () => {
    const method = start();
    return { method, step: firstResponse(method, method.process(opening.slice(), 1)) };
  };

  describe(`${kind.name} keeps the contract of a method`, () => {
    it('has a type and a name', () => {
      assert.ok(kind.type > 0 && kind.type < 256);
      assert.match(kind.name, /^(EAP-|PEAP)/);
    });

    it('answers a right first request once it has what it needs for that', () => {
      assert.equal(opened().step.kind, provesServer ? 'respond' : 'done');
    });

    it('gives the caller its own octets', () => {
      const { method, step } = opened();
      if (step.kind !== 'respond' && step.kind !== 'done') assert.fail(step.kind);
      const copy = step.data.slice();
      method.wipe();
      assert.deepEqual(step.data, copy);
    });

    it('keeps nothing of the request', () => {
      const request = opening.slice();
      const method = start();
      const step = method.process(request, 1);
      request.fill(0);
      assert.deepEqual(firstResponse(method, step), opened().step);
    });

    it('fails as a value when it is answered unasked', () => {
      assert.equal(start().answer(Secret.fromText('x')).kind, 'failed');
      assert.notEqual(start().refuse?.(failure('secret.missing')).kind, 'done');
      assert.equal(start().tls?.(hello).kind ?? 'failed', 'failed');
    });

    it('can be wiped at any time, and twice', () => {
      const { method } = opened();
      method.wipe();
      method.wipe();
      start().wipe();
    });

    it('never throws, and takes no random octets for the proof of a server', () => {
      fc.assert(
        fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 4 }), (requests) => {
          const { method } = opened();
          for (const request of requests) {
            const step = firstResponse(method, method.process(request, 2));
            if (provesServer) assert.notEqual(step.kind, 'done');
          }
        }),
        { numRuns: 300 },
      );
    });
  });
}

/** What TLS makes of a start; here of everything. */
const hello: TlsResult = ok({
  records: Uint8Array.of(22, 3, 1, 0, 1, 1),
  plaintext: new Uint8Array(0),
  closed: false,
});

function firstResponse(method: EapMethod, step: EapMethodStep): EapMethodStep {
  if (step.kind === 'ask') return firstResponse(method, method.answer(Secret.fromText('clientPass')));
  if (step.kind === 'tls') return firstResponse(method, method.tls?.(hello) ?? step);
  return step;
}
