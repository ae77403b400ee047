import t from 'tap';
import { StopSignals, sameWishMs } from '../../src/cli/stop-signals.ts';

t.test(
  'sameWishMs of cli/stop-signals: a signal that comes twice by two ways is one wish, a later one is another',
  async (t) => {
    const signals = new StopSignals();
    t.equal(signals.take(1000), 'stop');
    t.equal(signals.take(1000), 'same');
    t.equal(signals.take(1000 + sameWishMs - 1), 'same');
    t.equal(signals.take(1000 + sameWishMs), 'end');
  },
);
