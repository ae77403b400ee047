import t from 'tap';
import { CrashStyle } from '../../src/sim/disk-image.ts';
import { SimClock, SimProcess, Stepped } from '../../src/sim/sim-clock.ts';
import { SimDisk } from '../../src/sim/sim-disk.ts';
import { SimRandom } from '../../src/sim/sim-random.ts';
import type { Disk } from '../../src/util/disk.ts';

interface Bench {
  clock: SimClock;
  hardware: SimDisk;
  disk: Disk;
  process: SimProcess;
}

function bench(seed = 1): Bench {
  const clock = new SimClock();
  const process = new SimProcess(0);
  const hardware = new SimDisk(clock, new SimRandom(seed));
  return { clock, hardware, process, disk: hardware.mount(process) };
}

function drain(clock: SimClock): void {
  while (clock.step() !== Stepped.Empty);
}

/** A directory `d` with a durable file `d/f` that holds `AAAA`. */
function withFile(b: Bench): ReturnType<Disk['create']> {
  b.disk.makeDirectory('d');
  const file = b.disk.create('d/f');
  file.writeSync(Buffer.from('AAAA'), 0);
  file.syncSync();
  b.disk.syncDirectory('d');
  return file;
}

function contentAfter(b: Bench, style: CrashStyle): string {
  b.clock.kill(b.process);
  b.hardware.crash(style);
  const disk = b.hardware.mount(new SimProcess(0));
  const file = disk.open('d/f');
  return file.readSync(0, file.size()).toString('latin1');
}

t.test('what was synced survives every crash; what was not may be lost or kept', async (t) => {
  for (const [style, expected] of [
    [CrashStyle.Lost, 'AAAA'],
    [CrashStyle.Kept, 'AABB'],
  ] as const) {
    const b = bench();
    withFile(b).writeSync(Buffer.from('BB'), 2);
    t.equal(contentAfter(b, style), expected);
  }
  for (let seed = 0; seed < 50; seed++) {
    for (const style of [CrashStyle.Torn, CrashStyle.Scattered]) {
      const b = bench(seed);
      const file = withFile(b);
      file.writeSync(Buffer.from('BBBB'), 4);
      file.syncSync();
      file.writeSync(Buffer.from('CCCC'), 8);
      t.equal(contentAfter(b, style).slice(0, 8), 'AAAABBBB');
    }
  }
});

t.test('a torn write leaves every kind of part behind', async (t) => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    const b = bench(seed);
    const file = withFile(b);
    file.writeSync(Buffer.alloc(600, 'x'), 300);
    const left = contentAfter(b, CrashStyle.Torn).slice(300).replaceAll('\0', '.');
    seen.add(
      left.length === 0 ? 'nothing' : left.includes('.x') ? 'hole' : left.length === 600 ? 'all' : 'prefix',
    );
  }
  t.same([...seen].sort(), ['all', 'hole', 'nothing', 'prefix']);
});

t.test('a sync counts from when it reports success, not from when it was asked for', async (t) => {
  const b = bench();
  const file = withFile(b);
  let outcome: string | null = null;
  file.write([Buffer.from('B'), Buffer.from('C')], 0, (error) => {
    t.equal(error, null);
    file.sync(() => {
      outcome = 'synced';
    });
  });
  t.equal(outcome, null, 'nothing is called back before the call returns');
  b.clock.step();
  const early = b.hardware.durable().open('d/f').readSync(0, 4).toString();
  t.equal(early, 'AAAA');
  drain(b.clock);
  t.equal(outcome, 'synced');
  t.equal(b.hardware.durable().open('d/f').readSync(0, 4).toString(), 'BCAA');
});

t.test('a name that was not synced may be lost, in the order of the changes', async (t) => {
  for (let seed = 0; seed < 40; seed++) {
    const b = bench(seed);
    b.disk.makeDirectory('d');
    for (const name of ['a', 'b', 'c']) b.disk.create(`d/${name}`).syncSync();
    b.disk.rename('d/a', 'd/z');
    b.disk.remove('d/b');
    b.hardware.crash(CrashStyle.Torn);
    const left = b.hardware.mount(new SimProcess(0)).list('d').join('');
    t.ok(['', 'a', 'ab', 'abc', 'bcz', 'cz'].includes(left), left);
  }
  const b = bench();
  withFile(b);
  b.disk.rename('d/f', 'd/g');
  b.hardware.crash(CrashStyle.Lost);
  t.same(b.hardware.mount(new SimProcess(0)).list('d'), ['f']);
});

t.test('a failed sync loses what it covered for ever and the file must not be touched again', async (t) => {
  const b = bench();
  b.hardware.faults.syncErrorChance = 1;
  const file = withFile(b);
  let failed = false;
  file.write([Buffer.from('BBBB')], 0, () => {
    file.sync((error) => {
      failed = error !== null;
    });
  });
  drain(b.clock);
  t.ok(failed);
  t.equal(file.readSync(0, 4).toString(), 'BBBB', 'the page cache still shows it');
  t.throws(() => file.syncSync(), /after its sync has failed/);
  t.equal(contentAfter(b, CrashStyle.Kept), 'AAAA', 'the platter never saw it');
});

t.test('when only the process dies, the cache still shows what is not durable', async (t) => {
  const b = bench();
  const file = withFile(b);
  file.writeSync(Buffer.from('BB'), 0);
  b.disk.rename('d/f', 'd/g');
  b.hardware.crash(CrashStyle.Process);
  const disk = b.hardware.mount(new SimProcess(0));
  t.equal(disk.open('d/g').readSync(0, 4).toString(), 'BBAA');
  file.writeSync(Buffer.from('ZZ'), 0);
  t.equal(disk.open('d/g').readSync(0, 4).toString(), 'BBAA', 'the old process changes nothing any more');
  b.hardware.crash(CrashStyle.Lost);
  t.equal(b.hardware.mount(new SimProcess(0)).open('d/f').readSync(0, 4).toString(), 'AAAA');
});

t.test('two operations in flight on one file are refused', async (t) => {
  const b = bench();
  const file = withFile(b);
  file.sync(() => {});
  t.throws(() => file.write([Buffer.from('x')], 0, () => {}), /in flight/);
});

t.test('what dying code does after the crash does not reach the disk', async (t) => {
  const b = bench();
  const file = withFile(b);
  b.hardware.crash(CrashStyle.Lost);
  file.writeSync(Buffer.from('ZZZZ'), 0);
  file.syncSync();
  b.disk.remove('d/f');
  b.disk.syncDirectory('d');
  t.equal(b.hardware.mount(new SimProcess(0)).open('d/f').readSync(0, 4).toString(), 'AAAA');
});

t.test('a lock is exclusive and dies with the process', async (t) => {
  const b = bench();
  b.disk.lock('d');
  t.throws(() => b.disk.lock('d'), /locked by another/);
  b.hardware.crash(CrashStyle.Kept);
  t.doesNotThrow(() => b.hardware.mount(new SimProcess(0)).lock('d').release());
});

t.test(
  'a stalled disk completes nothing until the stall ends, and allocated room costs no memory',
  async (t) => {
    const b = bench();
    const file = withFile(b);
    file.allocateSync(1 << 30);
    t.equal(file.size(), 1 << 30);
    t.equal(file.readSync((1 << 30) - 4, 100).toString('hex'), '00000000');
    b.hardware.stall(500);
    let at = 0;
    file.sync(() => {
      at = b.clock.now;
    });
    drain(b.clock);
    t.ok(at >= 500);
  },
);
