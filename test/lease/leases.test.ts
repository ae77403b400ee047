/** The replicated half: what is granted, attached, checkpointed and revoked, and what of it lasts. */

import fc from 'fast-check';
import t from 'tap';
import type { Leases } from '../../src/lease/leases.ts';
import type { LeaseBook } from '../../src/mvcc/types.ts';
import { bytes, openStore, put } from '../mvcc/requests.ts';
import { refusal } from '../wire/refusal.ts';
import { freshRig, openLeases, reopen, show } from './rig.ts';

function keysOf(leases: Leases, id: bigint): string[] {
  return [...leases.keysOf(id)].sort();
}

t.test('a grant is refused for an id in use and for a TTL beyond the limit, which comes first', async (t) => {
  const { leases } = await freshRig();
  t.match(leases.grant(5n, 60), { id: 5n, ttl: 60, remainingTtl: 0 });
  t.equal(
    refusal(() => leases.grant(5n, 60)),
    'leaseExists',
  );
  t.equal(
    refusal(() => leases.grant(5n, 9_000_000_001)),
    'leaseTtlTooLarge',
  );
  t.equal(
    refusal(() => leases.grant(6n, 9_000_000_001)),
    'leaseTtlTooLarge',
  );
  t.equal(
    refusal(() => leases.grant(6n, 9_000_000_000)),
    null,
  );
  t.equal(
    refusal(() => leases.grant(-(2n ** 63n), 2)),
    null,
    'negative ids are ids',
  );
  t.same(leases.list(), [5n, 6n, -(2n ** 63n)]);
});

t.test('what must be settled before a proposal is not settled in apply', async (t) => {
  const { leases } = await freshRig();
  t.throws(() => leases.grant(0n, 60), /cannot be the id/);
  t.throws(() => leases.grant(2n ** 63n, 60), /cannot be the id/);
  for (const ttl of [0, -1, 1.5, Number.NaN]) t.throws(() => leases.grant(1n, ttl), /was proposed/);
  t.equal(leases.count, 0);
});

t.test('a revoked lease gives its keys in byte order, once', async (t) => {
  const { leases } = await freshRig();
  leases.grant(5n, 60);
  leases.grant(6n, 60);
  for (const key of ['b', '\xff', 'a', 'a\0', 'B']) leases.attach(5n, key);
  leases.attach(6n, 'c');
  leases.detach(5n, 'B');
  leases.detach(5n, 'never');
  t.same(keysOf(leases, 5n), ['a', 'a\0', 'b', '\xff']);
  t.same([...leases.revoke(5n)].sort(), ['a', 'a\0', 'b', '\xff']);
  t.equal(
    refusal(() => leases.revoke(5n)),
    'leaseNotFound',
  );
  t.equal(leases.exists(5n), false);
  t.same(keysOf(leases, 5n), []);
  t.same(keysOf(leases, 6n), ['c']);
  leases.detach(5n, 'a');
  leases.attach(5n, 'a');
  t.same([...leases.revoke(6n)], ['c']);
});

t.test('a checkpoint is kept as far as it says less than the TTL, and 0 takes it back', async (t) => {
  const { leases } = await freshRig();
  leases.grant(5n, 60);
  const after = (remainingTtl: number): string => {
    leases.checkpoint(5n, remainingTtl);
    return show(leases).join();
  };
  t.equal(after(12), '5: 60/12');
  t.equal(after(0), '5: 60/0');
  t.equal(after(7), '5: 60/7');
  t.equal(after(60), '5: 60/0');
  t.equal(after(-1), '5: 60/0');
  leases.checkpoint(99n, 3);
  t.equal(leases.count, 1, 'of a lease that is gone: nothing');
});

t.test('the store finds its leases here, and attaches its keys again after a restart', async (t) => {
  const rig = await freshRig();
  const book: LeaseBook = rig.leases;
  const store = await openStore(rig.backend, { leases: book });
  t.equal(
    refusal(() => store.put(put('a', '1', { lease: 5n }))),
    'leaseNotFound',
  );
  rig.leases.grant(5n, 60);
  rig.leases.grant(6n, 60);
  for (const key of ['c', 'a', 'b']) store.put(put(key, '1', { lease: 5n }));
  store.put(put('b', '2', { lease: 6n }));
  store.put(put('d', '1'));
  await reopen(rig);
  const again = await openStore(rig.backend, { leases: rig.leases });
  t.same([keysOf(rig.leases, 5n), keysOf(rig.leases, 6n)], [['a', 'c'], ['b']]);
  t.equal(again.deleteLeased(5n, rig.leases.revoke(5n)), 2);
  t.equal(again.keyCount, 2);
  await reopen(rig);
  await openStore(rig.backend, { leases: rig.leases });
  t.same([show(rig.leases), keysOf(rig.leases, 6n)], [['6: 60/0'], ['b']]);
});

t.test('a key of a lease that never was here, as an etcd may leave behind, harms nothing', async (t) => {
  const rig = await freshRig();
  rig.leases.grant(5n, 60);
  const store = await openStore(rig.backend, { leases: { exists: () => true, attach() {}, detach() {} } });
  store.put(put('orphan', '1', { lease: 77n }));
  store.put(put('child', '1', { lease: 5n }));
  await reopen(rig);
  const again = await openStore(rig.backend, { leases: rig.leases });
  t.same(keysOf(rig.leases, 5n), ['child']);
  again.put(put('orphan', '2'));
  t.equal(again.deleteLeased(5n, rig.leases.revoke(5n)), 1);
});

t.test(
  'random histories leave what the model leaves, across restarts, and the digest tells them apart',
  async (t) => {
    const id = fc.constantFrom(1n, 2n, 3n, -1n, 2n ** 60n);
    const step = fc.record({
      what: fc.constantFrom('grant', 'grant', 'grant', 'revoke', 'checkpoint', 'attach', 'detach', 'reopen'),
      id,
      seconds: fc.nat(20),
      key: fc.constantFrom('a', 'b', 'c', '\xff'),
    });
    const digests = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
        const rig = await freshRig();
        const model = new Map<bigint, { ttl: number; left: number; keys: Set<string> }>();
        for (const { what, id, seconds, key } of steps) {
          const known = model.get(id);
          if (what === 'grant') {
            const failed = refusal(() => rig.leases.grant(id, seconds + 1));
            if (failed !== (known === undefined ? null : 'leaseExists')) throw new Error(`grant: ${failed}`);
            if (known === undefined) model.set(id, { ttl: seconds + 1, left: 0, keys: new Set() });
          } else if (what === 'revoke') {
            const keys = known === undefined ? 'leaseNotFound' : [...known.keys].sort().join();
            const found = refusal(() => rig.leases.revoke(id)) ?? 'revoked';
            if ((found === 'leaseNotFound') !== (known === undefined))
              throw new Error(`revoke ${keys}: ${found}`);
            model.delete(id);
          } else if (what === 'checkpoint') {
            rig.leases.checkpoint(id, seconds);
            if (known !== undefined) known.left = seconds < known.ttl ? seconds : 0;
          } else if (what === 'reopen') {
            await reopen(rig);
            for (const lease of model.values()) lease.keys.clear();
          } else if (known !== undefined) {
            rig.leases[what](id, key);
            if (what === 'attach') known.keys.add(key);
            else known.keys.delete(key);
          }
          const expected = [...model].map(([id, { ttl, left }]) => `${id}: ${ttl}/${left}`).sort();
          if (show(rig.leases).join() !== expected.join()) throw new Error(`${what}: ${show(rig.leases)}`);
          for (const [id, { keys }] of model) {
            if (keysOf(rig.leases, id).join() !== [...keys].sort().join()) throw new Error(`keys of ${id}`);
          }
        }
        const state = show(rig.leases).join();
        const { digest } = rig.leases;
        if ((digests.get(state) ?? digest) !== digest) throw new Error(`two digests of ${state}`);
        digests.set(state, digest);
        await reopen(rig);
        if (rig.leases.digest !== digest) throw new Error('another digest after the restart');
      }),
      { numRuns: 200 },
    );
    t.ok(digests.size > 50);
    t.equal(new Set(digests.values()).size, digests.size, 'no two states had the same');
  },
);

t.test('a record that cannot be read stops the member with a word on what to do', async (t) => {
  const { backend } = await freshRig();
  backend.put('l12345678', bytes('\x0a\x00'));
  await t.rejects(openLeases(backend), {
    reason: 'backendDamaged',
    message: /cannot be read.*Remove this member/,
  });
});

t.test('a state from elsewhere takes the place of all leases', async (t) => {
  const { leases, backend } = await freshRig();
  let reloads = 0;
  const ignore = (): void => {};
  leases.observe({ granted: ignore, revoked: ignore, checkpointed: ignore, reloaded: () => reloads++ });
  t.throws(() =>
    leases.observe({ granted: ignore, revoked: ignore, checkpointed: ignore, reloaded: ignore }),
  );
  leases.grant(1n, 10);
  leases.attach(1n, 'a');
  const { digest } = leases;
  await new Promise<void>((resolve, reject) =>
    leases.reload((error) => (error === null ? resolve() : reject(error))),
  );
  t.same([show(leases), keysOf(leases, 1n), leases.digest, reloads], [['1: 10/0'], [], digest, 1]);
  for (let i = 0; i < 20_000; i++) leases.grant(BigInt(i + 2), 10);
  const many = await openLeases(backend);
  t.same([many.count, many.digest], [20_001, leases.digest], 'more than one chunk');
});
