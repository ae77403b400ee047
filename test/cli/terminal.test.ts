import t from 'tap';
import { describeFailure, failureText } from '../../src/cli/terminal.ts';
import { Failure } from '../../src/util/failure.ts';
import { diskFailed } from '../../src/wal/disk-failed.ts';

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

t.test('a full disk and too few files are told as what they are, whatever was tried', async (t) => {
  const full = diskFailed('opening /d/wal', new Error('ENOSPC: no space left on device, write'));
  t.match(describeFailure(full), [
    /^opening \/d\/wal failed: ENOSPC.*\.$/,
    /make room.*start this member again/,
  ]);
  const error = new Error("EMFILE: too many open files, open '/d/state/1'");
  t.match(describeFailure(error), [/^EMFILE/, /ulimit -n/]);
  const cause = new Error('IO error: /d/state/7.log: No space left on device');
  t.match(describeFailure(new Error('Database failed to open', { cause })), [
    /failed to open: IO error/,
    /make room/,
  ]);
  t.match(failureText(new Error('Database failed to open', { cause })), /No space left on device$/);
  t.match(describeFailure(diskFailed('writing', new Error('EIO: i/o error'))), [/EIO/, /Look at the disk/]);
});

t.test('an error that nobody foresaw is told too', async (t) => {
  t.match(describeFailure(new TypeError('x is not a function')), ['x is not a function', /report/]);
  t.match(describeFailure('text'), ['text', /\S/]);
});
