import t from 'tap';
import { MemoryImage, memoryBackend } from '../../src/backend/memory-backend.ts';
import { backendSuite, flush, restore, scan } from '../suites/backend.ts';

const scheduler = { defer: (job: () => void): void => void setImmediate(job) };
const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

t.test('conformance', async (t) => {
  backendSuite(t, async () => {
    const image = new MemoryImage();
    const open = async () => memoryBackend({ scheduler, image });
    return { open, reopen: open };
  });
});

t.test('a crash keeps the last completed flush and nothing above it', async (t) => {
  const image = new MemoryImage();
  const backend = memoryBackend({ scheduler, image });
  backend.put('ka', bytes('1'));
  backend.mark(1, bytes(''));
  await flush(backend);
  backend.put('ka', bytes('2'));
  backend.mark(2, bytes(''));
  backend.crash(true);
  t.equal(image.index, 1, 'no flush was running');
  t.same(await scan(memoryBackend({ scheduler, image }), 'k', 'l'), ['ka=1']);
});

t.test('a flush that runs at the crash happens as a whole or not at all, and nobody is told', async (t) => {
  for (const completes of [true, false]) {
    const image = new MemoryImage();
    const ends: (() => void)[] = [];
    const backend = memoryBackend({ scheduler, image, delayFlush: (end) => ends.push(end) });
    backend.put('ka', bytes('1'));
    backend.put('kb', bytes('1'));
    backend.mark(3, bytes('three'));
    let told = false;
    backend.flush(() => {
      told = true;
    });
    backend.crash(completes);
    for (const end of ends) end();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    t.equal(told, false);
    const again = memoryBackend({ scheduler, image });
    t.equal(again.openedAt.index, completes ? 3 : 0);
    t.same(await scan(again, 'k', 'l'), completes ? ['ka=1', 'kb=1'] : []);
  }
});

t.test('flushes take as long as they are told to', async (t) => {
  const ends: (() => void)[] = [];
  const backend = memoryBackend({ scheduler, delayFlush: (end) => ends.push(end) });
  backend.mark(1, bytes(''));
  let index = -1;
  backend.flush((_, flushed) => {
    index = flushed;
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(index, -1);
  t.equal(ends.length, 1);
  ends[0]!();
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(index, 1);
});

t.test('a restore survives a crash once it was reported', async (t) => {
  const image = new MemoryImage();
  const backend = memoryBackend({ scheduler, image });
  await restore(backend, [['ka', 'A']], 12);
  backend.crash(false);
  const again = memoryBackend({ scheduler, image });
  t.equal(again.openedAt.index, 12);
  t.same(await scan(again, 'k', 'l'), ['ka=A']);
});
