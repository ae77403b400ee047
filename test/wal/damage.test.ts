import t from 'tap';

import { Failure } from '../../src/util/failure.ts';
import type { WalMutant } from '../../src/wal/types.ts';
import type { FaultDisk } from './fault-disk.ts';
import {
  appended,
  appendNow,
  contentOf,
  difference,
  directory,
  emptyContent,
  entriesOf,
  generator,
  type LogContent,
  newLog,
  openLog,
  segmentPaths,
  settle,
} from './harness.ts';

/** A log of three segments or more, closed, and what it holds. */
function closedLog(payload = 120): { disk: FaultDisk; content: LogContent; paths: string[] } {
  const { world, disk, wal } = newLog();
  let content: LogContent = emptyContent();
  let inThird = 0;
  for (let i = 1; inThird < 6; i++) {
    if (segmentPaths(disk).length >= 3) inThird++;
    const hardState = i % 3 === 0 ? { term: i, vote: `n${i}`, commit: i - 1 } : null;
    content = appended(content, entriesOf(i, 1, i, payload), hardState);
    appendNow(world, wal, entriesOf(i, 1, i, payload), hardState);
  }
  settle(world, (done) => wal.close(done));
  return { disk, content, paths: segmentPaths(disk) };
}

function failureOf(open: () => unknown): Failure | null {
  try {
    open();
    return null;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

function usedBytes(content: Buffer): number {
  let end = content.length;
  while (end > 0 && content[end - 1] === 0) end--;
  return end;
}

function flipped(content: Buffer, at: number, mask: number): Buffer {
  const copy = Buffer.from(content);
  copy[at] = copy[at]! ^ mask;
  return copy;
}

t.test('a bit flipped anywhere is reported with file and offset, or was where nothing counts', (t) => {
  const { disk, content, paths } = closedLog();
  const uint32 = generator(7);
  let refused = 0;
  let harmless = 0;
  for (const [number, path] of paths.entries()) {
    const whole = disk.content(path);
    const used = usedBytes(whole);
    for (let at = 0; at < whole.length; at += at < used ? 1 : 61) {
      const bad = disk.with({ [path]: flipped(whole, at, 1 << (uint32() % 8)) });
      let found: LogContent | null = null;
      const failure = failureOf(() => {
        found = contentOf(bad);
      });
      if (failure === null) {
        harmless++;
        const problem = difference(found!, content, 0);
        if (problem !== null) t.fail(`a flip at ${at} of ${used} in ${path}: ${problem}`);
        // The last 24 bytes are the End or, in the last file, the Mark of closing; zeros follow.
        if (at < used - 24) t.fail(`a flip at ${at} of ${used} in ${path} was not noticed`);
        continue;
      }
      refused++;
      const where = /damaged in (\S+) at offset (\d+):/.exec(failure.message);
      if (failure.reason !== 'walDamaged' || where === null) t.fail(`${failure.reason} ${failure.message}`);
      else if (where[1] !== path || Number(where[2]) > at || Number(where[2]) < at - 512) {
        t.fail(`a flip at ${at} in ${path} was reported as: ${failure.message}`);
      }
    }
    t.ok(used > 1000, `segment ${number + 1}: ${used} bytes used`);
  }
  t.ok(refused > 5000 && harmless > 20, `${refused} refused, ${harmless} harmless`);
  t.end();
});

t.test('the refusal says what to do', (t) => {
  const { disk, paths } = closedLog();
  const failure = failureOf(() =>
    contentOf(disk.with({ [paths[0]!]: flipped(disk.content(paths[0]!), 700, 1) })),
  );
  t.match(
    failure!.message,
    /put back a sound copy .* or remove the member from the cluster and add a new one/,
  );
  t.end();
});

t.test('rot of what was synced is told from a torn tail by the write that came after it', (t) => {
  const { world, disk, wal } = newLog();
  appendNow(world, wal, entriesOf(1, 1, 1, 1000));
  const before = usedBytes(disk.content(segmentPaths(disk)[0]!));
  appendNow(world, wal, entriesOf(2, 1, 1, 1000));
  const path = segmentPaths(disk)[0]!;
  const rotten = disk.with({ [path]: flipped(disk.content(path), before + 500, 4) });
  t.equal(contentOf(rotten).entries.length, 1, 'the last group of all cannot be told from a tear');

  appendNow(world, wal, [], { term: 1, vote: 'a', commit: 0 });
  const proven = disk.with({ [path]: flipped(disk.content(path), before + 500, 4) });
  t.match(
    failureOf(() => contentOf(proven)),
    {
      reason: 'walDamaged',
      message: /does not match its checksum, and a later write at offset \d+ shows/,
    },
  );
  t.end();
});

t.test('rot in the second record of a group is told by the group behind it', (t) => {
  const { world, disk, wal } = newLog();
  appendNow(world, wal, entriesOf(1, 1, 1));
  wal.append(entriesOf(2, 1, 1), null, () => {});
  wal.append(entriesOf(3, 1, 1), null, () => {});
  wal.append(entriesOf(4, 1, 1, 300), null, () => {});
  world.run();
  const path = segmentPaths(disk)[0]!;
  const used = usedBytes(disk.content(path));
  appendNow(world, wal, entriesOf(5, 1, 1));
  const rotten = disk.with({ [path]: flipped(disk.content(path), used - 100, 1) });
  t.equal(failureOf(() => contentOf(rotten))?.reason, 'walDamaged');
  t.end();
});

t.test('a sound record of another history in the place of the right one is noticed', (t) => {
  const files = ['a', 'b'].map((vote) => {
    const { world, disk, wal } = newLog();
    for (let i = 1; i <= 3; i++) appendNow(world, wal, entriesOf(i, 1, 1), { term: 1, vote, commit: 0 });
    return { disk, path: segmentPaths(disk)[0]!, used: usedBytes(disk.content(segmentPaths(disk)[0]!)) };
  });
  const [ours, theirs] = files as [(typeof files)[0], (typeof files)[0]];
  const length = Math.ceil((ours.used - 512) / 24) * 8;
  const mixed = Buffer.from(ours.disk.content(ours.path));
  theirs.disk.content(theirs.path).copy(mixed, 512, 512, 512 + length);
  t.match(
    failureOf(() => contentOf(ours.disk.with({ [ours.path]: mixed }))),
    {
      reason: 'walDamaged',
      message: new RegExp(`offset ${512 + length}: the record does not follow the one before it`),
    },
  );
  t.end();
});

t.test('opening a log marks its end: from then on, rot there is told as well', (t) => {
  const { world, disk, wal } = newLog();
  appendNow(world, wal, entriesOf(1, 1, 1, 1000));
  openLog(world, disk);
  const path = segmentPaths(disk)[0]!;
  t.equal(
    failureOf(() => contentOf(disk.with({ [path]: flipped(disk.content(path), 900, 4) })))?.reason,
    'walDamaged',
  );
  t.end();
});

t.test('an image of a log inside a value is not taken for a later write', (t) => {
  const { world, disk, wal } = newLog({ segmentBytes: 64 * 1024 });
  for (let i = 1; i <= 20; i++) appendNow(world, wal, entriesOf(i, 1, 1, 40));
  const path = segmentPaths(disk)[0]!;
  // The very bytes of later groups, of a log with the same seed, aligned as records are, behind a torn beginning.
  const image = disk.content(path).subarray(512, 4096);
  const { world: other, disk: victim, wal: log } = newLog({ segmentBytes: 64 * 1024 });
  appendNow(other, log, entriesOf(1, 1, 1, 40));
  log.append([{ index: 2, term: 1, type: 0, data: image }], null, () => {});
  const torn = victim.crash({ name: () => true, byte: (_write, at) => at >= 8 });
  t.equal(contentOf(torn).entries.length, 1);
  t.end();
});

t.test('a missing segment is noticed, wherever it stood', (t) => {
  const { disk, paths } = closedLog();
  const [first, second, third] = paths;
  const middle = failureOf(() => contentOf(disk.with({ [second!]: null })));
  t.match(middle, {
    reason: 'walDamaged',
    message: /0000000000000002.wal at offset 0: the segment is missing/,
  });
  const last = failureOf(() => contentOf(disk.with({ [third!]: null })));
  t.match(last, {
    reason: 'walDamaged',
    message: /0000000000000002.wal at offset \d+: another segment follows/,
  });
  const { base } = contentOf(disk.with({ [first!]: null }));
  t.ok(base.index > 0, 'the oldest may have been released: the base says where the log begins now');
  t.end();
});

t.test('records or segments that were swapped, doubled, shortened or are of another log are noticed', (t) => {
  const { disk, paths } = closedLog(600);
  const [first, second, third] = paths as [string, string, string];
  const whole = disk.content(first);
  // All records of the first segment have the same length.
  const length = whole.indexOf('2.2;2.2') - whole.indexOf('1.1;1.1');
  const swapped = Buffer.from(whole);
  whole.copy(swapped, 512, 512 + length, 512 + 2 * length);
  whole.copy(swapped, 512 + length, 512, 512 + length);
  const doubled = Buffer.from(whole);
  whole.copy(doubled, 512 + length, 512, 512 + length);
  const other = closedLog(599);
  const cases: [string, Record<string, Buffer | null>][] = [
    ['swapped records', { [first]: swapped }],
    ['a doubled record', { [first]: doubled }],
    ['swapped segments', { [first]: disk.content(second), [second]: whole }],
    ['a segment under a wrong name', { [third]: disk.content(second) }],
    ['a shortened segment', { [first]: whole.subarray(0, usedBytes(whole) - 100) }],
    ['an emptied segment', { [second]: Buffer.alloc(0) }],
    ['a zeroed segment', { [second]: Buffer.alloc(4096) }],
    ['a segment of another log', { [second]: other.disk.content(other.paths[1]!) }],
    ['an unknown format', { [first]: Buffer.concat([Buffer.from('ANYTHING'), whole.subarray(8)]) }],
  ];
  for (const [name, changes] of cases) {
    const failure = failureOf(() => contentOf(disk.with(changes)));
    t.match(failure, { reason: 'walDamaged', message: /at offset \d+/ }, name);
  }
  t.end();
});

t.test('strangers in the directory are left alone', (t) => {
  const { disk, content } = closedLog();
  const names = { [`${directory}/notes.txt`]: Buffer.from('x'), [`${directory}/1.wal`]: Buffer.from('y') };
  t.equal(difference(contentOf(disk.with(names)), content, 0), null);
  t.end();
});

t.test('each check is needed: without it, damage goes unnoticed', (t) => {
  const { world, disk, wal } = newLog();
  for (let i = 1; i <= 4; i++) appendNow(world, wal, entriesOf(i, 1, 1, 300));
  const path = segmentPaths(disk)[0]!;
  const rotten = disk.with({ [path]: flipped(disk.content(path), 700, 1) });
  const entriesWithout = (mutant: WalMutant): number => contentOf(rotten, { mutant }).entries.length;
  t.equal(failureOf(() => contentOf(rotten))?.reason, 'walDamaged');
  t.equal(entriesWithout('noTornCheck'), 0, 'four acknowledged entries are cut as if torn');
  t.equal(entriesWithout('noChecksum'), 4, 'a rotten entry is handed out');
  t.end();
});
