/** Each rule that is switched off is noticed, and what notices it is quiet when the rule is on. */

import t from 'tap';
import { controls } from '../../src/sim/controls.ts';
import { type Outcome, type RunOptions, runSeed } from '../../src/sim/index.ts';

t.ok(controls.length >= 10);

for (const { mutant, breaks, seeds, shape } of controls) {
  t.test(`${mutant} is caught: ${breaks}`, async (t) => {
    const options: RunOptions = {
      safetyMs: 10_000,
      livenessMs: 30_000,
      ...(shape === undefined ? {} : { shape }),
    };
    let caught: Outcome | null = null;
    for (let seed = 1; seed <= seeds && caught === null; seed++) {
      const outcome = runSeed(seed, { ...options, mutant });
      if (outcome.violation !== null) caught = outcome;
    }
    if (caught === null) {
      t.fail(`not noticed in ${seeds} seeds`);
      return;
    }
    t.comment(`seed ${caught.seed}: ${caught.violation!.message.split('\n')[0]}`);
    const control = runSeed(caught.seed, options);
    t.equal(control.violation, null, 'with the rule on, the same seed passes');
  });
}
