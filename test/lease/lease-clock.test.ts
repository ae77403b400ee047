/** The leader's half: when leases are over, when they are checkpointed, and what a renewal has to wait for. */

import t from 'tap';
import { LeaseClock, type LeaseClockOptions, Renewal } from '../../src/lease/lease-clock.ts';
import type { Leases } from '../../src/lease/leases.ts';
import { freshRig } from './rig.ts';

const TERM = 3;
const EXTEND = 1000;
const STEP = 100;

interface Timed {
  readonly leases: Leases;
  readonly clock: LeaseClock;
  /** Ticks every `STEP` ms up to `until`; revokes what is over and applies checkpoints unless told not to. */
  run(until: number): void;
  /** `ms id` of every lease taken as over. */
  readonly over: string[];
  /** `ms id left` of every checkpoint taken. */
  readonly checkpoints: string[];
  revokes: boolean;
  applies: boolean;
  now: number;
}

async function timed(options: Partial<LeaseClockOptions> = {}): Promise<Timed> {
  const { leases } = await freshRig();
  const clock = new LeaseClock(leases, options);
  const self: Timed = {
    leases,
    clock,
    over: [],
    checkpoints: [],
    revokes: true,
    applies: true,
    now: 0,
    run(until) {
      while (self.now + STEP <= until) {
        self.now += STEP;
        for (const id of clock.takeExpired(self.now, 1000)) {
          self.over.push(`${self.now} ${id}`);
          if (self.revokes) leases.revoke(id);
        }
        for (const { id, remainingTtl } of clock.takeCheckpoints(self.now, 1000)) {
          self.checkpoints.push(`${self.now} ${id} ${remainingTtl}`);
          if (self.applies) leases.checkpoint(id, remainingTtl);
        }
      }
    },
  };
  return self;
}

/** Leads from 0 on over leases granted now. */
async function leading(
  ttls: Readonly<Record<number, number>>,
  options: Partial<LeaseClockOptions> = {},
): Promise<Timed> {
  const it = await timed(options);
  it.clock.promote(TERM, 0, EXTEND);
  for (const [id, ttl] of Object.entries(ttls)) it.leases.grant(BigInt(id), ttl);
  it.clock.takeExpired(0, 0);
  return it;
}

t.test('a lease is over its TTL after the grant or the last renewal, and not before', async (t) => {
  const it = await leading({ 1: 2, 2: 3 });
  it.run(1900);
  t.same(it.over, []);
  t.equal(it.clock.renew(2n, 1950), Renewal.Renewed);
  it.run(10_000);
  t.same(it.over, ['2000 1', '5000 2'], 'at the first tick at or after it');
  t.equal(it.clock.renew(1n, it.now), Renewal.Gone);
});

t.test(
  'a lease granted between ticks has its time from the next one on, and can be asked for at once',
  async (t) => {
    const it = await leading({});
    it.run(1000);
    it.leases.grant(7n, 5);
    it.leases.grant(8n, 5);
    it.leases.grant(9n, 5);
    it.leases.revoke(9n);
    t.same(it.clock.list(), [7n, 8n]);
    t.same(it.clock.timeToLive(7n, 1050), { ttl: 5, grantedTtl: 5 });
    t.equal(it.clock.renew(8n, 1050), Renewal.Renewed);
    t.equal(it.clock.renew(9n, 1050), Renewal.Gone);
    it.leases.grant(9n, 3);
    t.equal(it.clock.renew(9n, 1060), Renewal.Renewed, 'an id that is used again');
    it.run(10_000);
    t.same(it.over.sort(), ['4100 9', '6100 7', '6100 8']);
  },
);

t.test(
  'a lease that is over is offered again until it is revoked, and cannot be renewed meanwhile',
  async (t) => {
    const it = await leading({ 1: 2 }, { reofferMs: 500 });
    it.revokes = false;
    it.run(2300);
    t.equal(it.clock.renew(1n, it.now), Renewal.Ending);
    t.same(it.clock.timeToLive(1n, it.now), { ttl: 0, grantedTtl: 2 });
    it.run(3200);
    t.same(it.over, ['2000 1', '2500 1', '3000 1']);
    t.same(it.checkpoints, []);
    it.leases.revoke(1n);
    it.run(9000);
    t.equal(it.over.length, 3);
    t.equal(it.clock.timeToLive(1n, it.now), null);
  },
);

t.test(
  'whoever waits for the end of a lease is told of it, or that nobody here knows any more',
  async (t) => {
    const it = await leading({ 1: 2, 2: 2, 3: 2 }, { maxWaiters: 3 });
    it.revokes = false;
    it.run(2000);
    const told: string[] = [];
    const wait = (id: bigint, name: string) =>
      it.clock.whenOver(id, (isGone) => told.push(`${name} ${isGone}`));
    t.same([wait(1n, 'a'), wait(1n, 'b'), wait(2n, 'c'), wait(2n, 'd')], [true, true, true, false]);
    it.leases.revoke(1n);
    t.same(told, ['a true', 'b true']);
    it.leases.revoke(3n);
    t.equal(wait(2n, 'e'), true, 'there is room again');
    it.clock.demote();
    t.same(told, ['a true', 'b true', 'c false', 'e false']);
    it.clock.demote();
    t.equal(told.length, 4, 'once');
  },
);

t.test('without leading it knows and says nothing', async (t) => {
  const { clock, leases } = await timed();
  leases.grant(1n, 10);
  t.equal(clock.term, 0);
  t.same(clock.takeExpired(99_999, 10), []);
  t.same(clock.takeCheckpoints(99_999, 10), []);
  t.equal(clock.renew(1n, 0), Renewal.NotLeader);
  t.throws(() => clock.timeToLive(1n, 0), /only the leader/);
  t.throws(() => clock.promote(0, 0, EXTEND));
  t.same(clock.list(), [1n]);
});

t.test('a new leader gives an election timeout on top, and a renewal takes it away', async (t) => {
  const it = await timed();
  it.leases.grant(1n, 5);
  it.leases.grant(2n, 5);
  it.clock.promote(TERM, 0, EXTEND);
  t.equal(it.clock.term, TERM);
  t.same(it.clock.timeToLive(1n, 0), { ttl: 5, grantedTtl: 5 }, 'no more than granted is shown');
  t.equal(it.clock.renew(2n, 400), Renewal.Renewed);
  it.run(20_000);
  t.same(it.over, ['5400 2', '6000 1']);
});

t.test('a new leader goes on from the last checkpoint, not from the whole TTL', async (t) => {
  const it = await timed();
  it.leases.grant(1n, 60);
  it.leases.checkpoint(1n, 7);
  it.clock.promote(TERM, 0, EXTEND);
  t.same(it.clock.timeToLive(1n, 0), { ttl: 8, grantedTtl: 60 });
  t.equal(it.clock.renew(1n, 0), Renewal.NeedsReset);
  t.same(it.clock.timeToLive(1n, 0), { ttl: 60, grantedTtl: 60 });
  t.equal(it.clock.renew(1n, 10), Renewal.NeedsReset, 'until it was applied');
  it.leases.checkpoint(1n, 0);
  t.equal(it.clock.renew(1n, 20), Renewal.Renewed);
});

t.test('a lease that is renewed every third of its TTL is never checkpointed', async (t) => {
  const it = await leading({ 1: 60, 2: 600 });
  for (let at = 20_000; at <= 1_200_000; at += 20_000) {
    it.run(at);
    t.equal(it.clock.renew(1n, at), Renewal.Renewed);
    if (at % 200_000 === 0) t.equal(it.clock.renew(2n, at), Renewal.Renewed);
  }
  t.same([it.checkpoints, it.over], [[], []]);
});

t.test('one that nobody renews is checkpointed after four tenths, then every tenth', async (t) => {
  const it = await leading({ 1: 60, 2: 9 });
  it.run(100_000);
  t.same(it.checkpoints, ['24000 1 36', '30000 1 30', '36000 1 24', '42000 1 18', '48000 1 12', '54000 1 6']);
  t.same(it.over, ['9000 2', '60000 1'], 'short ones are not');
});

t.test('and at least every five minutes', async (t) => {
  const it = await leading({ 1: 3600 });
  it.run(900_000);
  t.same(it.checkpoints, ['300000 1 3300', '600000 1 3000', '900000 1 2700']);
});

t.test(
  'checkpoints are rounded up, at least a second apart, and only made if they say something',
  async (t) => {
    const it = await leading({ 1: 11 });
    it.run(60_000);
    t.same(it.checkpoints.slice(0, 3), ['4400 1 7', '5500 1 6', '6600 1 5']);
    const late = await timed();
    late.leases.grant(1n, 11);
    late.leases.checkpoint(1n, 2);
    late.clock.promote(TERM, 0, 5000);
    late.run(60_000);
    t.same(late.checkpoints, ['6600 1 1'], 'none above the last');
    t.same(late.over, ['7000 1']);
  },
);

t.test('a renewal takes back a checkpoint that is still on its way', async (t) => {
  const it = await leading({ 1: 60, 2: 60 });
  it.applies = false;
  it.run(24_000);
  t.same(it.checkpoints, ['24000 1 36', '24000 2 36']);
  t.equal(it.clock.renew(1n, it.now), Renewal.NeedsReset);
  it.run(40_000);
  t.equal(it.checkpoints[2], '30000 2 30', 'the other goes on');
  t.equal(it.clock.renew(1n, it.now), Renewal.NeedsReset, 'a slow one still counts');
  it.leases.checkpoint(1n, 36);
  it.leases.checkpoint(1n, 0);
  t.equal(it.clock.renew(1n, it.now), Renewal.Renewed, 'both are applied');
});

t.test('a checkpoint after a renewal that takes back one before is not forgotten', async (t) => {
  const it = await leading({ 1: 60 });
  it.applies = false;
  it.run(24_000);
  it.clock.renew(1n, it.now);
  it.run(48_000);
  t.same(it.checkpoints, ['24000 1 36', '48000 1 36']);
  it.leases.checkpoint(1n, 36);
  it.leases.checkpoint(1n, 0);
  t.equal(it.clock.renew(1n, it.now), Renewal.NeedsReset, 'the second is on its way');
  it.leases.checkpoint(1n, 36);
  it.leases.checkpoint(1n, 0);
  t.equal(it.clock.renew(1n, it.now), Renewal.Renewed);
});

t.test('a checkpoint that did not reach the log asks nothing of renewals', async (t) => {
  const it = await leading({ 1: 60 });
  it.applies = false;
  it.run(24_000);
  it.clock.withdraw([
    { id: 1n, remainingTtl: 36 },
    { id: 99n, remainingTtl: 1 },
  ]);
  t.equal(it.clock.renew(1n, it.now), Renewal.Renewed);
  it.clock.withdraw([{ id: 1n, remainingTtl: 36 }]);
  it.run(50_000);
  t.equal(it.checkpoints.length, 2);
  t.equal(it.clock.renew(1n, it.now), Renewal.NeedsReset);
});

t.test('time in which the leader stood still is not charged', async (t) => {
  const it = await leading({ 1: 3, 2: 3 });
  it.run(1000);
  it.now = 61_000;
  it.run(61_100);
  t.same(it.over, [], 'on waking: one election timeout of the minute counts');
  t.equal(it.clock.renew(1n, it.now), Renewal.Renewed);
  it.run(70_000);
  t.same(it.over, ['62100 2', '64100 1']);
  const steady = await leading({ 1: 3 });
  for (steady.now = 0; steady.now < 4000; steady.now += 900) steady.clock.takeExpired(steady.now, 0);
  steady.run(5000);
  t.same(steady.over.length, 1, 'a pause that could be between two ticks counts');
});

t.test('an earlier time than before counts as the latest', async (t) => {
  const it = await leading({ 1: 3 });
  it.run(2000);
  t.equal(it.clock.renew(1n, 1500), Renewal.Renewed);
  it.run(9000);
  t.same(it.over, ['5000 1']);
});

t.test(
  'leases that are over all at once end at the rate that is allowed, and can be renewed until their turn',
  async (t) => {
    const it = await timed({ revokesPerSecond: 100 });
    for (let id = 1; id <= 300; id++) it.leases.grant(BigInt(id), 2);
    it.clock.promote(TERM, 0, EXTEND);
    it.run(3000);
    t.equal(it.over.length, 50, 'half a second of it at once');
    it.run(4000);
    t.equal(it.over.length, 150);
    const waiting = it.clock.list();
    t.equal(waiting.length, 150);
    for (const id of waiting.slice(0, 100)) t.equal(it.clock.renew(id, it.now), Renewal.Renewed);
    it.run(5900);
    t.equal(it.over.length, 200);
    it.run(7000);
    t.equal(it.over.length, 300);
    t.equal(it.leases.count, 0);
  },
);

t.test('no more is taken than asked for', async (t) => {
  const it = await leading(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [i + 1, 20])));
  t.equal(it.clock.takeCheckpoints(10_000, 3).length, 0, 'the time between was stood still');
  for (let at = 10_000; at <= 19_000; at += 500) it.clock.takeExpired(at, 0);
  t.equal(it.clock.takeCheckpoints(19_500, 3).length, 3);
  t.equal(it.clock.takeCheckpoints(19_500, 100).length, 17);
  for (let at = 19_500; at <= 40_000; at += 500) it.clock.takeExpired(at, 0);
  t.equal(it.clock.takeExpired(40_000, 3).length, 3);
  t.equal(it.clock.takeExpired(40_000, 100).length, 17);
});

t.test('the list is in the order of what is left', async (t) => {
  const it = await leading({ 1: 50, 2: 20, 3: 30 });
  t.same(it.clock.list(), [2n, 3n, 1n]);
  it.clock.renew(2n, 500);
  it.run(15_000);
  it.clock.renew(2n, it.now);
  t.same(it.clock.list(), [3n, 2n, 1n]);
});

t.test('what is left is told in whole seconds, rounded down', async (t) => {
  const it = await leading({ 1: 10 });
  it.run(3000);
  t.same(it.clock.timeToLive(1n, 3000), { ttl: 7, grantedTtl: 10 });
  t.same(it.clock.timeToLive(1n, 3001), { ttl: 6, grantedTtl: 10 });
  t.equal(it.clock.timeToLive(2n, 3001), null);
});

t.test('a state from elsewhere ends the watch', async (t) => {
  const it = await leading({ 1: 10 });
  await new Promise<void>((resolve) => it.leases.reload(() => resolve()));
  t.equal(it.clock.term, 0);
  it.clock.promote(TERM + 1, 0, EXTEND);
  t.same(it.clock.list(), [1n]);
});
