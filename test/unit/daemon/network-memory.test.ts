import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { NetworkMemory } from '../../../core/daemon/network-memory.ts';

const folder = mkdtempSync(join(tmpdir(), 'godwit-memory-'));
after(() => rmSync(folder, { recursive: true }));

const file = join(folder, 'state', 'networks.json');
const day = 86_400_000;
let wall = 1_000 * day;
const warnings: string[] = [];
const open = () =>
  NetworkMemory.open(
    file,
    () => wall,
    ({ event }) => void warnings.push(event),
  );
const name = (number: number) => number.toString(16).padStart(32, '0');
const gateway = '198.51.100.1';

test('what was learnt is known after a restart, in a file for the daemon alone', async () => {
  const memory = await open();
  assert.deepEqual(memory.recall(name(1), gateway), {});
  memory.remember(name(1), gateway, { pathMtu: 1_400, heldMs: 45_000 });
  memory.remember(name(1), '2001:db8::1', { pathMtu: 1_280, heldMs: 45_000, lostMs: 90_000 });
  memory.remember(name(1), gateway, { heldMs: 50_000, lostMs: 90_000 });
  await memory.settled();
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const again = await open();
  assert.deepEqual(again.recall(name(1), gateway), { pathMtu: 1_400, heldMs: 50_000, lostMs: 90_000 });
  assert.deepEqual(again.recall(name(1), '192.0.2.9'), { heldMs: 50_000, lostMs: 90_000 });
  assert.deepEqual(again.recall(name(2), gateway), {}, 'another network');
});

test('a loss is believed for a week, the rest for half a year', async () => {
  wall += (limits.networkLossDays + 1) * day;
  assert.deepEqual((await open()).recall(name(1), gateway), { pathMtu: 1_400, heldMs: 50_000 });
  wall += limits.networkKnownDays * day;
  assert.deepEqual((await open()).recall(name(1), gateway), {});
});

test('the file stays bounded, and the networks of long ago go first', async () => {
  const memory = await open();
  for (let i = 0; i < 200; i++)
    for (let j = 0; j < limits.gatewaysOfNetwork + 4; j++)
      memory.remember(name(i), `192.0.2.${j}`, { pathMtu: 1_400 });
  await memory.settled();
  assert.ok(statSync(file).size < 65_536);
  const again = await open();
  assert.deepEqual(again.recall(name(199), '192.0.2.11'), { pathMtu: 1_400 });
  assert.deepEqual(again.recall(name(199), '192.0.2.1'), {}, 'one of too many gateways');
  assert.deepEqual(again.recall(name(199 - limits.networksKnown), '192.0.2.11'), {});
});

test('a file that is not as it should be counts for nothing, and is replaced', async () => {
  const good = readFileSync(file, 'utf8');
  const wrong = [
    'not JSON',
    '{}',
    '{"version":2,"networks":[]}',
    good.replace('"octets":1400', '"octets":1'),
    good.replace('"at":', '"more":1,"at":'),
    `${good}${' '.repeat(70_000)}`,
  ];
  for (const text of wrong) {
    writeFileSync(file, text);
    const memory = await open();
    assert.deepEqual(memory.recall(name(199), '192.0.2.11'), {}, text.slice(0, 40));
    memory.remember(name(5), gateway, { pathMtu: 1_300 });
    await memory.settled();
    assert.deepEqual((await open()).recall(name(5), gateway), { pathMtu: 1_300 });
  }
});

test('a folder that cannot be written is told of, and nothing else', async () => {
  const memory = await NetworkMemory.open(
    join(file, 'networks.json'),
    () => wall,
    ({ event }) => void warnings.push(event),
  );
  warnings.length = 0;
  memory.remember(name(1), gateway, { pathMtu: 1_400 });
  await memory.settled();
  assert.deepEqual(warnings, ['networks.not-kept']);
  assert.deepEqual(memory.recall(name(1), gateway), { pathMtu: 1_400 });
});
