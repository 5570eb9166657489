import { type Failure, failure } from '../base/errors.ts';
import { readU32 } from '../base/words.ts';
import { payloadsOf } from '../wire/ike/lookup.ts';
import type { IkeMessage, NotifyPayload } from '../wire/ike/payload.ts';
import { isErrorNotify, notifyType } from '../wire/registry/notify-types.ts';
import { nameOf } from '../wire/registry/registry.ts';
import { windowsErrors } from '../wire/registry/windows-errors.ts';

/** The peer's first error notify as a failure, or `undefined` when it reports none. `exchange`: what was refused. */
export function refusalIn(
  message: Pick<IkeMessage, 'payloads'>,
  exchange: 'IKE' | 'ESP',
): Failure | undefined {
  const notify = payloadsOf(message, 'N').find((payload) => isErrorNotify(payload.type));
  return notify === undefined ? undefined : refusal(notify, exchange);
}

/** What an error notify of the peer means to a user. @rfc 7296 3.10.1 */
function refusal(notify: NotifyPayload, exchange: 'IKE' | 'ESP'): Failure {
  const name = nameOf(notifyType, notify.type);
  switch (notify.type) {
    case notifyType.AUTHENTICATION_FAILED:
      return failure('auth.refused', { side: 'local', notify: name });
    case notifyType.NO_PROPOSAL_CHOSEN:
      return failure('peer.no-proposal-chosen', { exchange, notify: name });
    case notifyType.TS_UNACCEPTABLE:
    case notifyType.SINGLE_PAIR_REQUIRED:
      return failure('peer.ts-unacceptable', { notify: name });
    case notifyType.INTERNAL_ADDRESS_FAILURE:
    case notifyType.FAILED_CP_REQUIRED:
      return failure('peer.no-address', { notify: name });
    case notifyType.UNEXPECTED_NAT_DETECTED:
      return failure('peer.nat-forbidden');
    case notifyType.MS_STATUS:
      return failure('peer.refused', windowsRefusal(name, notify.data));
    default:
      return failure('peer.refused', { notify: name });
  }
}

/** Windows gateways say why in a Win32 error code of four octets. */
function windowsRefusal(name: string, data: Uint8Array): { readonly notify: string; readonly code?: number } {
  if (data.length !== 4) return { notify: name };
  const code = readU32(data, 0);
  const words = windowsErrors.get(code);
  return { notify: `${name} ${code}${words === undefined ? '' : ` (${words})`}`, code };
}
