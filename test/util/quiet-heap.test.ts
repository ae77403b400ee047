import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { QuietHeap, quietBytesMax, quietHeapBytesMax, worthBytesMin } from '../../src/util/quiet-heap.ts';

const MiB = 1024 * 1024;

/** A heap that is what the test says, and time that passes when the test says so. */
class Scene {
  heapBytes = 20 * MiB;
  bufferBytes = 0;
  collections = 0;
  #due: (() => void)[] = [];
  readonly heap = new QuietHeap(
    () => ({ heapBytes: this.heapBytes, bufferBytes: this.bufferBytes }),
    (look) => {
      this.#due.push(look);
    },
    () => {
      this.collections++;
    },
  );

  get isWaiting(): boolean {
    return this.#due.length > 0;
  }

  pass(): void {
    const due = this.#due;
    this.#due = [];
    for (const look of due) look();
  }
}

/** A process whose whole heap was collected, and that has made as much garbage since. */
function worked(garbage: number): Scene {
  const scene = new Scene();
  scene.heap.collected(true);
  scene.bufferBytes += garbage;
  scene.heap.collected(false);
  scene.pass();
  return scene;
}

t.test(
  'worthBytesMin of util/quiet-heap: a process that has become quiet collects what is worth it, once',
  async (t) => {
    const scene = worked(worthBytesMin);
    t.equal(scene.collections, 0, 'it may go on');
    scene.pass();
    t.equal(scene.collections, 1);
    t.notOk(scene.isWaiting, 'nothing wakes a process that rests');
    scene.heap.collected(false);
    scene.pass();
    t.equal(scene.collections, 1, 'nothing was done since');
    const little = worked(worthBytesMin - 1);
    little.pass();
    t.equal(little.collections, 0);
    t.notOk(little.isWaiting);
  },
);

t.test('what is counted as gone only after a collection does not hide what gathers later', async (t) => {
  const scene = new Scene();
  scene.bufferBytes = 50 * MiB;
  scene.heap.collected(true);
  scene.bufferBytes = 0;
  scene.heap.collected(false);
  scene.bufferBytes = worthBytesMin;
  scene.pass();
  scene.pass();
  t.equal(scene.collections, 1);
});

t.test('quietBytesMax of util/quiet-heap: nothing is collected while there is work', async (t) => {
  const scene = worked(50 * MiB);
  for (let i = 0; i < 5; i++) {
    scene.heapBytes += quietBytesMax + 1;
    scene.pass();
    t.equal(scene.collections, 0, 'more was allocated');
    t.ok(scene.isWaiting);
  }
  scene.heapBytes -= 10 * MiB;
  scene.heap.collected(false);
  scene.pass();
  t.equal(scene.collections, 0, 'V8 has collected meanwhile');
  scene.heapBytes += quietBytesMax;
  scene.pass();
  t.equal(scene.collections, 1);
});

t.test('quietHeapBytesMax of util/quiet-heap: a large heap is left to V8, however quiet it is', async (t) => {
  for (const [heapBytes, collections] of [
    [quietHeapBytesMax, 1],
    [quietHeapBytesMax + 1, 0],
  ] as const) {
    const scene = worked(50 * MiB);
    scene.heapBytes = heapBytes;
    scene.pass();
    scene.pass();
    t.equal(scene.collections, collections);
    t.notOk(scene.isWaiting);
  }
});

t.test(
  'a process that was given room for garbage lets go of it when it rests, and ends when it is done',
  async (t) => {
    const program = `
    import { setTimeout } from 'node:timers/promises';
    import { getHeapStatistics } from 'node:v8';
    (await import(process.argv[1])).giveHeapRoom(300);
    const held = () => getHeapStatistics().external_memory / 1048576;
    let kept = [];
    for (let i = 0; i < 160; i++) kept.push(Buffer.allocUnsafeSlow(262144));
    // Until they are old, and found by a collection of the whole heap alone. Nobody looks meanwhile.
    for (let i = 0; i < 400; i++) new Array(10_000).fill(i);
    const before = held();
    kept = [];
    let after = before;
    for (let i = 0; i < 1000 && after > before / 2; i++) {
      await setTimeout(20);
      after = held();
    }
    console.log(JSON.stringify({ before, after, hasGc: typeof globalThis.gc }));
  `;
    const module = fileURLToPath(new URL('../../src/util/node-heap.ts', import.meta.url));
    const args = ['--import=tsx', '--input-type=module', '--eval', program, module];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const { before, after, hasGc } = JSON.parse(stdout) as { before: number; after: number; hasGc: string };
    t.ok(before > 40, `${before} MiB in buffers`);
    t.ok(after < 20, `${after} MiB in buffers after a rest`);
    t.equal(hasGc, 'undefined', 'programs see no function that collects');
  },
);
