import { profileJsonSchema } from '../../../../core/profile/schema.ts';

/** A document as the editor holds it: plain JSON, perhaps not a valid profile yet. */
export type Draft = Readonly<Record<string, unknown>>;

/** `number-or-word`: a number, or one of the `choices`. */
export type FieldKind =
  | 'text'
  | 'long-text'
  | 'number'
  | 'number-or-word'
  | 'switch'
  | 'choice'
  | 'list'
  /** A list of objects, which is shown and not typed. */
  | 'structure'
  /** A file with the user's key, which is imported and never typed. */
  | 'key-file';

/** One field of a profile, as the schema describes it. */
export interface ProfileField {
  /** `rekey.childSeconds`. */
  readonly path: string;
  readonly kind: FieldKind;
  readonly required: boolean;
  readonly default: unknown;
  readonly choices: readonly string[];
  readonly least: number | undefined;
  readonly most: number | undefined;
  /** The schema's own words, where the catalogue has none. */
  readonly description: string;
}

type Json = Record<string, unknown>;

let known: Json | undefined;

/** The fields that a profile may have, given how it logs in; those that name files of the machine are left out. */
export function profileFields(draft: Draft): readonly ProfileField[] {
  known ??= profileJsonSchema();
  return fieldsOf(known, '', draft, true);
}

function fieldsOf(schema: Json, prefix: string, draft: unknown, required: boolean): readonly ProfileField[] {
  const variant = variantFor(schema, draft);
  const properties = objectAt(variant, 'properties');
  const needed = Array.isArray(variant['required']) ? variant['required'] : [];
  const alternatives = methodsOf(schema);
  return Object.entries(properties).flatMap(([name, value]) => {
    if (name === '$schema' || name === 'file' || name.endsWith('File')) return [];
    const path = prefix === '' ? name : `${prefix}.${name}`;
    if (path.endsWith('.certificate.name')) return [];
    const inner = isObject(value) ? value : {};
    const must = required && needed.includes(name);
    const below = isObject(draft) ? draft[name] : undefined;
    if (name === 'method' && alternatives.length > 0) {
      return [{ ...field(path, inner, must), kind: 'choice' as const, choices: alternatives }];
    }
    const nested = isObject(inner['properties']) || methodsOf(inner).length > 0;
    return nested ? fieldsOf(inner, path, below, must) : [field(path, inner, must)];
  });
}

function field(path: string, schema: Json, required: boolean): ProfileField {
  const words = wordsBesideNumber(schema);
  const plain = plainOf(schema);
  const number = (name: string) => (typeof plain[name] === 'number' ? plain[name] : undefined);
  const choices = Array.isArray(plain['enum'])
    ? plain['enum'].filter((each) => typeof each === 'string')
    : typeof plain['const'] === 'string'
      ? [plain['const']]
      : words;
  return {
    path,
    kind: words.length > 0 ? 'number-or-word' : kindOf(path, plain, choices),
    required,
    default: schema['default'] ?? plain['default'],
    choices,
    least: number('minimum'),
    most: number('maximum'),
    description: typeof schema['description'] === 'string' ? schema['description'] : '',
  };
}

/** Not an object, nor one of several. */
function isPlain(schema: Json): boolean {
  return schema['properties'] === undefined && variantsOf(schema).length === 0;
}

function kindOf(path: string, schema: Json, choices: readonly string[]): FieldKind {
  if (choices.length > 0) return 'choice';
  if (/\.certificate\.(?:pkcs12|pem)$/.test(path)) return 'key-file';
  if (/\.(?:ca|crl|ocspSigner)$/.test(path)) return 'long-text';
  switch (schema['type']) {
    case 'boolean':
      return 'switch';
    case 'integer':
    case 'number':
      return 'number';
    case 'array':
      return isObject(schema['items']) && isPlain(schema['items']) ? 'list' : 'structure';
    default:
      return 'text';
  }
}

/** The words of a union of a number and words; empty for any other. */
function wordsBesideNumber(schema: Json): readonly string[] {
  const union = Array.isArray(schema['anyOf']) ? schema['anyOf'].filter(isObject) : [];
  const words = union.map((each) => each['const']).filter((each) => typeof each === 'string');
  return union.some(({ type }) => type === 'integer' || type === 'number') ? words : [];
}

/** Of a union with `null`, what is not `null`. */
function plainOf(schema: Json): Json {
  const any = schema['anyOf'];
  if (!Array.isArray(any)) return schema;
  const [first] = any.filter((each) => isObject(each) && each['type'] !== 'null');
  return isObject(first) ? first : schema;
}

/** Of a union by `method`, the one that the draft has; the first when it has none. */
function variantFor(schema: Json, draft: unknown): Json {
  const variants = variantsOf(schema);
  const method = isObject(draft) ? draft['method'] : undefined;
  return variants.find((variant) => methodOf(variant) === method) ?? variants[0] ?? schema;
}

function variantsOf(schema: Json): readonly Json[] {
  const union = schema['oneOf'] ?? schema['anyOf'];
  return Array.isArray(union) ? union.filter(isObject) : [];
}

function methodsOf(schema: Json): readonly string[] {
  return variantsOf(schema).flatMap((variant) => methodOf(variant) ?? []);
}

function methodOf(variant: Json): string | undefined {
  const method = objectAt(objectAt(variant, 'properties'), 'method')['const'];
  return typeof method === 'string' ? method : undefined;
}

function objectAt(of: Json, name: string): Json {
  const value = of[name];
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What the draft has at a path; `undefined` for nothing. */
export function valueAt(draft: Draft, path: string): unknown {
  let value: unknown = draft;
  for (const part of path.split('.'))
    value = isObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  return value;
}

/** The draft with another value at a path; `undefined` takes it out, and what is empty then around it. */
export function withValue(draft: Draft, path: string, value: unknown): Draft {
  const [name = '', ...rest] = path.split('.');
  const { [name]: before, ...others } = draft;
  if (rest.length === 0) return value === undefined ? others : { ...draft, [name]: value };
  const inner = withValue(isObject(before) ? before : {}, rest.join('.'), value);
  return Object.keys(inner).length === 0 ? others : { ...draft, [name]: inner };
}

/** Another way to log in keeps only what both ways have. */
export function withMethod(draft: Draft, method: string): Draft {
  const login = draft['authentication'];
  const fresh = { ...draft, authentication: { ...(isObject(login) ? login : {}), method } };
  const allowed = new Set(profileFields(fresh).map(({ path }) => path.split('.').slice(0, 2).join('.')));
  const kept = Object.entries(fresh.authentication).filter(([name]) => allowed.has(`authentication.${name}`));
  return { ...fresh, authentication: Object.fromEntries(kept) };
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
  /** Present in the draft. */
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
  const others = fields.filter(({ path }) => !essentialPaths.includes(path));
  const isSet = ({ path }: ProfileField) => valueAt(draft, path) !== undefined;
  return {
    essential,
    changed: others.filter(isSet),
    rest: others.filter((each) => !isSet(each) && each.kind !== 'key-file' && each.kind !== 'structure'),
  };
}

/** Someone must vouch for the gateway, unless it has the same key as the user. */
function needsCa(draft: Draft): boolean {
  const others = valueAt(draft, 'trust.system') ?? valueAt(draft, 'trust.pins');
  return others === undefined && valueAt(draft, 'authentication.method') !== 'psk';
}

/** The draft with another value of a field, and without what cannot stand beside it. */
export function withField(draft: Draft, path: string, value: unknown): Draft {
  if (path === 'authentication.method') return withMethod(draft, String(value));
  // It is there or not.
  const set = withValue(draft, path, path === 'trust.system' && value === false ? undefined : value);
  const noCa = path === 'trust.system' || (path === 'trust.pins' && valueAt(draft, 'trust.ca') === '');
  return noCa && value !== undefined && value !== false ? withValue(set, 'trust.ca', undefined) : set;
}

/** A value to begin with when a field is added: its default, or nothing of its kind. */
export function firstValue({ kind, default: given, choices, least }: ProfileField): unknown {
  if (kind === 'switch') return typeof given === 'boolean' ? !given : true;
  if (given !== undefined) return given;
  switch (kind) {
    case 'number':
      return least ?? 0;
    case 'list':
      return [];
    case 'choice':
    case 'number-or-word':
      return choices[0] ?? '';
    default:
      return '';
  }
}

export const newDraft: Draft = {
  name: '',
  gateway: '',
  authentication: { method: 'eap-mschapv2', username: '' },
  trust: { ca: '' },
};

export function formatDraft(draft: Draft): string {
  return `${JSON.stringify(draft, null, 2)}\n`;
}

/** The draft in a text; `undefined` when it is not a JSON object. */
export function readDraft(text: string): Draft | undefined {
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
