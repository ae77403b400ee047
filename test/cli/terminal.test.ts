import t from 'tap';
import { describeFailure } from '../../src/cli/terminal.ts';
import { Failure } from '../../src/util/failure.ts';

t.test('a failure is told in two lines: what happened, what to do', async (t) => {
  t.same(describeFailure(new Failure('dataDirLocked', 'data is locked by process 7. Stop that process.')), [
    'data is locked by process 7.',
    'Stop that process.',
  ]);
  const [happened, advice] = describeFailure(new Failure('walDamaged', 'wal/0001: bad CRC at 4096'));
  t.equal(happened, 'wal/0001: bad CRC at 4096');
  t.match(advice, /move the directory away/);
  t.match(describeFailure(new Failure('portTaken', 'port 2379\n is taken')), ['port 2379 is taken', /\S/]);
});

t.test('an error that nobody foresaw is told too', async (t) => {
  t.match(describeFailure(new TypeError('x is not a function')), ['x is not a function', /report/]);
  t.match(describeFailure('text'), ['text', /\S/]);
});
