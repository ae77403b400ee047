/** Deleting single keys at once, as the end of a lease does. */

import t from 'tap';
import type { LeaseBook } from '../../src/mvcc/types.ts';
import { freshRig, put, range, reopen, showChange, showRange } from './requests.ts';

t.test('deletes the keys given in one revision, in their order, and no others', async (t) => {
  const { store, changes } = await freshRig();
  for (const key of ['a', 'b', 'c', 'd']) store.put(put(key, key));
  changes.length = 0;
  t.equal(store.deleteKeys(['a', 'c', 'd']), 3);
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
  store.deleteKeys(['a']);
  changes.length = 0;
  t.equal(store.deleteKeys(['a', 'never']), 0);
  t.equal(store.deleteKeys([]), 0);
  t.same([store.revision, changes.length], [4, 0]);
  t.equal(store.deleteKeys(['a', 'b', 'never']), 1);
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
  rig.store.deleteKeys(['a', 'b']);
  t.same(log, ['+a#5', '+c#5', '-a#5']);
  log.length = 0;
  const { digest, sizeInUseBytes } = rig.store;
  await reopen(rig);
  t.same(log, ['+c#5']);
  t.same([rig.store.revision, rig.store.digest, rig.store.sizeInUseBytes], [5, digest, sizeInUseBytes]);
});
