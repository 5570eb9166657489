import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openDataplane } from '../../../core/dataplane/open-dataplane.ts';
import { SpareWorkers } from '../../../core/dataplane/spare-workers.ts';
import { openUdpSocket } from '../../../core/platform/linux/udp-socket.ts';
import { until } from './rig.ts';

const run = promisify(execFile);
const threads = (): number => readdirSync('/proc/self/task').length;
const descriptors = (): number => readdirSync('/proc/self/fd').length;

function openOn(spares: SpareWorkers) {
  const socket = openUdpSocket({ family: 4 });
  assert.ok(socket.ok);
  const opened = openDataplane(
    { udpFd: socket.value.fd },
    { onIke: () => undefined, onFailure: (error) => assert.fail(error.code) },
    spares,
  );
  assert.ok(opened.ok);
  return opened.value;
}

describe('threads in reserve', () => {
  const spares = new SpareWorkers();
  after(() => spares.close());
  const without = threads();

  /** The kernel shows a thread that was joined for a moment longer. */
  async function noneIsLeft(): Promise<void> {
    await until(() => threads() <= without);
    assert.equal(threads(), without);
  }

  test('a data plane takes the pair in reserve, and starts no other', async () => {
    spares.prepare();
    assert.equal(threads(), without + 2);
    const dataplane = openOn(spares);
    assert.equal(threads(), without + 2);
    await dataplane.close();
    await noneIsLeft();
  });

  test('there is never more than one pair in reserve', async () => {
    spares.prepare();
    spares.prepare();
    assert.equal(threads(), without + 2);
    await spares.close();
    await noneIsLeft();
    spares.prepare();
    assert.equal(threads(), without, 'closed is closed');
  });

  test('no thread and no descriptor is left of many connections', async () => {
    const own = new SpareWorkers();
    const cycle = async (): Promise<void> => {
      own.prepare();
      await openOn(own).close();
    };
    await cycle();
    const before = descriptors();
    for (let i = 0; i < 5; i += 1) await cycle();
    await own.close();
    await noneIsLeft();
    assert.equal(descriptors(), before);
  });

  test('a pair that was never used is ended by close', async () => {
    const before = descriptors();
    const own = new SpareWorkers();
    own.prepare();
    await own.close();
    await noneIsLeft();
    assert.equal(descriptors(), before);
  });

  test('a process with a pair in reserve ends by itself, and at once when it is told to', async () => {
    const program = fileURLToPath(new URL('./spare-process.ts', import.meta.url));
    for (const args of [[], ['0'], ['500']])
      await run(process.execPath, [program, ...args], { timeout: 60_000 });
  });
});
