import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Level } from 'level';
import t, { type Test } from 'tap';
import { isTable, tableFault } from '../../src/backend/table-check.ts';
import { nodeDisk } from '../../src/util/node-disk.ts';

/** A table of a few thousand entries, on disk. */
async function tables(t: Test, compression: boolean): Promise<string[]> {
  const directory = `${t.testdir()}/db`;
  const db = new Level<string, string>(directory, { compression });
  const entries = Array.from({ length: 3000 }, (_, i) => ({
    type: 'put' as const,
    key: `key ${String(i).padStart(6, '0')}`,
    value: `value ${(i * 2654435761) % 4294967296} `.repeat(1 + (i % 7)),
  }));
  await db.batch(entries);
  const range = db as unknown as { compactRange(from: string, to: string): Promise<void> };
  await range.compactRange('', '\xff');
  await db.close();
  return readdirSync(directory)
    .filter(isTable)
    .map((name) => `${directory}/${name}`);
}

for (const compression of [true, false]) {
  t.test(`any bit that flips in a table is found, ${compression ? 'compressed' : 'plain'}`, async (t) => {
    const paths = await tables(t, compression);
    t.ok(paths.length > 0);
    const disk = nodeDisk();
    for (const path of paths)
      t.equal(tableFault(disk, path), null, 'nothing is wrong with what LevelDB wrote');
    const path = paths[0]!;
    const whole = readFileSync(path);
    // The footer has bytes that mean nothing: behind the two handles, before the magic.
    const meant = whole.length - 48;
    const missed: number[] = [];
    for (let round = 0; round < 150; round++) {
      const at = Math.floor((meant / 150) * round);
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 1 << (round % 8);
      writeFileSync(path, damaged);
      if (tableFault(disk, path) === null) missed.push(at);
    }
    t.same(missed, []);
    for (const length of [0, 10, 47, 48, whole.length - 1, Math.floor(whole.length / 2)]) {
      writeFileSync(path, whole.subarray(0, length));
      t.not(tableFault(disk, path), null, `cut to ${length}`);
    }
  });
}
