/** The small parts of the room: heap, pacer, limits, stored form, commands. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import * as commands from '../../src/lease/commands.ts';
import { DeadlineHeap, type HeapEntry, heapEntry } from '../../src/lease/deadline-heap.ts';
import { decodeLease, encodeLease, leaseKey } from '../../src/lease/lease.ts';
import { drawLeaseId, minTtlSeconds, raisedTtl } from '../../src/lease/limits.ts';
import { Pacer } from '../../src/lease/pacer.ts';
import { leaseArbitrary, referenceEncode } from '../wire/messages.ts';
import { refusal } from '../wire/refusal.ts';

t.test('the heap has the earliest on top, whatever is added, moved and taken out', async (t) => {
  const step = fc.record({
    what: fc.constantFrom('add', 'add', 'move', 'remove'),
    at: fc.nat(50),
    which: fc.nat(),
  });
  let seen = 0;
  fc.assert(
    fc.property(
      fc.array(fc.nat(50), { maxLength: 40 }),
      fc.array(step, { maxLength: 80 }),
      (first, steps) => {
        const entries: HeapEntry<number>[] = first.map((at, i) => heapEntry(i, at));
        const heap = DeadlineHeap.of(entries);
        for (const { what, at, which } of steps) {
          const entry = entries[which % Math.max(1, entries.length)];
          if (what === 'add') {
            const added = heapEntry(entries.length, at);
            entries.push(added);
            heap.add(added);
          } else if (entry !== undefined && what === 'move') {
            heap.move(entry, at);
          } else if (entry !== undefined) {
            heap.remove(entry);
            entries.splice(entries.indexOf(entry), 1);
          }
          assert.equal(heap.size, entries.length);
          assert.equal(
            heap.top?.atMs,
            entries.length === 0 ? undefined : Math.min(...entries.map((e) => e.atMs)),
          );
        }
        const order: number[] = [];
        for (let top = heap.top; top !== undefined; top = heap.top) {
          order.push(top.atMs);
          heap.remove(top);
        }
        assert.deepEqual(
          order,
          entries.map((entry) => entry.atMs).sort((a, b) => a - b),
        );
        seen += order.length;
      },
    ),
    { numRuns: 200 },
  );
  t.ok(seen > 500);
  const heap = new DeadlineHeap<number>();
  const entry = heapEntry(1, 1);
  t.throws(() => heap.move(entry, 2), 'an entry that is not in it');
  heap.add(entry);
  t.throws(() => heap.add(entry), 'nor twice');
});

t.test('the pacer allows its rate, and half a second of it at once', async (t) => {
  const pacer = new Pacer(1000, 0);
  t.equal(pacer.allowed(0), 500);
  pacer.spend(500);
  t.equal(pacer.allowed(0), 0);
  t.equal(pacer.allowed(10), 10);
  t.equal(pacer.allowed(60_000), 500, 'no more collects');
  pacer.spend(500);
  t.equal(pacer.allowed(59_000), 0, 'time that goes back gives nothing');
  const slow = new Pacer(0.5, 0);
  t.equal(slow.allowed(0), 1, 'a slow one gets to one');
  slow.spend(1);
  t.same([slow.allowed(1999), slow.allowed(2000)], [0, 1]);
});

t.test('the shortest TTL is one and a half election timeouts, in whole heartbeats, rounded up', async (t) => {
  const min = (electionMs: number, heartbeatMs: number) => minTtlSeconds({ electionMs, heartbeatMs });
  t.equal(min(1000, 100), 2);
  t.equal(min(500, 100), 1);
  t.equal(min(1500, 100), 3, '2.2 s');
  t.equal(min(10, 1), 1);
  t.equal(min(50_000, 500), 75);
  t.same([raisedTtl(-5, 2), raisedTtl(0, 2), raisedTtl(2, 2), raisedTtl(3, 2)], [2, 2, 2, 3]);
});

t.test('a drawn id is a positive int64 that no lease has', async (t) => {
  const draw = (...words: number[]) => {
    const left = [...words];
    return { uint32: () => left.shift()! };
  };
  t.equal(
    drawLeaseId(draw(0xffff_ffff, 0xffff_ffff), () => false),
    2n ** 63n - 1n,
  );
  t.equal(
    drawLeaseId(draw(0, 0, 0, 7), () => false),
    7n,
    'never 0',
  );
  t.equal(
    drawLeaseId(draw(0, 7, 0, 8), (id) => id === 7n),
    8n,
  );
});

t.test('a lease stands on the backend as in etcd, under its id in unsigned order', async (t) => {
  for (const id of [1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 0x32695410dcc0ca06n]) {
    const lease = { id, ttl: 60, remainingTtl: 12, keys: null };
    t.same(decodeLease(encodeLease(lease)), lease);
    const reference = referenceEncode('etcdserverpb.LeaseCheckpoint', { ID: id, remaining_TTL: 60n });
    t.same(Buffer.from(encodeLease({ ...lease, remainingTtl: 0 })), Buffer.from(reference), 'fields 1 and 2');
    t.equal(
      Buffer.from(leaseKey(id), 'latin1').toString('hex'),
      `6c${BigInt.asUintN(64, id).toString(16).padStart(16, '0')}`,
    );
  }
});

// maxLeasesPerCommand of lease/commands
t.test('commands of the leader survive their encoding, and their size has a bound', async (t) => {
  const term = fc.nat();
  fc.assert(
    fc.property(term, fc.array(leaseArbitrary, { maxLength: 20 }), (at, ids) => {
      assert.deepEqual(commands.decodeExpiry(commands.encodeExpiry({ term: at, ids })), { term: at, ids });
    }),
  );
  const checkpoint = fc.record(
    { id: leaseArbitrary, remainingTtl: fc.nat(9_000_000) },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(term, fc.array(checkpoint, { maxLength: 20 }), (at, checkpoints) => {
      const value = { term: at, checkpoints };
      assert.deepEqual(commands.decodeCheckpoints(commands.encodeCheckpoints(value)), value);
    }),
  );
  const most = commands.maxLeasesPerCommand;
  const ids = Array.from({ length: most + 1 }, (_, i) => BigInt(i + 1));
  t.equal(commands.decodeExpiry(commands.encodeExpiry({ term: 1, ids: ids.slice(1) })).ids.length, most);
  t.throws(() => commands.encodeExpiry({ term: 1, ids }));
  const checkpoints = ids.map((id) => ({ id, remainingTtl: 1 }));
  t.throws(() => commands.encodeCheckpoints({ term: 1, checkpoints }));
  const tooMany = Buffer.concat([Buffer.from('12e907', 'hex'), Buffer.alloc(most + 1, 1)]);
  t.equal(
    refusal(() => commands.decodeExpiry(tooMany)),
    'malformedRequest',
  );
  const empties = Buffer.concat(ids.map(() => Buffer.from('1200', 'hex')));
  t.equal(
    refusal(() => commands.decodeCheckpoints(empties)),
    'malformedRequest',
  );
});
