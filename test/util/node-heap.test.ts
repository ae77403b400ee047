import t from 'tap';
import { giveHeapRoom, growthPercent, HEAP_ROOM_BYTES } from '../../src/util/node-heap.ts';

const MiB = 1024 * 1024;

t.test('a small heap may let as much gather as is given, a large one is left to V8', async (t) => {
  for (const alive of [8 * MiB, 20 * MiB, 50 * MiB, 120 * MiB]) {
    const room = (growthPercent(alive) / 100) * alive;
    t.ok(Math.abs(room - HEAP_ROOM_BYTES) < 2 * MiB, `${room} bytes beside ${alive}`);
  }
  t.ok((growthPercent(0) / 100) * MiB <= HEAP_ROOM_BYTES, 'what is not known to be alive gives no room');
  t.equal(growthPercent(200 * MiB), 0);
  t.equal(growthPercent(8192 * MiB), 0);
});

t.test('room can be given at any time', async (t) => {
  t.doesNotThrow(giveHeapRoom);
});
