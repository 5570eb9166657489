import assert from 'node:assert/strict';
import type { Failure, FailureDetail } from '../../../core/base/errors.ts';
import type { Result } from '../../../core/base/result.ts';
import type { IkeHeader } from '../../../core/wire/ike/payload.ts';

/** The value, or the test fails with the error's evidence. */
export function must<T>(result: Result<T, Failure>): T {
  if (result.ok) return result.value;
  return assert.fail(`${result.error.code} ${JSON.stringify(result.error.detail)}`);
}

export function malformedDetail(result: Result<unknown, Failure>): FailureDetail {
  if (result.ok) return assert.fail('a value where none should be');
  assert.equal(result.error.code, 'malformed');
  return result.error.detail;
}

/** An IKE_AUTH request with message ID 1, unless told otherwise. */
export function header(changes: Partial<IkeHeader> = {}): IkeHeader {
  return {
    initiatorSpi: 0x1111222233334444n,
    responderSpi: 0x5555666677778888n,
    majorVersion: 2,
    minorVersion: 0,
    exchange: 35,
    fromInitiator: true,
    isResponse: false,
    messageId: 1,
    ...changes,
  };
}
