import { objectAt, objectOf, textAt } from './json-object.ts';

/** What only the user may know of an imported profile. */
export interface DraftAdditions {
  readonly name?: string | undefined;
  readonly gateway?: string | undefined;
  readonly method?: string | undefined;
  readonly username?: string | undefined;
  readonly trust?: { readonly ca: string } | { readonly system: true } | undefined;
}

/** Puts what the user says into a draft, in place of what it has. Text that is no JSON object stays as it is. */
export function completeDraft(text: string, additions: DraftAdditions): string {
  const document = objectOf(text);
  if (document === undefined) return text;
  const { name, gateway, method, username, trust } = additions;
  const login = objectAt(document, 'authentication');
  const { ca: _, caFile: __, system: ___, ...otherTrust } = objectAt(document, 'trust');
  const completed = {
    ...document,
    ...given({ name, gateway }),
    ...(method === undefined && username === undefined
      ? {}
      : { authentication: { ...login, ...given({ method, username }) } }),
    ...(trust === undefined ? {} : { trust: { ...trust, ...otherTrust } }),
  };
  return `${JSON.stringify(completed, null, 2)}\n`;
}

/** What a profile must say and a draft does not. */
export type DraftLack = 'gateway' | 'username' | 'trust';

export function lacksOf(text: string): readonly DraftLack[] {
  const document = objectOf(text) ?? {};
  const login = objectAt(document, 'authentication');
  const method = textAt(login, 'method') ?? '';
  const named = method.startsWith('eap-') || method === 'peap';
  const vouched = method === 'psk' || Object.hasOwn(document, 'gatewayAuthentication');
  const lacks: readonly (readonly [lack: DraftLack, is: boolean])[] = [
    ['gateway', textAt(document, 'gateway') === undefined],
    ['username', named && textAt(login, 'username') === undefined],
    ['trust', !vouched && Object.keys(objectAt(document, 'trust')).length === 0],
  ];
  return lacks.flatMap(([lack, is]) => (is ? [lack] : []));
}

function given(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
