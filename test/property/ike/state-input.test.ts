import { describe, it, test } from 'node:test';
import fc from 'fast-check';
import { type Input, inputs } from './inputs.ts';
import { type Machine, situations } from './machine.ts';

/*
 * Whatever comes in whatever state: nothing throws, one request is outstanding, a closed engine stays closed, its keys are wiped.
 */

for (const [situation, make] of situations) {
  describe(situation, () => {
    for (const [name, give] of inputs) {
      it(name, () => {
        const machine = make();
        give(machine);
        // And once more, in whatever state that led to.
        give(machine);
        machine.act((scenario) => scenario.command('disconnect'));
        machine.act((scenario) => scenario.command('abandon'));
      });
    }
  });
}

class Step implements fc.Command<object, Machine> {
  readonly #input: Input;

  constructor(input: Input) {
    this.#input = input;
  }

  check(): boolean {
    return true;
  }

  run(_model: object, machine: Machine): void {
    this.#input[1](machine);
  }

  toString(): string {
    return this.#input[0];
  }
}

test('any sequence of inputs from any situation', () => {
  const steps = inputs.map((input) => fc.constant(new Step(input)));
  fc.assert(
    fc.property(
      fc.constantFrom(...situations),
      fc.commands(steps, { maxCommands: 40 }),
      ([, make], commands) => {
        fc.modelRun(() => ({ model: {}, real: make() }), commands);
      },
    ),
    { numRuns: 200 },
  );
});
