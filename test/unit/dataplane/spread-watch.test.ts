import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { SpreadWatch } from '../../../core/dataplane/spread/spread-watch.ts';
import type { ProcessorTime } from '../../../core/platform/linux/processor-time.ts';

/** A machine and its traffic, second by second. */
class Machine {
  readonly changes: boolean[] = [];
  looks = 0;
  time: ProcessorTime | undefined = { up: 1_000, idle: 5_000 };
  octets = 0;
  readonly watch = new SpreadWatch({
    octets: () => this.octets,
    processorTime: () => {
      this.looks++;
      return this.time;
    },
    onChange: (isSpread) => this.changes.push(isSpread),
  });

  pass(seconds: number, idle: number, octets: number = limits.busyOctets): void {
    for (let i = 0; i < seconds; i++) {
      if (this.time !== undefined) this.time = { up: this.time.up + 1, idle: this.time.idle + idle };
      this.octets += octets;
      mock.timers.tick(1_000);
    }
  }
}

function withMachine(body: (machine: Machine) => void): void {
  mock.timers.enable({ apis: ['setInterval'] });
  try {
    body(new Machine());
  } finally {
    mock.timers.reset();
  }
}

test('flows are spread while there is much to carry and a processor to carry it, and come back with either', () => {
  withMachine((machine) => {
    machine.pass(5, 3);
    assert.equal(machine.looks, 0, 'nobody looks at a machine before there is much');
    machine.watch.begin();
    machine.watch.begin();
    machine.pass(4, 0.5);
    assert.deepEqual(machine.changes, []);
    machine.pass(2, 1.5);
    assert.deepEqual(machine.changes, [true]);
    machine.pass(2, 0);
    assert.deepEqual(machine.changes, [true, false]);
    machine.pass(12, 2);
    assert.deepEqual(machine.changes, [true, false, true]);
    machine.pass(3, 2, 1_000);
    assert.deepEqual(machine.changes, [true, false, true, false]);
    const { looks } = machine;
    machine.pass(10, 2, 1_000);
    assert.equal(machine.looks, looks, 'and nobody looks any more');
    machine.watch.begin();
    machine.pass(2, 2);
    assert.equal(machine.changes.at(-1), true);
    machine.watch.end();
    assert.equal(machine.changes.at(-1), false);
  });
});

test('where the system does not tell of its processors nothing is spread', () => {
  withMachine((machine) => {
    machine.time = undefined;
    machine.watch.begin();
    machine.pass(30, 4);
    assert.deepEqual(machine.changes, []);
  });
});
