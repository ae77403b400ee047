/** Each rule that is switched off is noticed, and what notices it is quiet when the rule is on. */

import t from 'tap';
import { controlOptions, runControl } from '../../src/sim/control-run.ts';
import { controls } from '../../src/sim/controls.ts';
import { runSeed } from '../../src/sim/index.ts';

// Much is computed here, and a busy machine may need long for it.
t.setTimeout(600_000);

t.ok(controls.length >= 30);
t.equal(new Set(controls.map(({ mutant }) => mutant)).size, controls.length);

for (const control of controls) {
  if (control.isSlow === true) continue;
  const { mutant, breaks, seeds } = control;
  t.test(`${mutant} is caught: ${breaks}`, async (t) => {
    const { first } = runControl(control, seeds, true);
    if (first === null) {
      t.fail(`not noticed in ${seeds} seeds`);
      return;
    }
    t.comment(`seed ${first.seed}: ${first.violation!.message.split('\n')[0]}`);
    const rightly = runSeed(first.seed, controlOptions(control));
    t.equal(rightly.violation, null, 'with the rule on, the same seed passes');
  });
}
