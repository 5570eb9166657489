import { findNodeAtLocation, getNodeValue, type Node } from 'jsonc-parser';
import type * as z from 'zod';
import { formatIpAddress, parseIpAddress, parseIpPrefix } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { defaultEspProposals, defaultIkeProposals } from '../crypto/default-proposals.ts';
import { parseProposal } from '../crypto/proposals.ts';
import { readAuthentication } from './authentication/authentication.ts';
import { type FieldProblem, fieldProblem, profileInvalid, readRule } from './field-problem.ts';
import { type JsonDocument, type JsonPath, type JsonProblem, readJson } from './json-document.ts';
import { readLoginPlan } from './login-plan.ts';
import type { Profile, ProfileChild } from './profile.ts';
import {
  childProtocols,
  type ProfileDocument,
  parsePorts,
  profileJsonSchema,
  profileSchema,
} from './schema.ts';
import { suggest } from './suggest.ts';
import { canonicalHost, quote } from './text-rules.ts';
import { readPins, readPublicKeys, readRevocation, readTrustOf } from './trust.ts';

const fullTunnel = ['0.0.0.0/0', '::/0'];

/**
 * Reads a profile. `file` is its path, for messages and for the paths in it; nothing is opened. Fails with one
 * `profile.invalid` for each thing that is wrong (bounded), each with file, line, field and reason. The values of
 * fields are shown only where they cannot be secrets.
 */
export function parseProfile(
  text: string,
  file: string,
): Result<Profile, readonly Failure<'profile.invalid'>[]> {
  const document = readJson(text);
  if (!document.ok) return err(document.error.map((problem) => toFailure(file, problem)));
  const checked = profileSchema.safeParse(getNodeValue(document.value.root));
  if (checked.success) return ok(toProfile(checked.data, file));
  const problems = checked.error.issues.flatMap((issue) => problemsOf(issue, document.value));
  problems.sort((a, b) => a.line - b.line);
  return err(problems.slice(0, limits.profileFailures).map((problem) => toFailure(file, problem)));
}

function toFailure(file: string, found: JsonProblem): Failure<'profile.invalid'> {
  const { line, path, problem } = found;
  return profileInvalid(file, { line, field: formatPath(path), problem });
}

/** `authentication.username`, `remoteNetworks[2]`. */
function formatPath(path: JsonPath): string {
  if (path.length === 0) return '(the whole file)';
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      const name = /^[\w$-]{1,64}$/.test(part) ? part : quote(part);
      return index === 0 ? name : `.${name}`;
    })
    .join('');
}

function problemsOf(issue: z.core.$ZodIssue, document: JsonDocument): JsonProblem[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, limits.profileFailures).map((key) => ({
      line: document.lineOf(keyNode(document.root, path, key)?.offset ?? 0),
      path: [...path, key],
      problem: unknownField(key, path, methodAt(document.root, path)),
    }));
  }
  const node = findNodeAtLocation(document.root, [...path]);
  return [{ line: lineOfNearest(document, path), path, problem: problemIn(issue, node) }];
}

function lineOfNearest(document: JsonDocument, path: JsonPath): number {
  for (let length = path.length; length >= 0; length--) {
    const node = findNodeAtLocation(document.root, path.slice(0, length));
    if (node !== undefined) return document.lineOf(node.offset);
  }
  return 1;
}

function keyNode(root: Node, path: JsonPath, key: string): Node | undefined {
  const object = path.length === 0 ? root : findNodeAtLocation(root, [...path]);
  return object?.children?.find((member) => member.children?.[0]?.value === key);
}

function problemIn(issue: z.core.$ZodIssue, node: Node | undefined): FieldProblem {
  if (node === undefined) return issue.code === 'custom' ? readRule(issue.message) : fieldProblem('required');
  switch (issue.code) {
    case 'invalid_type': {
      const whole = issue.expected === 'int';
      if (node.type === 'number' && whole) return fieldProblem('whole-number');
      const wanted = withArticle(whole ? 'number' : issue.expected);
      return fieldProblem('type', { wanted, given: withArticle(node.type) });
    }
    case 'invalid_union': {
      const said = readRule(issue.message);
      if (issue.path.length === 1 || said.code !== 'said') return said;
      return fieldProblem('choice', { choices: knownMethods().join(' or ') });
    }
    case 'invalid_value':
      return fieldProblem('choice', {
        choices: issue.values.map((value) => JSON.stringify(value)).join(' or '),
      });
    default:
      return readRule(issue.message);
  }
}

function knownMethods(): readonly string[] {
  return variantsAt(['authentication']).map((variant) => JSON.stringify(variant.method));
}

function withArticle(type: string): string {
  if (type === 'null' || type === 'undefined') return type;
  return /^[aeio]/.test(type) ? `an ${type}` : `a ${type}`;
}

/** Words that people coming from other clients write, and where the thing goes here. */
const otherWords: Readonly<Record<string, string>> = {
  server: 'gateway',
  host: 'gateway',
  remote: 'gateway',
  user: 'authentication.username',
  username: 'authentication.username',
  ca: 'trust.ca',
  caFile: 'trust.caFile',
  routes: 'remoteNetworks',
  subnets: 'remoteNetworks',
  dpd: 'livenessSeconds',
  lifetime: 'rekey',
  lifetimes: 'rekey',
};

/** Which member of a union the file means at `path`. */
function methodAt(root: Node, path: JsonPath): unknown {
  return findNodeAtLocation(root, [...path, 'method'])?.value;
}

function unknownField(key: string, path: JsonPath, method: unknown): FieldProblem {
  if (/^(password|passwd|secret)$/i.test(key)) {
    return fieldProblem('password');
  }
  const variants = variantsAt(path);
  const meant = variants.filter((variant) => variant.method === method);
  const known = (meant.length > 0 ? meant : variants).flatMap((variant) => variant.fields);
  const other = Object.hasOwn(otherWords, key) ? otherWords[key] : undefined;
  const near = suggest(key, known) ?? other?.replace(`${path.join('.')}.`, '');
  if (near !== undefined) return fieldProblem('unknown-field-near', { meant: near });
  return fieldProblem('unknown-field', { known: known.filter((name) => name !== '$schema').join(', ') });
}

interface Variant {
  readonly method: string | undefined;
  readonly fields: readonly string[];
}

/** The objects that the schema allows at `path`: several where it is a union. */
function variantsAt(path: JsonPath): readonly Variant[] {
  let schemas: readonly unknown[] = [profileJsonSchema()];
  for (const part of path) {
    schemas = schemas.flatMap((schema) => {
      const properties = member(schema, 'properties');
      return alternatives(typeof part === 'number' ? member(schema, 'items') : member(properties, part));
    });
  }
  return schemas.map((schema) => {
    const properties = member(schema, 'properties');
    const method = member(member(properties, 'method'), 'const');
    return {
      method: typeof method === 'string' ? method : undefined,
      fields: typeof properties === 'object' && properties !== null ? Object.keys(properties) : [],
    };
  });
}

function alternatives(schema: unknown): readonly unknown[] {
  const union = member(schema, 'oneOf') ?? member(schema, 'anyOf');
  return Array.isArray(union) ? union : schema === undefined ? [] : [schema];
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}

function toProfile(document: ProfileDocument, file: string): Profile {
  const host = hostOf(document.gateway);
  const { authentication, dns, proposals } = document;
  const children = document.children?.map(childOf);
  const networks =
    document.remoteNetworks ?? document.children?.flatMap((child) => child.networks) ?? fullTunnel;
  return {
    name: document.name,
    gateways: { others: document.gateways.others.map(hostOf), choose: document.gateways.choose },
    gateway: { host, ikePort: document.ikePort, natTraversalPort: document.natTraversalPort },
    remoteIdentity: {
      expected: document.remoteIdentity ?? host,
      send: document.remoteIdentity !== null,
      given: typeof document.remoteIdentity === 'string',
    },
    localIdentity:
      document.localIdentity ?? ('username' in authentication ? authentication.username : undefined),
    authentication: readAuthentication(authentication, file),
    ...readLoginPlan(document, file),
    trust: readTrustOf(document.trust, file),
    pins: readPins(document.trust),
    publicKeys: readPublicKeys(document.trust, file),
    revocation: readRevocation(document.trust, file),
    fetchCertificates: document.trust?.fetchCertificates ?? false,
    requireServerAuth: document.trust?.requireServerAuth ?? true,
    allowSha1Signatures: document.trust?.allowSha1Signatures ?? false,
    remoteNetworks: networks.flatMap((network) => checkedValue(parseIpPrefix(network))),
    children,
    childless: document.childless,
    requestedAddresses: (document.requestedAddresses ?? []).flatMap((text) =>
      checkedValue(parseIpAddress(text)),
    ),
    fullTunnel: networks.some((network) => network.endsWith('/0')),
    onlyGatewaySubnets: document.onlyGatewaySubnets,
    proposals: {
      ike: proposals.ike?.flatMap((text) => checkedValue(parseProposal(text, 'ike'))) ?? defaultIkeProposals,
      esp: proposals.esp?.flatMap((text) => checkedValue(parseProposal(text, 'esp'))) ?? defaultEspProposals,
    },
    dns: {
      use: dns.use,
      servers: dns.servers?.flatMap((server) => checkedValue(parseIpAddress(server))),
      domains: dns.domains.map(canonicalHost),
    },
    mtu: document.mtu,
    workerPairs: document.workerPairs,
    liveness: document.livenessSeconds * 1_000,
    rekey: {
      child: document.rekey.childSeconds * 1_000,
      ike: document.rekey.ikeSeconds * 1_000,
      early: document.rekey.earlySeconds === 0 ? 'off' : document.rekey.earlySeconds * 1_000,
    },
    inactivity:
      document.inactivity === undefined
        ? undefined
        : { after: document.inactivity.seconds * 1_000, action: document.inactivity.action },
    reconnect: document.reconnect,
    followRedirects: document.followRedirects,
    allowNat: document.allowNat,
    keepalive: document.keepaliveSeconds === 'auto' ? 'auto' : document.keepaliveSeconds * 1_000,
  };
}

function childOf(child: NonNullable<ProfileDocument['children']>[number]): ProfileChild {
  const { protocol = 0, ports } = child;
  return {
    networks: child.networks.flatMap((network) => checkedValue(parseIpPrefix(network))),
    protocol: typeof protocol === 'number' ? protocol : childProtocols[protocol],
    ports: (ports === undefined ? undefined : parsePorts(ports)) ?? { first: 0, last: 65_535 },
  };
}

function hostOf(text: string): string {
  const address = parseIpAddress(text);
  return address.ok ? formatIpAddress(address.value) : canonicalHost(text);
}

/** One value or none, for what the schema has already checked. */
function checkedValue<T>(result: Result<T, unknown>): readonly T[] {
  return result.ok ? [result.value] : [];
}
