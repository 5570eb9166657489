import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MtuSearch } from '../../../core/tunnel/paths/mtu-search.ts';

/** Every probe of a search on a path that lets packets of `path` octets through. */
function probes(
  linkMtu: number,
  path: number,
  before?: number,
): { readonly tried: number[]; readonly found: number | undefined } {
  const search = new MtuSearch(linkMtu, before);
  const tried: number[] = [];
  for (let next = search.next; next !== undefined; next = search.next) {
    assert.equal(search.found, undefined, 'no answer before its time');
    tried.push(next);
    assert.ok(tried.length < 10, 'it ends');
    search.note(next, next <= path);
  }
  return { tried, found: search.found };
}

test('where the link is the narrowest part, one probe is enough', () => {
  assert.deepEqual(probes(1500, 1500), { tried: [1500], found: 1500 });
  assert.deepEqual(probes(1420, 1500), { tried: [1420], found: 1420 });
  assert.deepEqual(probes(9000, 9000), { tried: [1500], found: 1500 });
});

test('else the largest known size that fits is found in a few', () => {
  for (const [path, found] of [
    [1499, 1492],
    [1400, 1400],
    [1399, 1380],
    [1300, 1300],
    [1280, 1280],
    [600, 576],
  ] as const) {
    const search = probes(1500, path);
    assert.equal(search.found, found);
    assert.ok(search.tried.length <= 5, `${search.tried}`);
  }
});

test('where nothing gets through there is no answer, and an answer to another question is none', () => {
  assert.equal(probes(1500, 100).found, undefined);
  const search = new MtuSearch(1500);
  search.note(1234, true);
  assert.equal(search.next, 1500);
});

test('what was found before is asked first, and then only whether more is possible', () => {
  assert.deepEqual(probes(1500, 1500, 1500), { tried: [1500], found: 1500 });
  assert.deepEqual(probes(1500, 1400, 1400), { tried: [1400, 1420], found: 1400 });
  assert.deepEqual(probes(1500, 1492, 1492), { tried: [1492, 1500], found: 1492 });
  assert.deepEqual(probes(1420, 1420, 1500), { tried: [1420], found: 1420 }, 'the link is smaller now');
  assert.deepEqual(probes(1500, 1350, 1350), { tried: [1350, 1380], found: 1350 }, 'a size of its own');
});

test('what is proven is what was sent, however large it was meant to be', () => {
  const search = new MtuSearch(1_500);
  search.note(1_500, true, 1_488);
  assert.equal(search.found, 1_488);
});

test('a path that became wider or narrower is found all the same', () => {
  assert.deepEqual(probes(1500, 1500, 1400), { tried: [1400, 1420, 1500], found: 1500 });
  for (const path of [600, 1_200, 1_300, 1_390, 1_450, 1_492]) {
    const fresh = probes(1500, path).found;
    for (const before of [1_124, 1_280, 1_400, 1_492, 1_500])
      assert.equal(probes(1500, path, before).found, fresh);
  }
});
