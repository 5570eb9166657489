/** A document as the editor holds it: plain JSON, perhaps not a valid profile yet. */
export type Draft = Readonly<Record<string, unknown>>;

export type Json = Record<string, unknown>;

export const newDraft: Draft = {
  name: '',
  gateway: '',
  authentication: { method: 'eap-mschapv2', username: '' },
  trust: { ca: '' },
};

export function isObject(value: unknown): value is Json {
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
