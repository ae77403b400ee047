import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { giveHeapRoom, growthPercent, HEAP_ROOM_BYTES, YOUNG_BYTES_MAX } from '../../src/util/node-heap.ts';

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

t.test('YOUNG_BYTES_MAX of util/node-heap: the young generation grows to it and no further', async (t) => {
  const program = `
    import { setImmediate } from 'node:timers/promises';
    import { getHeapSpaceStatistics } from 'node:v8';
    const young = () => getHeapSpaceStatistics().find((one) => one.space_name === 'new_space').space_size;
    if (process.argv[2] === 'held') (await import(process.argv[1])).giveHeapRoom();
    let most = 0;
    let kept = [];
    for (let turn = 0; turn < 600; turn++) {
      for (let i = 0; i < 2000; i++) kept.push({ turn, i, text: [i] });
      if (kept.length > 100_000) kept = [];
      most = Math.max(most, young());
      await setImmediate();
    }
    console.log(most);
    process.exit(0);
  `;
  const module = fileURLToPath(new URL('../../src/util/node-heap.ts', import.meta.url));
  const most = async (how: string): Promise<number> => {
    const args = ['--import=tsx', '--input-type=module', '--eval', program, module, how];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return Number(stdout);
  };
  const [free, held] = await Promise.all([most('free'), most('held')]);
  t.ok(held <= YOUNG_BYTES_MAX, `${held} bytes`);
  t.ok(held < free, `${free} bytes where it is not held`);
});

t.test('room can be given at any time', async (t) => {
  t.doesNotThrow(giveHeapRoom);
});
