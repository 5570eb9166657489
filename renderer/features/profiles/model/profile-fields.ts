import { type Draft, isObject, valueAt, withValue } from './draft.ts';
import { type ProfileField, profileFields } from './schema-fields.ts';

/** Another way to log in keeps only what both ways have. `at`: where the login stands. */
export function withMethod(draft: Draft, at: string, method: string): Draft {
  const login = draft[at];
  const fresh = { ...(isObject(login) ? login : {}), method };
  const allowed = new Set(
    profileFields({ ...draft, [at]: fresh }).map(({ path }) => path.split('.').slice(0, 2).join('.')),
  );
  const kept = Object.entries(fresh).filter(([name]) => allowed.has(`${at}.${name}`));
  return { ...draft, [at]: Object.fromEntries(kept) };
}

/** The fields that are always shown; all others only where they differ from the default. */
const essentialPaths: readonly string[] = [
  'name',
  'gateway',
  'authentication.method',
  'authentication.username',
  'trust.ca',
];

export interface FieldSplit {
  readonly essential: readonly ProfileField[];
  /** Present in the draft, or needed by what is. */
  readonly changed: readonly ProfileField[];
  /** Can be added. */
  readonly rest: readonly ProfileField[];
}

export function splitFields(draft: Draft): FieldSplit {
  const fields = profileFields(draft).map((each) =>
    each.path === 'trust.ca' ? { ...each, required: needsCa(draft) } : each,
  );
  const essential = essentialPaths
    .flatMap((path) => fields.filter((each) => each.path === path))
    .filter(({ path }) => path !== 'trust.ca' || needsCa(draft) || valueAt(draft, path) !== undefined);
  const shown = new Set(essential.map(({ path }) => path));
  const others = fields.filter(({ path }) => !shown.has(path));
  const isThere = ({ path, required, kind }: ProfileField) =>
    valueAt(draft, path) !== undefined || (required && kind !== 'key-file');
  return {
    essential,
    changed: others.filter(isThere),
    rest: others.filter((each) => !isThere(each) && canBeAdded(each, draft)),
  };
}

function canBeAdded({ path, kind }: ProfileField, draft: Draft): boolean {
  if (kind === 'key-file' || kind === 'file') return false;
  const [, certificate] = /^(.+\.certificate)\.pkcs11/.exec(path) ?? [];
  if (certificate !== undefined) {
    const onToken = valueAt(draft, `${certificate}.pkcs11`) !== undefined;
    return onToken || (path.endsWith('pkcs11') && valueAt(draft, certificate) === undefined);
  }
  // How comes first; what belongs to it then shows itself.
  const [, first] = /^(secondAuthentication)\.(?!method$)/.exec(path) ?? [];
  return first === undefined || draft[first] !== undefined;
}

/** Someone must vouch for the gateway, unless it has the same key as the user. */
function needsCa(draft: Draft): boolean {
  const others = ['system', 'pins', 'publicKey', 'publicKeyFile', 'caFile'];
  const vouched = others.some((name) => valueAt(draft, `trust.${name}`) !== undefined);
  return !vouched && valueAt(draft, 'authentication.method') !== 'psk';
}

/** The draft with another value of a field, and without what cannot stand beside it. */
export function withField(draft: Draft, path: string, value: unknown): Draft {
  const [, at] = /^(authentication|secondAuthentication)\.method$/.exec(path) ?? [];
  if (at !== undefined)
    return value === undefined ? withValue(draft, at, undefined) : withMethod(draft, at, String(value));
  // It is there or not.
  const set = withValue(draft, path, path === 'trust.system' && value === false ? undefined : value);
  if (value === undefined || value === false) return set;
  const beside = path === 'trust.pins' || path === 'trust.publicKey';
  const noCa = path === 'trust.system' || (beside && valueAt(draft, 'trust.ca') === '');
  if (noCa) return withValue(set, 'trust.ca', undefined);
  if (path === 'children') return withValue(set, 'remoteNetworks', undefined);
  return path === 'remoteNetworks' ? withValue(set, 'children', undefined) : set;
}

/** A value to begin with when a field is added: another than its default where there are but two, else that or an example. */
export function firstValue({ kind, default: given, choices, least, example }: ProfileField): unknown {
  if (kind === 'switch') return typeof given === 'boolean' ? !given : true;
  switch (kind) {
    case 'number':
      return given ?? example ?? least ?? 0;
    case 'number-or-word':
      return example ?? least ?? given;
    case 'list':
    case 'structure':
      return [];
    case 'ranking':
      return choices.slice(0, 1);
    case 'children':
      return [{ networks: [] }];
    case 'choice':
      return choices.find((choice) => choice !== given) ?? '';
    default:
      return '';
  }
}
