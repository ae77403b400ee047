import t from 'tap';
import { Rest } from '../../src/member/rest.ts';
import { Ticker } from '../../src/member/ticker.ts';
import { HandClock } from './hand-clock.ts';

t.test(
  'a member rests after fifty heartbeats without anything to do, and the first thing to do ends that',
  async (t) => {
    const rest = new Rest(100, 10, 0);
    rest.look(5000);
    t.notOk(rest.isResting);
    rest.look(5001);
    t.ok(rest.isResting);
    t.equal(rest.periodMs, 300, 'a third of an election timeout');
    t.ok(rest.disturb(5100));
    t.equal(rest.periodMs, 100);
    t.notOk(rest.disturb(5200), 'it did not rest any more');
    rest.look(10_200);
    t.notOk(rest.isResting, 'counted from the last disturbance');
  },
);

t.test('where three heartbeats are more than an election timeout stands, nobody rests', async (t) => {
  const rest = new Rest(100, 5, 0);
  rest.look(1_000_000);
  t.notOk(rest.isResting);
});

t.test(
  'no step of a resting follower counts time before it heard its leader: it never stands too soon',
  async (t) => {
    const rest = new Rest(100, 10, 0);
    rest.look(6000);
    for (let heardAt = 6000; heardAt <= 6300; heardAt++) {
      rest.heard(heardAt);
      let elapsed = 0;
      let standsAt = 0;
      for (let at = 6300; standsAt === 0; at += 300) {
        elapsed += rest.passed(at, at - 300, false);
        if (elapsed >= 10) standsAt = at;
      }
      if (standsAt - heardAt < 1000) t.fail(`heard at ${heardAt}, stood at ${standsAt}`);
      if (standsAt - heardAt > 1500) t.fail(`heard at ${heardAt}, stood as late as ${standsAt}`);
    }
    t.equal(rest.passed(7000, 6700, true), 3, 'a leader counts every step whole');
    t.equal(rest.passed(70_000, 6700, false), 3, 'what was missed is not made up for');
  },
);

t.test('a follower that ticks when it hears its leader stands neither too soon nor late', async (t) => {
  for (const [electionTicks, stepMs] of [
    [10, 300],
    [9, 300],
    [6, 200],
    [25, 800],
  ] as const) {
    const rest = new Rest(100, electionTicks, 0);
    rest.look(6000);
    t.equal(rest.periodMs, stepMs);
    rest.heard(6000);
    t.equal(rest.passed(6000, 5700, false), 0, 'nothing has passed since the leader was heard');
    let elapsed = 0;
    let tickedAt = 6000;
    for (let at = 6000 + rest.patienceMs; elapsed < electionTicks; at += rest.periodMs) {
      elapsed += rest.passed(at, tickedAt, false);
      tickedAt = at;
    }
    const silentMs = tickedAt - 6000;
    t.ok(silentMs >= electionTicks * 100, `stood after ${silentMs} ms`);
    t.ok(silentMs < electionTicks * 100 + stepMs);
  }
});

t.test(
  'a ticker that is told to hurry does, and one that is told to rest does so after its next tick',
  async (t) => {
    const clock = new HandClock();
    const ticks: number[] = [];
    const ticker = new Ticker(clock, 100, () => ticks.push(clock.now()));
    ticker.start(0);
    clock.run(250);
    ticker.pace(300);
    clock.run(910);
    ticker.pace(100);
    clock.run(1150);
    ticker.stop();
    clock.run(5000);
    t.same(ticks, [0, 100, 200, 300, 600, 900, 1010, 1110]);
    ticker.postpone(10);
    clock.run(6000);
    t.equal(ticks.length, 8, 'one that was stopped stays so');
    ticker.start(0);
    clock.run(6050);
    ticker.postpone(400);
    clock.run(6700);
    t.same(ticks.slice(8), [6000, 6450, 6550, 6650], 'one that was put off goes on from there');
    ticker.stop();
  },
);

t.test('a leader that rests is answered every second time, one at work each time', async (t) => {
  const rest = new Rest(100, 10, 0);
  rest.heard(6000);
  const answered = (at: number): boolean => rest.heardAgain(at);
  t.same([6300, 6600, 6900, 7200].map(answered), [false, true, false, true]);
  t.same([7300, 7400, 7500].map(answered), [true, true, true]);
  rest.heard(7800);
  t.equal(rest.heardAgain(8100), false, 'what was heard in between was answered');
});

t.test('a ticker that is put off again and again sets no timer each time', async (t) => {
  const clock = new HandClock();
  const ticks: number[] = [];
  const ticker = new Ticker(clock, 300, () => ticks.push(clock.now()));
  ticker.start(0);
  for (let now = 0; now < 60_000; now += 300) {
    clock.run(now);
    ticker.postpone(1000);
  }
  t.same(ticks, [0], 'it was always put off');
  t.ok(clock.timersSet < 75, `${clock.timersSet} timers in a minute, one for each time that one ran out`);
});
