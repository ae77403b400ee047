/** HashKV: the same number for the same past, whatever a member has got round to removing. */

import fc from 'fast-check';
import t from 'tap';
import { memoryBackend } from '../../src/backend/memory-backend.ts';
import type { KeyValueHash } from '../../src/mvcc/hash.ts';
import type { Store } from '../../src/mvcc/store.ts';
import { crc32c } from '../../src/util/crc32c.ts';
import { Failure } from '../../src/util/failure.ts';
import { compactAll, del, delOp, openStore, put, putOp, scheduler, txn } from './requests.ts';

function hashOf(store: Store, revision = 0): Promise<KeyValueHash> {
  return new Promise((resolve, reject) => {
    store.hashKv(revision, (error, result) => (result === null ? reject(error) : resolve(result)));
  });
}

const freshStore = (): Promise<Store> => openStore(memoryBackend({ scheduler }));

t.test('it is the CRC of what etcd keeps', async (t) => {
  const store = await freshStore();
  const nothing = { hash: crc32c(Buffer.from('key')), revision: 1, compactRevision: -1 };
  t.strictSame(await hashOf(store), nothing);
  t.strictSame(await hashOf(store, -7), { ...nothing, revision: -7 });
  store.put(put('a', 'b'));
  store.txn(txn([putOp(put('c', '')), delOp(del('a'))]));
  const revision = (main: number, sub: number): string =>
    `\0\0\0\0\0\0\0${String.fromCharCode(main)}_\0\0\0\0\0\0\0${String.fromCharCode(sub)}`;
  const kept =
    `key${revision(2, 0)}\n\x01a\x10\x02\x18\x02 \x01*\x01b` +
    `${revision(3, 0)}\n\x01c\x10\x03\x18\x03 \x01${revision(3, 1)}t\n\x01a`;
  t.equal((await hashOf(store)).hash, crc32c(Buffer.from(kept, 'latin1')));
});

t.test('revisions that cannot be read are refused', async (t) => {
  const store = await freshStore();
  for (let i = 0; i < 4; i++) store.put(put('a', `${i}`));
  store.compact(4);
  t.throws(() => store.hashKv(3, () => {}), new Failure('compacted'));
  t.throws(() => store.hashKv(6, () => {}), new Failure('futureRevision'));
  t.match(await hashOf(store, 4), { revision: 4, compactRevision: 4 });
});

interface Step {
  readonly kind: 'put' | 'del' | 'compact';
  readonly key: string;
  /** How far behind the newest revision a compaction stays. */
  readonly behind: number;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('put', 'del', 'put', 'del', 'compact'),
    key: fc.constantFrom('a', 'b', 'c'),
    behind: fc.nat(8),
  }),
  { maxLength: 24 },
);

/** @returns the revisions that can be read */
function perform(store: Store, steps: readonly Step[], removes: (store: Store) => void): number[] {
  for (const { kind, key, behind } of steps) {
    if (kind === 'put') store.put(put(key, `${store.revision}`));
    else if (kind === 'del') store.deleteRange(del(key));
    else if (store.revision - behind > Math.max(1, store.compactRevision)) {
      store.compact(store.revision - behind);
      removes(store);
    }
  }
  const first = Math.max(1, store.compactRevision);
  return Array.from({ length: store.revision - first + 1 }, (_, at) => first + at);
}

t.test('what a compaction has still to remove does not count', async (t) => {
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      const [tidy, late] = [await freshStore(), await freshStore()];
      const revisions = perform(tidy, steps, compactAll);
      perform(late, steps, () => {});
      for (const revision of revisions) {
        const [a, b] = [await hashOf(tidy, revision), await hashOf(late, revision)];
        if (a.hash !== b.hash) throw new Error(`revision ${revision}: ${a.hash} and ${b.hash}`);
      }
    }),
    { numRuns: 150 },
  );
  t.pass();
});

t.test('writes and compactions during the reading do not show', async (t) => {
  const [busy, quiet] = [await freshStore(), await freshStore()];
  for (const store of [busy, quiet]) {
    for (let i = 0; i < 5000; i++) store.put(put(`k${i % 1000}`, `${i}`));
  }
  const hashing = hashOf(busy, 4500);
  await new Promise(setImmediate);
  for (let i = 0; i < 3000; i++) busy.put(put(`k${i % 700}`, 'later'));
  busy.compact(4000);
  compactAll(busy);
  const found = await hashing;
  t.equal(found.compactRevision, 4000, 'the hash was begun anew');
  quiet.compact(4000);
  t.strictSame(found, await hashOf(quiet, 4500));
  const overtaken = hashOf(busy, 4500);
  await new Promise(setImmediate);
  busy.compact(5000);
  await t.rejects(overtaken, new Failure('compacted'));
});

t.test('other members are not held up for long', async (t) => {
  const store = await freshStore();
  for (let i = 0; i < 20_000; i++) store.put(put(`k${i}`, 'x'.repeat(200)));
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  count();
  await hashOf(store);
  isOver = true;
  t.ok(turns > 10, `${turns} turns in between`);
});
