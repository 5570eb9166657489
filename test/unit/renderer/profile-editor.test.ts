import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profileJsonSchema } from '../../../core/profile/schema.ts';
import {
  type Draft,
  isObject,
  newDraft,
  valueAt,
  withValue,
} from '../../../renderer/features/profiles/model/draft.ts';
import { groupOf, inGroups } from '../../../renderer/features/profiles/model/field-groups.ts';
import { findFields } from '../../../renderer/features/profiles/model/find-fields.ts';
import {
  firstValue,
  splitFields,
  withField,
} from '../../../renderer/features/profiles/model/profile-fields.ts';
import { review } from '../../../renderer/features/profiles/model/review.ts';
import {
  type FieldKind,
  type ProfileField,
  profileFields,
} from '../../../renderer/features/profiles/model/schema-fields.ts';
import { de } from '../../../renderer/i18n/de.ts';
import { en } from '../../../renderer/i18n/en.ts';
import { fieldWords, problemWords } from '../../../renderer/i18n/explain.ts';

const methods = profileFields({}).find(({ path }) => path === 'authentication.method')?.choices ?? [];

/** Paths of all that a profile may say, lists and their members too; objects only by what is in them. */
function settingsOf(schema: unknown, prefix = ''): string[] {
  if (!isObject(schema)) return [];
  const union = [schema['oneOf'] ?? schema['anyOf']].flat().filter(isObject);
  const within = union.flatMap((each) => (isObject(each['properties']) ? settingsOf(each, prefix) : []));
  const properties = isObject(schema['properties']) ? Object.entries(schema['properties']) : [];
  const own = properties.flatMap(([name, inner]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    const below = settingsOf(inner, path);
    const items = isObject(inner) ? settingsOf(inner['items'], `${path}[]`) : [];
    return below.length > 0 ? below : [path, ...items];
  });
  return [...new Set([...own, ...within])];
}

/** A draft with each way to log in, and the fields that it may have. */
const drafts = methods.map((method): Draft => {
  const login = { method, ...(method.startsWith('eap') || method === 'peap' ? { username: 'alice' } : {}) };
  return { ...newDraft, name: 'x', gateway: 'vpn.example.org', authentication: login };
});
const everyField = new Map(
  [...drafts, { secondAuthentication: { method: 'eap-tls' } }]
    .flatMap((draft) => profileFields(draft))
    .map((field) => [field.path, field]),
);

test('each setting of the schema has a name, a sentence and a place, in both languages', () => {
  const paths = settingsOf(profileJsonSchema());
  for (const path of ['trust.publicKeyFile', 'workerPairs', 'children[].ports', 'otherwise[].method'])
    assert.ok(paths.includes(path), path);
  assert.ok(paths.length > 100, `${paths.length}`);
  for (const path of paths) {
    const [english, german] = [fieldWords(en, path), fieldWords(de, path)];
    assert.ok(english?.label && english.help, `${path} has no English words: add them to en-fields.ts`);
    assert.ok(german?.label && german.help, `${path} has no German words: add them to de-fields.ts`);
    assert.notEqual(german.help, english.help, path);
    assert.match(`${english.help} ${german.help}`, /^\p{Lu}.*[.…] \p{Lu}.*[.…]$/u, `${path}: sentences`);
    if (path !== '$schema')
      assert.ok(groupOf(path), `${path} belongs to no group: add it to field-groups.ts`);
  }
  const labels = paths.map((path) => fieldWords(en, path)?.label);
  assert.ok(labels.length - new Set(labels).size < 20, 'settings can be told apart');
});

test('each word that can be chosen is one of both languages', () => {
  for (const { path, choices } of everyField.values())
    for (const choice of choices)
      for (const text of [en, de]) assert.ok(Object.hasOwn(text.choices, choice), `${path}: ${choice}`);
});

test('each setting has the control that fits it', () => {
  const kindOf = (path: string) => everyField.get(path)?.kind;
  const kinds: Readonly<Record<string, FieldKind>> = {
    name: 'text',
    'trust.ca': 'long-text',
    'trust.publicKey': 'long-text',
    'trust.publicKeyFile': 'file',
    'ppk.file': 'file',
    'trust.system': 'switch',
    allowNat: 'switch',
    ikePort: 'number',
    'inactivity.seconds': 'number',
    'inactivity.action': 'choice',
    'authentication.compatibility': 'choice',
    mtu: 'number-or-word',
    keepaliveSeconds: 'number-or-word',
    workerPairs: 'number-or-word',
    'gateways.others': 'list',
    'authentication.alternatives': 'ranking',
    'authentication.innerMethods': 'ranking',
    remoteIdentity: 'text-or-none',
    children: 'children',
    otherwise: 'structure',
    'authentication.otherCertificates': 'structure',
    'authentication.certificate.pkcs12': 'key-file',
    'authentication.key.pem': 'long-text',
  };
  for (const [path, kind] of Object.entries(kinds)) assert.equal(kindOf(path), kind, path);
  for (const { path, kind, unit, least, most, example } of everyField.values()) {
    if (kind !== 'number' && kind !== 'number-or-word') continue;
    assert.ok(least !== undefined && most !== undefined, path);
    assert.ok(unit !== undefined || /Port$|^workerPairs$/.test(path), `${path} has no unit`);
    if (kind === 'number-or-word') assert.ok(example !== undefined && example >= least, path);
  }
});

const wrong: Readonly<Record<FieldKind, readonly unknown[]>> = {
  text: ['', 'a\u0007', 'x'.repeat(10_000)],
  'long-text': ['', 'no PEM', 'x'.repeat(2_000_000)],
  'text-or-none': ['', 7],
  number: ['', -1, 1.5, 1e9, 'seven'],
  'number-or-word': ['', -1, 1.5, 1e9, 'seven'],
  switch: ['yes', 0],
  choice: ['', 'nonsense'],
  list: ['text', ['two words'], Array.from({ length: 2_000 }, () => 'a.example')],
  ranking: ['text', ['nonsense'], Array.from({ length: 20 }, () => 'eap-gtc')],
  children: [[{}], [{ networks: ['nonsense'] }], [{ networks: ['10.0.0.0/8'], protocol: 'gre' }], 'text'],
  structure: ['text', [7], [{ method: 'nonsense' }], Array.from({ length: 40 }, () => ({}))],
  file: ['a.pem'],
  'key-file': ['?'],
};

test('what is wrong with a field is told beside it, in words of both languages', () => {
  const silent = new Set(['trust.system', 'trust.ca', 'trust.publicKey', 'trust.pins']);
  const seen = new Set<string>();
  for (const draft of drafts) {
    for (const { path, kind } of profileFields(draft).filter((each) => !seen.has(each.path))) {
      seen.add(path);
      for (const value of wrong[kind]) {
        const set = withValue(draft, path, value);
        const { problems, elsewhere, good } = review(set);
        if (good || (problems.get(path) === undefined && silent.has(path))) continue;
        for (const problem of [...problems.values(), ...elsewhere.values()]) {
          assert.notEqual(problem.code, 'said', `${path}: ${JSON.stringify(problem)}`);
          for (const text of [en, de]) assert.ok(text.problems[problem.code] ?? text === en, problem.code);
          assert.doesNotMatch(problemWords(de, problem), /\b(?:must|not|the|is)\b/, path);
        }
        const beside = [...problems.keys(), ...elsewhere.keys()];
        assert.ok(beside.length > 0 && !elsewhere.has(path), `${path}: ${beside.join()}`);
      }
    }
  }
});

test('a setting that is added is shown, and what it needs beside it', () => {
  const seen = new Set<string>();
  for (const draft of drafts) {
    const before = review(draft).elsewhere;
    for (const field of splitFields(draft).rest.filter(({ path }) => !seen.has(path))) {
      seen.add(field.path);
      const added = withField(draft, field.path, firstValue(field));
      const { changed, essential } = splitFields(added);
      const shown = [...changed, ...essential].map(({ path }) => path);
      assert.ok(shown.includes(field.path), field.path);
      assert.ok(!splitFields(added).rest.some(({ path }) => path === field.path));
      const hidden = [...review(added).elsewhere.keys()].filter((path) => !before.has(path));
      assert.deepEqual(hidden, [], field.path);
      const back = withField(added, field.path, undefined);
      assert.equal(valueAt(back, field.path), undefined);
    }
  }
  const paths = (draft: Draft) => splitFields(draft).changed.map(({ path }) => path);
  assert.deepEqual(paths({ ...newDraft, inactivity: { action: 'disconnect' } }), [
    'inactivity.seconds',
    'inactivity.action',
  ]);
  assert.deepEqual(paths({ ...newDraft, ppk: { required: false } }), ['ppk.id', 'ppk.required']);
});

test('a second login shows its own fields once it has a method, and goes as a whole', () => {
  const offered = (draft: Draft) =>
    splitFields(draft)
      .rest.map(({ path }) => path)
      .filter((path) => path.startsWith('second'));
  assert.deepEqual(offered(newDraft), ['secondAuthentication.method']);
  const second = withField(newDraft, 'secondAuthentication.method', 'eap-gtc');
  assert.ok(splitFields(second).changed.some(({ path }) => path === 'secondAuthentication.username'));
  assert.ok(offered(second).includes('secondAuthentication.eapIdentity'));
  assert.equal(
    withField(second, 'secondAuthentication.method', undefined)['secondAuthentication'],
    undefined,
  );
  const named = withField(second, 'secondAuthentication.username', 'bob');
  assert.deepEqual(withField(named, 'secondAuthentication.method', 'eap-tls')['secondAuthentication'], {
    method: 'eap-tls',
    username: 'bob',
  });
});

test('files that a profile of the computer names are shown, and offered to nobody', () => {
  const draft = {
    ...newDraft,
    authentication: { method: 'eap-mschapv2', username: 'a', passwordFile: 'a.password' },
    trust: { caFile: 'ca.pem', revocation: { crlFile: 'a.crl' } },
    preSharedKeyFile: 'a.psk',
  };
  const { changed, rest, essential } = splitFields(draft);
  assert.deepEqual(
    changed.filter(({ kind }) => kind === 'file').map(({ path }) => path),
    ['authentication.passwordFile', 'preSharedKeyFile', 'trust.caFile', 'trust.revocation.crlFile'],
  );
  assert.ok(!essential.some(({ path }) => path === 'trust.ca'), 'the file vouches');
  assert.deepEqual(
    rest.filter(({ kind }) => kind === 'file' || kind === 'key-file'),
    [],
  );
});

test('a public key of the gateway vouches in place of a CA, and networks go or children', () => {
  const draft = { ...newDraft, name: 'x' };
  const keyed = withField(draft, 'trust.publicKey', 'PEM');
  assert.deepEqual(keyed['trust'], { publicKey: 'PEM' });
  assert.ok(!splitFields(keyed).essential.some(({ path }) => path === 'trust.ca'));
  const networks = withField(draft, 'remoteNetworks', ['10.0.0.0/8']);
  const children = withField(networks, 'children', [{ networks: ['10.0.0.0/8'] }]);
  assert.equal(children['remoteNetworks'], undefined);
  assert.equal(withField(children, 'remoteNetworks', [])['children'], undefined);
});

test('settings are found by their names, sentences, choices and names in the file, in any order', () => {
  const { rest } = splitFields(newDraft);
  const find = (words: string, text = en) =>
    findFields(rest, words, (field: ProfileField) => ({
      label: fieldWords(text, field.path)?.label ?? '',
      help: fieldWords(text, field.path)?.help ?? '',
      choices: field.choices.map((choice) => text.choices[choice] ?? choice),
    })).map(({ path }) => path);
  assert.equal(find('mtu')[0], 'mtu');
  assert.deepEqual(find('SERVERS dns'), ['dns.servers']);
  assert.ok(find('fortinet').length === 0 && find('forticlient').includes('authentication.compatibility'));
  assert.ok(find('keepaliveSeconds').includes('keepaliveSeconds'));
  assert.ok(find('lebensdauer', de).includes('rekey.childSeconds'));
  assert.ok(find('schlussel', de).includes('rekey.childSeconds'), 'without its dots');
  assert.deepEqual(
    find('ESP', de).slice(0, 2),
    ['proposals.esp', 'trust.revocation.mode'],
    'gesperrt has it too',
  );
  assert.equal(find('  ').length, rest.length);
});

test('settings stand in groups in one order, and none is left out', () => {
  const { rest } = splitFields(newDraft);
  const grouped = inGroups(rest);
  assert.equal(grouped.flatMap(({ fields }) => fields).length, rest.length);
  for (const { group } of grouped)
    for (const text of [en, de]) assert.notEqual(text.editor.groups[group], '');
});
