import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'vite';
import { type FailureCode, failure, failureCatalogue } from '../../../core/base/errors.ts';
import { type FieldProblemCode, fieldProblems } from '../../../core/profile/field-problem.ts';
import { parseProfile } from '../../../core/profile/parse-profile.ts';
import { de } from '../../../renderer/i18n/de.ts';
import { germanFailures } from '../../../renderer/i18n/de-failures.ts';
import { germanProblems } from '../../../renderer/i18n/de-problems.ts';
import { en } from '../../../renderer/i18n/en.ts';
import { explainIn, failureReport } from '../../../renderer/i18n/explain.ts';
import { createFormats } from '../../../renderer/i18n/format.ts';

const renderer = fileURLToPath(new URL('../../../renderer', import.meta.url));

/** Attributes whose text a user sees or hears. */
const spoken = new Set(['aria-label', 'title', 'placeholder', 'alt', 'label']);
const word = /\p{L}{2,}/u;

interface Node {
  readonly type: string;
  readonly start: number;
}

function isNode(value: unknown): value is Node & Record<string, unknown> {
  return typeof value === 'object' && value !== null && 'type' in value;
}

/** Words of a user that stand in a component instead of the catalogue. */
function wordsOutside(source: string, file: string): string[] {
  const found: string[] = [];
  const note = (text: unknown) => {
    if (typeof text === 'string' && word.test(text)) found.push(`${file}: ${text.trim()}`);
  };
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit);
    if (!isNode(value)) return;
    if (value.type === 'JSXText') note(value['value']);
    if (value.type === 'JSXAttribute') {
      const name = isNode(value['name']) ? value['name']['name'] : undefined;
      const content = isNode(value['value']) ? value['value']['value'] : undefined;
      if (typeof name === 'string' && spoken.has(name)) note(content);
    }
    if (value.type === 'JSXElement' && Array.isArray(value['children'])) {
      for (const child of value['children']) {
        const expression = isNode(child) ? child['expression'] : undefined;
        if (isNode(expression) && expression.type === 'Literal') note(expression['value']);
      }
    }
    for (const [key, child] of Object.entries(value)) if (key !== 'parent') visit(child);
  };
  visit(parseSync(file, source, { lang: 'tsx' }).program);
  return found;
}

test('no component has words of its own: all stand in the catalogue', () => {
  const files = globSync('**/*.tsx', { cwd: renderer });
  assert.ok(files.length > 15);
  // Names that are the same in every language.
  const names = new Set(['features/connection/view/figures.tsx: ms']);
  for (const file of files) {
    const outside = wordsOutside(readFileSync(join(renderer, file), 'utf8'), file);
    assert.deepEqual(
      outside.filter((text) => !names.has(text)),
      [],
    );
  }
});

test('the search for such words finds them', () => {
  const source = `export const A = () => <p title="Hello there">Some words{'More words'}<img alt="" /></p>;`;
  assert.equal(wordsOutside(source, 'a.tsx').length, 3);
});

function keysOf(value: object, prefix = ''): string[] {
  return Object.entries(value).flatMap(([name, inner]) => {
    const path = `${prefix}${name}`;
    return typeof inner === 'object' && inner !== null ? keysOf(inner, `${path}.`) : [path];
  });
}

test('German has each entry of the English catalogue, and no other', () => {
  const { failures: _, problems: _e, ...english } = en;
  const { failures: __, problems: _g, ...german } = de;
  assert.deepEqual(keysOf(german).sort(), keysOf(english).sort());
});

test('each entry of both catalogues says something, sentences with a gap too', () => {
  const visit = (value: unknown, path: string): void => {
    if (typeof value === 'function') value = Reflect.apply(value, undefined, ['X', 'Y']);
    if (typeof value === 'string')
      return assert.ok(value.trim() !== '' && !value.includes('undefined'), path);
    for (const [name, inner] of Object.entries(value ?? {})) visit(inner, `${path}.${name}`);
  };
  visit(en, 'en');
  visit(de, 'de');
});

test('what is told of failures in German has the same evidence as in English', () => {
  const places = (text: string) =>
    [...new Set([...text.matchAll(/\{\w+\}/g)].map(([place]) => place))].sort();
  for (const [code, german] of Object.entries(germanFailures)) {
    assert.ok(Object.hasOwn(failureCatalogue, code), `${code} is no failure of the core any more`);
    const english = failureCatalogue[code as FailureCode];
    const known = places(`${english.what} ${english.next}`);
    const said = places(`${german.what} ${german.next}`);
    assert.deepEqual(
      said.filter((place) => !known.includes(place)),
      [],
      code,
    );
  }
});

test('what is wrong with a field is told in German with no more than the rule says', () => {
  const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place);
  for (const [code, german] of Object.entries(germanProblems)) {
    const english: string = fieldProblems[code as FieldProblemCode];
    for (const place of places(german)) assert.ok(english.includes(place), `${code}: ${place}`);
  }
  const [wrong] = [parseProfile('{"name":"x","mtu":9}', 'x.json')].flatMap((each) =>
    each.ok ? [] : each.error,
  );
  assert.ok(wrong !== undefined);
  const { what } = explainIn(de, wrong);
  assert.match(what, /wird gebraucht\.$/);
});

test('failures without German words are told in English, and which those are', (t) => {
  const missing = Object.keys(failureCatalogue).filter((code) => !Object.hasOwn(germanFailures, code));
  if (missing.length > 0) t.diagnostic(`no German words yet: ${missing.join(', ')}`);
  const { what } = explainIn({ ...de, failures: {} }, failure('peer.dead'));
  assert.equal(what, 'The gateway no longer answers.');
});

test('evidence from outside is escaped and isolated in a sentence', () => {
  const error = failure('certificate.unknown-ca', { holder: 'gateway', issuer: 'CN=<b>\u202eevil\u0007' });
  for (const text of [en, de]) {
    const { what } = explainIn(text, error);
    assert.ok(what.includes('\u2068CN=<b>\\u{202e}evil\\u{7}\u2069'), what);
  }
  assert.match(explainIn(de, error).what, /\(Gateway\)/);
  assert.match(explainIn(en, error).what, /gateway/);
  assert.doesNotMatch(failureReport(en, error, ['Godwit 1']), /[\u2068\u2069\u202e]/);
});

test('numbers are written as the language does', () => {
  const german = createFormats('de');
  const english = createFormats('en');
  assert.deepEqual(english.rate(312_500), { value: '2.5', unit: 'Mbit/s' });
  assert.deepEqual(german.rate(312_500), { value: '2,5', unit: 'Mbit/s' });
  assert.deepEqual(english.rate(0), { value: '0', unit: 'bit/s' });
  assert.equal(english.gap(1_240), '1,240 ms');
  assert.equal(german.gap(38_400), '38,4 s');
  assert.equal(english.age(59_999), '59 s');
  assert.equal(english.age(61_000), '1 min 1 s');
  assert.equal(english.age(-5), '0 s');
  assert.equal(english.octets(402_000_000), '402 MB');
});
