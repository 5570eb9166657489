import type { ProfileField } from './schema-fields.ts';

/** What belongs together, in the order in which it is shown. */
export const fieldGroups = ['gateway', 'login', 'trust', 'traffic', 'staying', 'keys'] as const;
export type FieldGroup = (typeof fieldGroups)[number];

const groupOfTop: Readonly<Record<string, FieldGroup>> = {
  name: 'gateway',
  gateway: 'gateway',
  gateways: 'gateway',
  ikePort: 'gateway',
  natTraversalPort: 'gateway',
  remoteIdentity: 'gateway',
  gatewayAuthentication: 'gateway',
  preSharedKeyFile: 'gateway',
  followRedirects: 'gateway',
  authentication: 'login',
  secondAuthentication: 'login',
  otherwise: 'login',
  localIdentity: 'login',
  unboundEap: 'login',
  trust: 'trust',
  remoteNetworks: 'traffic',
  children: 'traffic',
  childless: 'traffic',
  requestedAddresses: 'traffic',
  onlyGatewaySubnets: 'traffic',
  dns: 'traffic',
  mtu: 'traffic',
  workerPairs: 'traffic',
  livenessSeconds: 'staying',
  keepaliveSeconds: 'staying',
  reconnect: 'staying',
  inactivity: 'staying',
  allowNat: 'staying',
  proposals: 'keys',
  rekey: 'keys',
  ppk: 'keys',
};

/** Where a field belongs; `undefined` for one that nobody has put anywhere yet. */
export function groupOf(path: string): FieldGroup | undefined {
  const [top = ''] = path.split(/[.[]/);
  return Object.hasOwn(groupOfTop, top) ? groupOfTop[top] : undefined;
}

/** The fields by their group, in the order of the groups and without empty ones. */
export function inGroups(
  fields: readonly ProfileField[],
): readonly { readonly group: FieldGroup; readonly fields: readonly ProfileField[] }[] {
  return fieldGroups
    .map((group) => ({ group, fields: fields.filter(({ path }) => (groupOf(path) ?? 'traffic') === group) }))
    .filter((each) => each.fields.length > 0);
}
