import t from 'tap';
import { type AutoCompaction, type Compactor, startCompactor } from '../../src/embed/auto-compaction.ts';
import { Failure } from '../../src/util/failure.ts';
import { type Clock, silentLogger, type Timer } from '../../src/util/runtime.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Time that passes when the test says so. */
class HandClock implements Clock {
  #nowMs = 0;
  #timer: { atMs: number; fire: () => void } | null = null;
  now = (): number => this.#nowMs;
  wallNow = (): number => this.#nowMs;

  setTimer(delayMs: number, fire: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, fire };
    this.#timer = timer;
    return {
      cancel: () => {
        if (this.#timer === timer) this.#timer = null;
      },
    };
  }

  pass(ms: number): void {
    const untilMs = this.#nowMs + ms;
    while (this.#timer !== null && this.#timer.atMs <= untilMs) {
      const { atMs, fire } = this.#timer;
      this.#timer = null;
      this.#nowMs = atMs;
      fire();
    }
    this.#nowMs = untilMs;
  }
}

class Member {
  isLeader = true;
  revision = 1;
  failure: Failure | null = null;
  readonly compacted: number[] = [];

  compact(revision: number, done: (failure: Failure | null) => void): void {
    this.compacted.push(revision);
    done(this.failure);
  }
}

function start(options: AutoCompaction): { clock: HandClock; member: Member; compactor: Compactor } {
  const clock = new HandClock();
  const member = new Member();
  return { clock, member, compactor: startCompactor(options, member, clock, silentLogger) };
}

t.test('by period: nothing for a whole period, then what is a period old, once per period', async (t) => {
  const { clock, member } = start({ mode: 'periodic', periodMs: 10 * minuteMs });
  for (let minute = 1; minute <= 9; minute++) {
    clock.pass(minuteMs);
    member.revision += 10;
  }
  t.same(member.compacted, [], 'not before the period is over');
  clock.pass(minuteMs);
  t.same(member.compacted, [1], 'the revision of ten minutes ago');
  for (let minute = 1; minute <= 10; minute++) {
    member.revision += 10;
    clock.pass(minuteMs);
  }
  t.equal(member.compacted.length, 2);
  t.ok(member.compacted[1]! > 1 && member.compacted[1]! <= 101, 'again one that is a period old');
});

t.test('by a long period: looked at ten times an hour, kept for the whole period', async (t) => {
  const { clock, member } = start({ mode: 'periodic', periodMs: 5 * hourMs });
  for (let hour = 0; hour < 5; hour++) {
    member.revision = 1 + hour;
    clock.pass(hourMs - 1);
  }
  t.same(member.compacted, []);
  clock.pass(hourMs);
  t.equal(member.compacted.length, 1);
  t.ok(member.compacted[0]! <= 2);
});

t.test('a store that stands still is compacted once', async (t) => {
  const { clock, member } = start({ mode: 'periodic', periodMs: minuteMs });
  member.revision = 5;
  clock.pass(20 * minuteMs);
  t.same(member.compacted, [1, 5]);
});

t.test('by revision: every five minutes all but the newest so many', async (t) => {
  const { clock, member } = start({ mode: 'revision', revisions: 100 });
  member.revision = 100;
  clock.pass(5 * minuteMs);
  t.same(member.compacted, [], 'not more than are kept');
  member.revision = 150;
  clock.pass(5 * minuteMs);
  clock.pass(5 * minuteMs);
  t.same(member.compacted, [50], 'once for what has not changed');
});

t.test('only the leader compacts, and whoever leads next knows how old revisions are', async (t) => {
  const { clock, member } = start({ mode: 'periodic', periodMs: 10 * minuteMs });
  member.isLeader = false;
  member.revision = 7;
  clock.pass(20 * minuteMs);
  t.same(member.compacted, []);
  member.isLeader = true;
  clock.pass(minuteMs);
  t.same(member.compacted, [7], 'at once, from its own notes');
});

t.test('a failure is tried again at the next look; what is compacted already is no failure', async (t) => {
  const { clock, member } = start({ mode: 'revision', revisions: 1 });
  member.revision = 11;
  member.failure = new Failure('timeout');
  clock.pass(10 * minuteMs);
  t.same(member.compacted, [10, 10]);
  member.failure = new Failure('compacted');
  clock.pass(10 * minuteMs);
  t.same(member.compacted, [10, 10, 10]);
});

t.test('nothing happens after it was stopped', async (t) => {
  const { clock, member, compactor } = start({ mode: 'revision', revisions: 1 });
  member.revision = 11;
  compactor.stop();
  clock.pass(hourMs);
  t.same(member.compacted, []);
});
