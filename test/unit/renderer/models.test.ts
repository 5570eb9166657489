import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failure } from '../../../core/base/errors.ts';
import { dropCauses } from '../../../core/esp/drop-cause.ts';
import { askRequestSchema } from '../../../core/rpc/asks.ts';
import type { Sample, TunnelSnapshot } from '../../../core/rpc/values.ts';
import { chartSeries, lastRoundTrip } from '../../../renderer/features/connection/model/chart-series.ts';
import { headline } from '../../../renderer/features/connection/model/headline.ts';
import { proofAge } from '../../../renderer/features/connection/model/proof-age.ts';
import { rekeyDue } from '../../../renderer/features/details/model/rekey-due.ts';
import { sumDrops } from '../../../renderer/features/details/model/sum-drops.ts';
import { filterLog } from '../../../renderer/features/logs/model/filter-log.ts';
import { type Draft, newDraft, valueAt, withValue } from '../../../renderer/features/profiles/model/draft.ts';
import {
  splitFields,
  withField,
  withMethod,
} from '../../../renderer/features/profiles/model/profile-fields.ts';
import { review } from '../../../renderer/features/profiles/model/review.ts';
import { searchProfiles } from '../../../renderer/features/profiles/model/search-profiles.ts';
import { askForm } from '../../../renderer/features/prompts/model/ask-form.ts';
import { de } from '../../../renderer/i18n/de.ts';
import { en } from '../../../renderer/i18n/en.ts';
import { plainText } from '../../../renderer/ui/foreign-text.ts';
import { snapshotOf } from '../rpc/snapshots.ts';

test('the age of a proof grows with the clock alone', () => {
  const proof = { provenAt: 1_000 };
  assert.deepEqual(proofAge(proof, 1_500), { ageMs: 500, freshness: 'now' });
  assert.deepEqual(proofAge(proof, 4_200), { ageMs: 3_200, freshness: 'fresh' });
  assert.deepEqual(proofAge(proof, 31_000), { ageMs: 30_000, freshness: 'stale' });
  assert.equal(proofAge(undefined, 5), undefined);
  assert.equal(proofAge(proof, 900)?.ageMs, 0);
});

test('the headline is unknown without a daemon, whatever was known before', () => {
  const state = {
    snapshot: snapshotOf({ state: 'disconnected', since: 5 }),
    commandFailure: undefined,
    dismissed: undefined,
  };
  assert.equal(
    headline({ ...state, link: { state: 'up', version: '1', match: 'same' } }).mood,
    'disconnected',
  );
  assert.equal(
    headline({ ...state, link: { state: 'down', error: failure('rpc.unavailable') } }).mood,
    'unknown',
  );
});

test('a failure stays until it is put away, and a cancelled attempt is none', () => {
  const link = { state: 'up', version: '1', match: 'same' } as const;
  const failed = (lastFailure: ReturnType<typeof failure>): TunnelSnapshot => ({
    state: 'disconnected',
    since: 7,
    lastFailure,
  });
  const of = (tunnel: TunnelSnapshot, dismissed?: number) =>
    headline({ snapshot: snapshotOf(tunnel), link, commandFailure: undefined, dismissed }).mood;
  assert.equal(of(failed(failure('auth.password'))), 'failed');
  assert.equal(of(failed(failure('auth.password')), 7), 'disconnected');
  assert.equal(of(failed(failure('auth.password')), 6), 'failed');
  assert.equal(of(failed(failure('tunnel.cancelled'))), 'disconnected');
});

const sample = (at: number, more: Partial<Sample> = {}): Sample => ({
  at,
  attempt: 1,
  inboundRate: 100,
  outboundRate: 50,
  inboundOctets: 0,
  outboundOctets: 0,
  provenAgeMs: 0,
  ...more,
});

test('a chart has bits, its window, a break where nothing was measured, and never runs backwards', () => {
  const series = chartSeries(
    [sample(1_000), sample(400_000), sample(401_000, { roundTripMs: 12 }), sample(409_000), sample(408_500)],
    300_000,
  );
  assert.deepEqual(series.times, [400, 401, 401.001, 409]);
  assert.deepEqual(series.inbound, [800, 800, null, 800]);
  assert.deepEqual(series.roundTrips, [null, 12, null, null]);
  assert.equal(lastRoundTrip([sample(1, { roundTripMs: 5 }), sample(2)]), 5);
  assert.deepEqual(chartSeries([], 1_000).times, []);
  const rested = chartSeries([sample(1_000), sample(60_000, { idleMs: 59_000 })], 300_000);
  assert.deepEqual(rested.times, [1, 1.001, 59.999, 60]);
  assert.deepEqual(rested.inbound, [800, 0, 0, 800], 'a line at zero, where nothing moved');
});

test('keys are due before their lifetime ends', () => {
  assert.deepEqual(rekeyDue({ ageMs: 1_000, lifetimeMs: 4_000 }, 1_000), {
    ageMs: 2_000,
    remainingMs: 2_000,
    part: 0.5,
  });
  assert.equal(rekeyDue({ ageMs: 9_000, lifetimeMs: 4_000 }, 0).remainingMs, 0);
  assert.equal(rekeyDue({ ageMs: 9_000 }, 0).remainingMs, undefined);
});

test('the log is filtered by level and by words in any order, newest first', () => {
  const lines = [
    { at: 1, level: 'info', event: 'state.connected', fields: { espRekeys: 1 } },
    { at: 2, level: 'warn', event: 'state.reconnecting', fields: { cause: 'peer.dead' } },
  ] as const;
  assert.deepEqual(
    filterLog(lines, 'info', '').map(({ at }) => at),
    [2, 1],
  );
  assert.deepEqual(
    filterLog(lines, 'warn', '').map(({ at }) => at),
    [2],
  );
  assert.deepEqual(
    filterLog(lines, 'info', 'DEAD state').map(({ at }) => at),
    [2],
  );
  assert.deepEqual(filterLog(lines, 'info', 'nothing'), []);
});

test('profiles are found by name, gateway and id; broken ones come last', () => {
  const entries = [
    { id: 'b', file: '', failures: [failure('profile.invalid')] },
    { id: 'z', file: '', name: 'Zürich', gateway: 'zh.example', failures: [] },
    { id: 'a', file: '', name: 'Aarau', gateway: 'ag.example', failures: [] },
  ];
  assert.deepEqual(
    searchProfiles(entries, '').map(({ id }) => id),
    ['a', 'z', 'b'],
  );
  assert.deepEqual(
    searchProfiles(entries, 'EXAMPLE zür').map(({ id }) => id),
    ['z'],
  );
});

test('the editor lists what differs from the defaults, and what could be added', () => {
  const draft = { ...newDraft, mtu: 1_300, dns: { use: false } };
  const { essential, changed, rest } = splitFields(draft);
  assert.deepEqual(
    essential.map(({ path }) => path),
    ['name', 'gateway', 'authentication.method', 'authentication.username', 'trust.ca'],
  );
  assert.deepEqual(changed.map(({ path }) => path).sort(), ['dns.use', 'mtu']);
  assert.ok(rest.some(({ path }) => path === 'rekey.childSeconds'));
});

test('a value is set and taken out with what is empty around it', () => {
  const set = withValue({ name: 'x' }, 'rekey.childSeconds', 60);
  assert.deepEqual(set, { name: 'x', rekey: { childSeconds: 60 } });
  assert.equal(valueAt(set, 'rekey.childSeconds'), 60);
  assert.deepEqual(withValue(set, 'rekey.childSeconds', undefined), { name: 'x' });
  assert.equal(valueAt({}, '__proto__.x'), undefined);
  assert.equal(valueAt({}, 'toString'), undefined);
});

test('whoever vouches for the gateway, only one does, and none is asked for twice', () => {
  const paths = (draft: Draft) => splitFields(draft).essential.map(({ path }) => path);
  const draft = { ...newDraft, name: 'x' };
  assert.ok(paths(draft).includes('trust.ca'));
  const system = withField(draft, 'trust.system', true);
  assert.deepEqual(system['trust'], { system: true });
  assert.ok(!paths(system).includes('trust.ca'));
  assert.equal(withField(system, 'trust.system', false)['trust'], undefined);
  assert.ok(paths(withField(system, 'trust.system', false)).includes('trust.ca'));
  const pinned = withField({ ...draft, trust: { ca: 'PEM' } }, 'trust.pins', ['key-sha256:00']);
  assert.deepEqual(
    pinned['trust'],
    { ca: 'PEM', pins: ['key-sha256:00'] },
    'a CA and pins can stand together',
  );
});

test('drops of one cause are added up over the directions, and each cause has words', () => {
  assert.deepEqual(sumDrops([{ 'too-big': 2, replayed: 0 }, { 'too-big': 3 }, {}]), [['too-big', 5]]);
  const causes = dropCauses.filter((cause) => cause !== 'none').sort();
  for (const text of [en, de]) assert.deepEqual(Object.keys(text.details.causes).sort(), causes);
});

test('another way to log in keeps what both have', () => {
  const draft = {
    ...newDraft,
    authentication: { method: 'eap-mschapv2', username: 'a', alternatives: ['eap-gtc'] },
  };
  const tls = withMethod(draft, 'authentication', 'eap-tls');
  assert.deepEqual(tls['authentication'], { method: 'eap-tls', username: 'a' });
});

test('a draft is judged as the daemon would judge it, field by field', () => {
  const { problems } = review({ ...newDraft, name: 'x', gateway: 'not a host', mtu: 9_000 });
  assert.deepEqual([...problems.keys()].sort(), ['authentication.username', 'gateway', 'mtu', 'trust.ca']);
  const good = review({
    name: 'x',
    gateway: 'vpn.example.org',
    authentication: { method: 'eap-mschapv2', username: 'a' },
    trust: { ca: '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----' },
  });
  assert.ok(good.good);
  const hidden = review({ ...newDraft, ppk: { id: '' }, nonsense: 1 });
  assert.deepEqual([...hidden.elsewhere.keys()], ['nonsense']);
  assert.equal(hidden.problems.get('gateway')?.code, 'required', 'empty is not wrong, but missing');
});

test('each question that the daemon can ask can be put, with words of its own or in general, and the answer has its kind', () => {
  const kinds = askRequestSchema.options.map((option) => option.shape.kind.value);
  for (const kind of kinds) {
    const request = {
      kind,
      identity: 'alice',
      profile: 'Office',
      retry: 1,
      file: 'a.p12',
      token: 'T',
      triesLeft: 'last',
      certificates: [],
    };
    const form = askForm(request as never, en);
    assert.ok(form !== undefined, `${kind} has no form: add it to ask-form.ts`);
    assert.equal(form.answer('x').kind, kind);
  }
  assert.equal(askForm({ kind: 'later' } as never, en), undefined, 'what takes no text can only be refused');
});

test('foreign text shows what it is', () => {
  assert.equal(plainText('a\u202eb\u0000c\u200b\u2028'), 'a\\u{202e}b\\u{0}c\\u{200b}\\u{2028}');
  assert.equal(plainText('x'.repeat(600)).length, 513);
  assert.equal(plainText('Grüße, 東京'), 'Grüße, 東京');
});
