import t from 'tap';
import {
  NodeClock,
  NodeRuntime,
  NodeScheduler,
  SimClock,
  SimProcess,
  Stepped,
} from '../../src/sim/sim-clock.ts';
import { SimRandom } from '../../src/sim/sim-random.ts';

function drain(clock: SimClock): void {
  while (clock.step() !== Stepped.Empty);
}

t.test('events run in the order of time, then of scheduling', async (t) => {
  const clock = new SimClock();
  const random = new SimRandom(7);
  const expected: { at: number; sequence: number }[] = [];
  const ran: { at: number; sequence: number }[] = [];
  for (let sequence = 0; sequence < 500; sequence++) {
    const at = random.below(40);
    expected.push({ at, sequence });
    clock.schedule(at, null, () => ran.push({ at: clock.now, sequence }));
  }
  expected.sort((a, b) => a.at - b.at || a.sequence - b.sequence);
  drain(clock);
  t.same(ran, expected);
});

t.test('a dead process gets no callback, not even one it asks for on its way out', async (t) => {
  const clock = new SimClock();
  const process = new SimProcess(0);
  const node = new NodeClock(clock, process);
  let calls = 0;
  node.setTimer(5, () => calls++);
  clock.kill(process);
  node.setTimer(5, () => calls++);
  drain(clock);
  t.equal(calls, 0);
});

t.test('a paused process gets its events later, in order, and a cancelled one never', async (t) => {
  const clock = new SimClock();
  const process = new SimProcess(0);
  const node = new NodeClock(clock, process);
  const seen: string[] = [];
  node.setTimer(1, () => seen.push(`first at ${clock.now}`));
  const cancelled = node.setTimer(2, () => seen.push('cancelled'));
  node.setTimer(3, () => seen.push(`second at ${clock.now}`));
  clock.pause(process);
  clock.schedule(10, null, () => {
    cancelled.cancel();
    clock.resume(process);
  });
  drain(clock);
  t.same(seen, ['first at 10', 'second at 10']);
});

t.test('a node sees its own clock: rate, offset, wall steps and suspends', async (t) => {
  const clock = new SimClock();
  const process = new SimProcess(0);
  const fast = new NodeClock(clock, process, { rate: 2, offset: 100, wallOrigin: 1000 });
  let firedAt = 0;
  fast.setTimer(20, () => {
    firedAt = clock.now;
  });
  clock.schedule(4, null, () => fast.stepWall(-500));
  drain(clock);
  t.equal(firedAt, 10, 'a clock that runs twice as fast fires after half the time');
  t.equal(fast.now(), 120);
  t.equal(fast.wallNow(), 520);

  let late = 0;
  fast.setTimer(10, () => {
    late = clock.now;
  });
  clock.schedule(3, null, () => fast.suspended(3));
  drain(clock);
  t.equal(late, 18, 'time that the machine slept does not count');
});

t.test('deferred jobs run in order even when the turn gets shorter in between', async (t) => {
  const clock = new SimClock();
  const scheduler = new NodeScheduler(clock, new SimProcess(0), 5);
  const seen: number[] = [];
  scheduler.defer(() => seen.push(1));
  scheduler.turnMs = 0.1;
  scheduler.defer(() => seen.push(2));
  drain(clock);
  t.same(seen, [1, 2]);
});

t.test('streams of chance depend on seed and name alone', async (t) => {
  const draw = (random: SimRandom): number[] => Array.from({ length: 8 }, () => random.uint32());
  const one = new SimRandom(42);
  const other = new SimRandom(42);
  other.uint32();
  t.same(draw(one.fork('disk')), draw(other.fork('disk')), 'use of the parent does not matter');
  t.notSame(draw(one.fork('disk')), draw(one.fork('network')));
  t.notSame(draw(new SimRandom(42)), draw(new SimRandom(43)));
  const firsts = Array.from({ length: 2000 }, (_, seed) => new SimRandom(seed).fork('swarm').uint32());
  t.ok(new Set(firsts).size > 1998, 'small seeds are all different');
  let sum = 0;
  for (let at = 0; at < 10_000; at++) sum += one.unit();
  t.ok(Math.abs(sum / 10_000 - 0.5) < 0.02, 'and they are about uniform');
  t.ok(new NodeRuntime(new SimClock(), new SimProcess(0), one).clock.wallNow() > 0);
});
