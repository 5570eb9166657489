/** A profile as its author would write it; `change` replaces or, with `undefined`, removes fields. */
export function profileText(change: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify(
    {
      name: 'Office',
      gateway: 'vpn.example.org',
      authentication: { method: 'eap-mschapv2', username: 'alice' },
      trust: { caFile: 'office-ca.pem' },
      ...change,
    },
    undefined,
    2,
  );
}
