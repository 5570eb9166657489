import { formatIpPrefix, networkOf, parseIpAddress, parseIpPrefix } from '../../base/address.ts';
import { failure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { formatPem } from '../../base/pem.ts';
import { err, ok } from '../../base/result.ts';
import { parseProposal } from '../../crypto/proposals.ts';
import type { ImportNote, ProfileImporter } from './importer.ts';
import { listAt, objectAt, objectOf, textAt } from './json-object.ts';

type Json = Record<string, unknown>;

/** How strongSwan calls the ways to log in, and what Godwit calls those that it has. */
const methods: Readonly<Record<string, string>> = {
  'ikev2-eap': 'eap-mschapv2',
  'ikev2-byod-eap': 'eap-mschapv2',
  'ikev2-eap-tls': 'eap-tls',
};

/**
 * Profiles of strongSwan's app for Android (.sswan): JSON with `uuid`, `type`, `remote` and `local`. They come with one CA
 * certificate at the most; without one the app trusts the CAs of the phone, and a profile here must name its own.
 */
export const sswanImporter: ProfileImporter = {
  kind: 'strongSwan .sswan',
  recognises: ({ text }) => {
    if (text === undefined || !text.includes('"remote"') || !text.includes('"type"')) return false;
    const document = objectOf(text);
    return document !== undefined && (textAt(document, 'type')?.startsWith('ikev2-') ?? false);
  },
  read: ({ name: file, text = '' }) => {
    const document = objectOf(text);
    if (document === undefined)
      return err(failure('import.invalid', { file, reason: 'it is not a JSON object' }));
    const type = textAt(document, 'type') ?? '';
    const method = Object.hasOwn(methods, type) ? methods[type] : undefined;
    if (method === undefined)
      return err(failure('import.unsupported', { file, what: `logins of type ${type.slice(0, 40)}` }));
    const notes: ImportNote[] = [];
    const profile: Json = {
      ...gatewayOf(document, notes),
      authentication: loginOf(document, method, notes),
      ...trustOf(document, notes),
      ...networksOf(document, notes),
      ...proposalsOf(document, notes),
    };
    return ok({ kind: 'profile', text: `${JSON.stringify(profile, null, 2)}\n`, notes });
  },
};

function gatewayOf(document: Json, notes: ImportNote[]): Json {
  const remote = objectAt(document, 'remote');
  const gateway = textAt(remote, 'addr');
  if (gateway === undefined) notes.push({ code: 'lacks', detail: 'remote.addr' });
  const { port } = remote;
  const id = textAt(remote, 'id');
  return {
    name: (textAt(document, 'name') ?? gateway ?? '').slice(0, limits.profileNameCharacters),
    gateway: gateway ?? '',
    // The app sends everything to the one port, with the marker of port 4500 unless it is 500.
    ...(typeof port === 'number' && port !== 500 && port !== 4500 ? { natTraversalPort: port } : {}),
    ...(id === undefined ? {} : { remoteIdentity: id }),
  };
}

function loginOf(document: Json, method: string, notes: ImportNote[]): Json {
  const local = objectAt(document, 'local');
  const username = textAt(local, 'eap_id') ?? (method === 'eap-tls' ? textAt(local, 'id') : undefined);
  if (username === undefined) notes.push({ code: 'lacks', detail: 'local.eap_id' });
  if (Object.hasOwn(local, 'p12')) notes.push({ code: 'ignored', detail: 'local.p12' });
  const login = { method, username: username ?? '' };
  const name = textAt(local, 'aaa_id');
  return method === 'eap-tls' && name !== undefined ? { ...login, server: { name } } : login;
}

function trustOf(document: Json, notes: ImportNote[]): Json {
  const cert = textAt(objectAt(document, 'remote'), 'cert')?.replace(/\s+/g, '');
  if (cert === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(cert)) {
    notes.push({ code: cert === undefined ? 'lacks' : 'ignored', detail: 'remote.cert' });
    return {};
  }
  return { trust: { ca: formatPem('CERTIFICATE', cert) } };
}

function networksOf(document: Json, notes: ImportNote[]): Json {
  const split = objectAt(document, 'split-tunneling');
  for (const field of ['excluded', 'block-ipv4', 'block-ipv6']) {
    if (Object.hasOwn(split, field)) notes.push({ code: 'ignored', detail: `split-tunneling.${field}` });
  }
  const subnets = listAt(split, 'subnets').slice(0, limits.profileNetworks);
  const networks = subnets.flatMap((subnet) => {
    const prefix = parseIpPrefix(subnet);
    if (prefix.ok) return [formatIpPrefix(networkOf(prefix.value))];
    notes.push({ code: 'ignored', detail: `split-tunneling.subnets: ${subnet.slice(0, 60)}` });
    return [];
  });
  const servers = listAt(document, 'dns-servers')
    .filter((server) => parseIpAddress(server).ok)
    .slice(0, limits.dnsServersFromGateway);
  return {
    ...(networks.length === 0 ? {} : { remoteNetworks: networks }),
    ...(servers.length === 0 ? {} : { dns: { servers } }),
    ...inRange(document, 'mtu', 'mtu', 1_280, 1_500, notes),
    ...inRange(document, 'nat-keepalive', 'keepaliveSeconds', 1, 3_600, notes),
  };
}

function inRange(
  document: Json,
  from: string,
  to: string,
  least: number,
  most: number,
  notes: ImportNote[],
): Json {
  const value = Object.hasOwn(document, from) ? document[from] : undefined;
  if (typeof value !== 'number') return {};
  const kept = Math.min(most, Math.max(least, Math.round(value)));
  if (kept !== value) notes.push({ code: 'changed', detail: `${from}: ${value}` });
  return { [to]: kept };
}

function proposalsOf(document: Json, notes: ImportNote[]): Json {
  const read = (field: string, use: 'ike' | 'esp'): readonly string[] =>
    listAt(document, field)
      .slice(0, limits.profileProposals)
      .filter((text) => {
        const good = parseProposal(text, use).ok;
        if (!good) notes.push({ code: 'ignored', detail: `${field}: ${text.slice(0, 60)}` });
        return good;
      });
  const ike = read('ike-proposal', 'ike');
  const esp = read('esp-proposal', 'esp');
  if (ike.length + esp.length === 0) return {};
  return { proposals: { ...(ike.length === 0 ? {} : { ike }), ...(esp.length === 0 ? {} : { esp }) } };
}
