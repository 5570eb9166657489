import { type Failure, failure } from '../../base/errors.ts';

/** Alerts that are about the certificate that we showed, or did not. @rfc 8446 6.2 */
const certificateAlerts = new Set([
  'bad certificate',
  'unsupported certificate',
  'certificate revoked',
  'certificate expired',
  'certificate unknown',
  'unknown ca',
  'access denied',
  'certificate required',
  'no certificate',
]);

/** What an error of Node's TLS means: an alert of the server, or something of the server's that OpenSSL refuses. */
export function tlsFailure(cause: unknown): Failure {
  const reason = reasonOf(cause);
  const alert = /^(?:ssl\/tls|sslv3|tlsv1|tlsv13) alert (.+)$/.exec(reason)?.[1];
  if (alert === undefined) return failure('auth.tls', { side: 'remote', reason });
  return certificateAlerts.has(alert)
    ? failure('auth.client-certificate', { side: 'local', alert })
    : failure('auth.tls-alert', { side: 'remote', alert });
}

/** OpenSSL's words without its numbers and files. */
function reasonOf(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return 'unknown';
  const reason: unknown = Reflect.get(cause, 'reason');
  if (typeof reason === 'string' && reason !== '') return reason;
  const code: unknown = Reflect.get(cause, 'code');
  return typeof code === 'string' ? code : 'unknown';
}
