/** Leases across leaders that come and go: never early, not for ever, the same on every member. */

import fc from 'fast-check';
import t from 'tap';
import { EXTEND, type Switches, World } from './world.ts';

type Step =
  | { readonly kind: 'grant'; readonly ttl: number }
  | { readonly kind: 'renew'; readonly place: number; readonly which: number }
  | { readonly kind: 'tick'; readonly ms: number }
  | { readonly kind: 'leap'; readonly ms: number }
  | { readonly kind: 'apply'; readonly place: number; readonly entries: number }
  | { readonly kind: 'elect'; readonly place: number; readonly passesOn: boolean }
  | { readonly kind: 'restart' | 'pause'; readonly place: number }
  | { readonly kind: 'commit' | 'confirm' }
  | { readonly kind: 'dethrone'; readonly passesOn: boolean };

const place = fc.nat(2);
/** Three stands for the one who leads. */
const anyLeader = fc.constantFrom(0, 1, 2, 3, 3, 3);
const plain = { noNullPrototype: true };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(2, 3, 10, 12, 30).map((ttl): Step => ({ kind: 'grant', ttl })),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('renew' as const), place: anyLeader, which: fc.nat(9) }, plain),
  },
  {
    weight: 8,
    arbitrary: fc.constantFrom(50, 100, 300, 800).map((ms): Step => ({ kind: 'tick', ms })),
  },
  {
    weight: 5,
    arbitrary: fc.constantFrom(2000, 5000, 9000, 13_000).map((ms): Step => ({ kind: 'leap', ms })),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('apply' as const), place, entries: fc.nat(4) }, plain),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('elect' as const), place, passesOn: fc.boolean() }, plain),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('restart' as const, 'pause' as const), place }, plain),
  },
  {
    weight: 12,
    arbitrary: fc.constantFrom('commit' as const, 'confirm' as const).map((kind): Step => ({ kind })),
  },
  {
    weight: 2,
    arbitrary: fc.boolean().map((passesOn): Step => ({ kind: 'dethrone', passesOn })),
  },
);

async function run(world: World, steps: readonly Step[]): Promise<void> {
  const ids: bigint[] = [];
  for (const one of steps) {
    switch (one.kind) {
      case 'grant':
        ids.push(world.grant(one.ttl));
        break;
      case 'renew':
        if (ids.length > 0) {
          world.renew(one.place === 3 ? world.leader : one.place, ids[one.which % ids.length]!);
        }
        break;
      case 'tick':
        world.tick(one.ms);
        break;
      case 'leap':
        for (let ms = 0; ms < one.ms; ms += 250) world.tick(250);
        break;
      case 'apply': {
        const applied = world.nodes[one.place]!.applied;
        world.apply(one.place, one.place === world.leader ? world.log.length : applied + one.entries);
        break;
      }
      case 'elect':
        if (one.place !== world.leader) world.elect(one.place, one.passesOn);
        break;
      case 'restart':
        await world.restart(one.place);
        break;
      case 'pause':
        world.nodes[one.place]!.isPaused = !world.nodes[one.place]!.isPaused;
        break;
      case 'dethrone':
        world.dethrone(one.passesOn);
        break;
      default:
        world[one.kind]();
    }
  }
}

const histories = fc.array(step, { minLength: 30, maxLength: 150, size: 'max' });

t.test(
  'random leaders, stuck ones included, end no lease before its time and all of them after it',
  async (t) => {
    const seen = { gone: 0, acknowledged: 0, checkpoints: 0, fenced: 0, terms: 0 };
    await fc.assert(
      fc.asyncProperty(histories, async (steps) => {
        const world = await World.open();
        await run(world, steps);
        world.settle(world.now + 30_000 + EXTEND + 2000);
        if (world.count > 0) throw new Error(`${world.count} leases outlived their time`);
        world.compare();
        seen.gone += world.goneAt.size;
        seen.acknowledged += world.acknowledged;
        seen.checkpoints += world.checkpoints;
        seen.fenced += world.fenced;
        seen.terms += world.term;
      }),
      { numRuns: 250 },
    );
    for (const [what, count] of Object.entries(seen)) t.ok(count > 150, `${what}: ${count}`);
  },
);

/** Whether the same search finds a world that makes a known mistake out. */
async function finds(switches: Switches): Promise<boolean> {
  const details = await fc.check(
    fc.asyncProperty(histories, async (steps) => {
      const world = await World.open(switches);
      await run(world, steps);
      world.settle(world.now + 60_000);
    }),
    { numRuns: 3000, endOnFailure: true, seed: 7 },
  );
  return details.failed && /early/.test(String(details.errorInstance));
}

t.test('the search would find a leader that does not fence by term', async (t) => {
  t.equal(await finds({ ignoresTerm: true }), true);
});

t.test('and one that does not take checkpoints back', async (t) => {
  t.equal(await finds({ skipsReset: true }), true);
});

t.test('and one that acknowledges renewals it could not know to be its own to give', async (t) => {
  t.equal(await finds({ skipsConfirm: true }), true);
});

t.test('a lease that nobody renews ends in time, though no leader stays for its TTL', async (t) => {
  const world = await World.open();
  const started = world.now;
  const id = world.grant(60);
  for (let leader = 1; world.goneAt.size === 0 && leader < 20; leader++) {
    world.settle(world.now + 30_000);
    world.elect(leader % 3, true);
  }
  const lived = world.goneAt.get(id)! - started;
  t.ok(lived >= 60_000 && lived <= 60_000 + 4 * (EXTEND + 1000), `${lived} ms`);
});

t.test('and a long one, too', async (t) => {
  const world = await World.open();
  const started = world.now;
  const id = world.grant(3600);
  for (let leader = 1; world.goneAt.size === 0 && leader < 20; leader++) {
    world.settle(world.now + 360_000);
    world.elect(leader % 3, true);
  }
  const lived = world.goneAt.get(id)! - started;
  // A minute of every six is not written down.
  t.ok(lived >= 3_600_000 && lived <= 3_600_000 * 1.2 + 20_000, `${lived} ms`);
});
