/** PEM text of what `base64` holds: lines of 64 characters between those that say what it is. @rfc 7468 2 */
export function formatPem(label: string, base64: string): string {
  const lines = base64.match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
