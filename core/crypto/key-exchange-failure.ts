import { type Failure, failure } from '../base/errors.ts';
import { type Err, err } from '../base/result.ts';

/** A public value of the peer that must not be used, with the reason. @rfc 6989 2 */
export function refusePublicValue(group: string, reason: string): Err<Failure> {
  return err(failure('peer.misbehaved', { rule: `its public value for ${group} is unusable: ${reason}` }));
}
