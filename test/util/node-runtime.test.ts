import t from 'tap';

import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { silentLogger } from '../../src/util/runtime.ts';

t.test('a timer never fires early by the clock, and a cancelled one not at all', (t) => {
  const { clock } = nodeRuntime();
  const start = clock.now();
  const delays = [0, 0.4, 1.7, 3.2, 5, 9.9];
  let fired = 0;
  for (const delay of delays) {
    clock.setTimer(delay, () => {
      t.ok(clock.now() - start >= delay, `${delay} ms have passed`);
      if (++fired === delays.length) t.end();
    });
  }
  const cancelled = clock.setTimer(2, () => t.fail('cancelled'));
  cancelled.cancel();
  cancelled.cancel();
  t.throws(() => clock.setTimer(Number.NaN, () => {}), /delay/);
});

t.test('a wait longer than setTimeout can count does not end at once', (t) => {
  const { clock } = nodeRuntime();
  const timer = clock.setTimer(2 ** 40, () => t.fail('too early'));
  clock.setTimer(20, () => {
    timer.cancel();
    t.end();
  });
});

t.test('deferred jobs run in order and not before the call returns', (t) => {
  const { scheduler } = nodeRuntime();
  const seen: number[] = [];
  for (let i = 0; i < 5; i++) scheduler.defer(() => seen.push(i));
  scheduler.defer(() => {
    t.same(seen, [0, 1, 2, 3, 4]);
    t.end();
  });
  t.same(seen, []);
});

t.test('random numbers are 32-bit integers and differ between runtimes', (t) => {
  const draw = (): number[] => {
    const { random } = nodeRuntime();
    return Array.from({ length: 600 }, () => random.uint32());
  };
  const first = draw();
  t.ok(first.every((value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32));
  t.ok(new Set(first).size > 590);
  t.not(first[0] === draw()[0] && first[1] === draw()[1], true);
  t.equal(nodeRuntime().log, silentLogger);
  t.end();
});
