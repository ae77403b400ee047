/** Deleting single keys at once, as the end of a lease does. */

import t from 'tap';
import type { LeaseBook } from '../../src/mvcc/types.ts';
import { del, freshRig, put, type Rig, range, reopen, showChange, showRange } from './requests.ts';

t.test('deletes the keys given in one revision, in their order, and no others', async (t) => {
  const { store, changes } = await freshRig();
  for (const key of ['a', 'b', 'c', 'd']) store.put(put(key, key));
  changes.length = 0;
  t.equal(store.deleteLeased(5n, new Set(['a', 'c', 'd'])), 3);
  t.equal(store.revision, 6);
  t.same(changes.map(showChange), ['6 delete a@0/6/0=', '6 delete c@0/6/0=', '6 delete d@0/6/0=']);
  t.same(showRange(store.range(range('\0', { end: '\0' }))), {
    kvs: ['b@3/3/1=b'],
    more: false,
    count: 1,
    revision: 6,
  });
});

t.test('passes over keys that are not there, and makes no revision when none is', async (t) => {
  const { store, changes } = await freshRig();
  store.put(put('a', '1'));
  store.put(put('b', '1'));
  store.deleteLeased(5n, new Set(['a']));
  changes.length = 0;
  t.equal(store.deleteLeased(5n, new Set(['a', 'never'])), 0);
  t.equal(store.deleteLeased(5n, new Set([])), 0);
  t.same([store.revision, changes.length], [4, 0]);
  t.equal(store.deleteLeased(5n, new Set(['a', 'b', 'never'])), 1);
  t.equal(store.revision, 5);
});

t.test('takes the keys from their leases, and outlives a restart', async (t) => {
  const log: string[] = [];
  const leases: LeaseBook = {
    exists: () => true,
    attach: (id, key) => log.push(`+${key}#${id}`),
    detach: (id, key) => log.push(`-${key}#${id}`),
  };
  const rig = await freshRig({ leases });
  rig.store.put(put('a', '1', { lease: 5n }));
  rig.store.put(put('b', '1'));
  rig.store.put(put('c', '1', { lease: 5n }));
  rig.store.deleteLeased(5n, new Set(['a', 'b']));
  t.same(log, ['+a#5', '+c#5', '-a#5']);
  log.length = 0;
  const { digest, sizeInUseBytes } = rig.store;
  await reopen(rig);
  t.same(log, ['+c#5']);
  t.same([rig.store.revision, rig.store.digest, rig.store.sizeInUseBytes], [5, digest, sizeInUseBytes]);
});

/** Keys of a lease in an order that is not theirs, and as many others between each two as are asked for. */
async function crowd(count: number, othersBetween: number): Promise<{ rig: Rig; leased: Set<string> }> {
  const leases: LeaseBook = { exists: () => true, attach: () => {}, detach: () => {} };
  const rig = await freshRig({ leases });
  const leased = new Set<string>();
  for (let i = 0; i < count; i++) {
    const key = `key/${String((i * 17) % count).padStart(6, '0')}`;
    leased.add(key);
    rig.store.put(put(key, '1', { lease: 5n }));
    for (let other = 0; other < othersBetween; other++)
      rig.store.put(put(`${key}/${other}`, '1', other % 2 === 0 ? {} : { lease: 6n }));
  }
  rig.changes.length = 0;
  return { rig, leased };
}

for (const [what, othersBetween] of [
  ['which stand side by side', 0],
  ['with few others between them', 2],
  ['with very many others between them', 12],
] as const) {
  t.test(`deletes a thousand keys of a lease in the order of keys, ${what}`, async (t) => {
    const { rig, leased } = await crowd(1001, othersBetween);
    const { store, changes } = rig;
    const before = store.keyCount;
    const revision = store.revision + 1;
    t.equal(store.deleteLeased(5n, leased), 1001);
    t.equal(store.revision, revision);
    t.equal(store.keyCount, before - 1001);
    const expected = [...leased].sort().map((key) => `${revision} delete ${key}@0/${revision}/0=`);
    t.same(changes.map(showChange), expected);
    const left = store.range(range('key/', { end: 'key0' }));
    t.equal(left.count, 1001 * othersBetween);
    t.equal(left.kvs.length, left.count);
    const { digest, sizeInUseBytes, keyCount } = store;
    await reopen(rig);
    t.same(
      [rig.store.digest, rig.store.sizeInUseBytes, rig.store.keyCount],
      [digest, sizeInUseBytes, keyCount],
    );
  });
}

t.test('leaves a key alone that names the lease and never belonged to it', async (t) => {
  const { rig, leased } = await crowd(1001, 0);
  leased.delete('key/000500');
  t.equal(rig.store.deleteLeased(5n, leased), 1000);
  t.equal(rig.store.keyCount, 1);
  t.equal(rig.store.range(range('key/000500')).count, 1);
});

t.test('passes over keys of very many that are not there', async (t) => {
  const { rig, leased } = await crowd(1001, 1);
  rig.store.deleteRange(del('key/000500'));
  t.equal(rig.store.deleteLeased(5n, leased), 1000);
  t.equal(rig.store.keyCount, 1001);
});
