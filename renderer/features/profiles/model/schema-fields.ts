import { profileJsonSchema } from '../../../../core/profile/schema.ts';
import { type Draft, isObject, type Json } from './draft.ts';

/** How a field is shown. */
export type FieldKind =
  | 'text'
  | 'long-text'
  /** A text, or `null` for none at all. */
  | 'text-or-none'
  | 'number'
  /** A number, or one of the `choices`. */
  | 'number-or-word'
  | 'switch'
  | 'choice'
  | 'list'
  /** Some of the `choices`, best first. */
  | 'ranking'
  /** Networks with a protocol and ports, each a CHILD SA. */
  | 'children'
  /** A list of objects, as JSON. */
  | 'structure'
  /** The path of a file, which only a profile of the computer may have. */
  | 'file'
  /** A file with the user's key, which is imported and never typed. */
  | 'key-file';

export type FieldUnit = 'seconds' | 'octets';

/** One field of a profile, as the schema describes it. */
export interface ProfileField {
  /** `rekey.childSeconds`. */
  readonly path: string;
  readonly kind: FieldKind;
  /** Given what is there around it. */
  readonly required: boolean;
  readonly default: unknown;
  readonly choices: readonly string[];
  readonly least: number | undefined;
  readonly most: number | undefined;
  readonly unit: FieldUnit | undefined;
  /** The first number that the schema gives as an example. */
  readonly example: number | undefined;
}

let known: Json | undefined;

/** The fields that a profile may have, given how it logs in. */
export function profileFields(draft: Draft): readonly ProfileField[] {
  known ??= profileJsonSchema();
  return fieldsOf(known, '', draft, true);
}

function fieldsOf(schema: Json, prefix: string, draft: unknown, present: boolean): readonly ProfileField[] {
  const variant = variantFor(schema, draft);
  const properties = objectAt(variant, 'properties');
  const needed = Array.isArray(variant['required']) ? variant['required'] : [];
  const alternatives = methodsOf(schema);
  return Object.entries(properties).flatMap(([name, value]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    // What a key file is called is shown with it; `$schema` is for other editors.
    if (name === '$schema' || /\.(?:certificate|key)\.name$/.test(path)) return [];
    const inner = isObject(value) ? value : {};
    const must = present && needed.includes(name);
    const below = isObject(draft) ? draft[name] : undefined;
    if (name === 'method' && alternatives.length > 0) {
      return [{ ...field(path, inner, must), kind: 'choice' as const, choices: alternatives }];
    }
    const nested = isObject(inner['properties']) || methodsOf(inner).length > 0;
    return nested ? fieldsOf(inner, path, below, must || below !== undefined) : [field(path, inner, must)];
  });
}

function field(path: string, schema: Json, required: boolean): ProfileField {
  const words = wordsBesideNumber(schema);
  const plain = plainOf(schema);
  const number = (name: string) => (typeof plain[name] === 'number' ? plain[name] : undefined);
  const items = objectAt(plain, 'items');
  const choices = textsOf(plain['enum'] ?? items['enum'] ?? [plain['const']]);
  const examples: readonly unknown[] = Array.isArray(schema['examples']) ? schema['examples'] : [];
  return {
    path,
    kind: words.length > 0 ? 'number-or-word' : kindOf(path, plain, schema),
    required,
    default: schema['default'] ?? plain['default'],
    choices: words.length > 0 ? words : choices,
    least: number('minimum'),
    most: number('maximum'),
    unit: /[sS]econds$/.test(path) ? 'seconds' : path === 'mtu' ? 'octets' : undefined,
    example: examples.find((each) => typeof each === 'number'),
  };
}

function kindOf(path: string, plain: Json, whole: Json): FieldKind {
  if (/(?:File|^ppk\.file)$/.test(path)) return 'file';
  if (path === 'children') return 'children';
  if (typeof plain['const'] === 'string' || Array.isArray(plain['enum'])) return 'choice';
  if (/\.certificate\.(?:pkcs12|pem)$/.test(path)) return 'key-file';
  if (/\.(?:ca|crl|ocspSigner|publicKey|pem)$/.test(path)) return 'long-text';
  switch (plain['type']) {
    case 'boolean':
      return 'switch';
    case 'integer':
    case 'number':
      return 'number';
    case 'array':
      return listKind(objectAt(plain, 'items'));
    default:
      return whole === plain ? 'text' : 'text-or-none';
  }
}

function listKind(items: Json): FieldKind {
  if (Array.isArray(items['enum'])) return 'ranking';
  return items['properties'] === undefined && variantsOf(items).length === 0 ? 'list' : 'structure';
}

function textsOf(values: unknown): readonly string[] {
  return Array.isArray(values) ? values.filter((each) => typeof each === 'string') : [];
}

/** The words of a union of a number and words; empty for any other. */
function wordsBesideNumber(schema: Json): readonly string[] {
  const union = anyOf(schema);
  return union.some(isNumber) ? textsOf(union.map((each) => each['const'])) : [];
}

/** Of a union with `null`, what is not `null`; of one with words, the number. */
function plainOf(schema: Json): Json {
  const union = anyOf(schema);
  return union.find(isNumber) ?? union.find(({ type }) => type !== 'null') ?? schema;
}

function anyOf(schema: Json): readonly Json[] {
  return Array.isArray(schema['anyOf']) ? schema['anyOf'].filter(isObject) : [];
}

function isNumber({ type }: Json): boolean {
  return type === 'integer' || type === 'number';
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
