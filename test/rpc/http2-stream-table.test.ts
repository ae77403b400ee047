import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { Http2Stream } from '../../src/rpc/http2/stream.ts';
import { StreamTable } from '../../src/rpc/http2/stream-table.ts';

interface Step {
  /** How far the id of the stream that opens is beyond the last one; 0: one that is open closes. */
  readonly rise: number;
  readonly which: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  rise: fc.oneof(fc.constant(0), fc.constant(2), fc.constant(2), fc.constant(64), fc.constant(16_384)),
  which: fc.nat(),
});

function stream(id: number): Http2Stream {
  return { id, headerBytes: id % 7 } as Http2Stream;
}

t.test(
  'a stream is found by its id as long as it is open, however ids rise and long ones stay',
  async (t) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const table = new StreamTable();
        const model = new Map<number, Http2Stream>();
        let lastId = 1;
        for (const { rise, which } of steps) {
          if (rise > 0) {
            lastId += rise;
            const opened = stream(lastId);
            table.add(opened);
            model.set(lastId, opened);
          } else if (model.size > 0) {
            const closed = [...model.values()][which % model.size]!;
            assert.equal(table.remove(closed), true);
            assert.equal(table.remove(closed), false);
            model.delete(closed.id);
            assert.equal(table.get(closed.id), undefined);
            assert.ok(table.wasClosed(closed.id));
          }
          assert.equal(table.size, model.size);
        }
        for (const [id, open] of model) assert.equal(table.get(id), open);
        assert.equal(table.get(lastId + 2), undefined);
        const bytes = [...model.values()].reduce((sum, { headerBytes }) => sum + headerBytes, 0);
        assert.equal(table.headerBytes, bytes);
        assert.deepEqual(new Set(table.values()), new Set(model.values()));
        assert.equal(table.clear().length, model.size);
        assert.equal(table.size + table.headerBytes, 0);
      }),
      { numRuns: 100 },
    );
    t.pass('100 lives of a connection');
  },
);
