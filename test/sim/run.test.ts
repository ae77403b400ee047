import t from 'tap';
import { CrashStyle, createSimCluster, runSeed } from '../../src/sim/index.ts';
import type { Swarm } from '../../src/sim/swarm.ts';
import { encodePutRequest } from '../../src/wire/kv-codec.ts';

const none = { refused: 0, harmless: 0, added: 0 };
const short = { safetyMs: 6000, livenessMs: 30_000 };

// Much is computed here, and a busy machine may need long for it.
t.setTimeout(600_000);

t.test('the same seed gives the same trace, another seed another one', async (t) => {
  const hashes = new Set<string>();
  for (const seed of [11, 12, 13]) {
    const once = runSeed(seed, short);
    const again = runSeed(seed, short);
    t.equal(again.traceHash, once.traceHash, `seed ${seed}`);
    t.equal(again.steps, once.steps);
    t.same(again.counts, once.counts);
    hashes.add(once.traceHash);
  }
  t.equal(hashes.size, 3);
});

t.test('dozens of seeds hold all invariants under faults, and recover when healed', async (t) => {
  const total: Record<string, number> = {};
  for (let seed = 1; seed <= 70; seed++) {
    const outcome = runSeed(seed, short);
    if (outcome.violation !== null) {
      t.fail(
        `seed ${seed}: ${outcome.violation.message} (npm run sim -- --seed ${seed} --length 6000 --trace)`,
      );
    }
    for (const counts of [outcome.faults, outcome.counts]) {
      for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
    }
  }
  // A search that meets no trouble proves nothing: each kind has to have come up.
  for (const kind of [
    'crash',
    'crash-in-operation',
    'stop',
    'pause',
    'clog',
    'disk-stall',
    'slow-processor',
    'wall-step',
    'member-add-done',
    'member-remove-done',
    'member-move-leader-done',
  ]) {
    t.ok(total[kind]! > 0, `${kind} happened: ${total[kind]}`);
  }
  for (const shape of ['halves', 'isolate', 'bridge', 'ring', 'oneWay', 'echo', 'links']) {
    t.ok(total[`partition-${shape}`]! > 0, `a partition of shape ${shape} happened`);
  }
  for (const count of [
    'dropped',
    'duplicated',
    'reordered',
    'late',
    'replayed',
    'broken',
    'diskErrors',
    'fatal',
  ]) {
    t.ok(total[count]! > 0, `${count}: ${total[count]}`);
  }
  for (const count of ['answered', 'unknown', 'watchEvents', 'terms']) {
    t.ok(total[count]! > 100, `${count}: ${total[count]}`);
  }
  for (const count of ['installs', 'watchesCompacted', 'leasesRenewed', 'leasesExpired'])
    t.ok(total[count]! > 0, `${count}: ${total[count]}`);
});

t.test('a machine whose log has a bit flipped is refused, and another one takes its place', async (t) => {
  const shape = (swarm: Swarm): Swarm => ({
    ...swarm,
    ...{ nodes: 3, spares: 3, strictReconfigCheck: true, operateEveryMs: Number.POSITIVE_INFINITY },
    ...{ bitFlipChance: 0.7, crash: { everyMs: 900, lastsMs: 300 } },
  });
  const [outcomes, total] = [
    [1, 2, 3, 4, 5, 6].map((seed) => runSeed(seed, { ...short, shape })),
    { ...none },
  ];
  for (const { seed, violation, counts } of outcomes) {
    t.equal(violation, null, `seed ${seed}`);
    total.refused += counts['bitFlipsRefused']!;
    total.harmless += counts['bitFlipsHarmless']!;
    total.added += counts['added']!;
  }
  t.ok(total.refused > 0 && total.harmless > 0 && total.added > 0, JSON.stringify(total));
});

t.test(
  'a machine whose log rots at the last moment of a long life is taken out when all is healed',
  async (t) => {
    const { violation, swarm, counts } = runSeed(9102040);
    t.equal(violation, null);
    t.ok(swarm.stretch > 1, 'there was much time between what its operator did');
    t.ok(counts['bitFlipsRefused']! > 0);
  },
);

t.test('a log that loses its end, where most others hold it, loses nothing', async (t) => {
  const shape = (swarm: Swarm): Swarm => ({
    ...swarm,
    ...{ nodes: 3, spares: 3, strictReconfigCheck: true, operateEveryMs: Number.POSITIVE_INFINITY },
    ...{ endLossChance: 1, bitFlipChance: 0, crash: { everyMs: 900, lastsMs: 300 }, crashAllChance: 0 },
  });
  let lost = 0;
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const { violation, counts } = runSeed(seed, { ...short, shape });
    t.equal(violation, null, `seed ${seed}`);
    lost += counts['endLosses']!;
  }
  t.ok(lost > 0, `${lost} lost`);
});

t.test('a user can drive a cluster in virtual time, crash it and find its data again', async (t) => {
  const cluster = createSimCluster({ seed: 7 });
  cluster.startAll();
  cluster.runFor(5000);
  const leader = cluster.nodes.findIndex((node) => cluster.isLeader(node.index));
  t.ok(leader >= 0, 'five virtual seconds are enough to elect');
  const request = {
    key: Buffer.from('name'),
    value: Buffer.from('keelson'),
    lease: 0n,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
  };
  let revision = 0;
  cluster.portOf(leader)!.write({ kind: 'put', request }, encodePutRequest(request), (reason, result) => {
    t.equal(reason, null);
    revision = (result as { revision: number }).revision;
  });
  cluster.runFor(1000);
  t.equal(revision, 2);
  for (let node = 0; node < 3; node++) cluster.crash(node, CrashStyle.Lost);
  cluster.runFor(1000);
  cluster.startAll();
  cluster.runFor(5000);
  for (const node of cluster.nodes) t.equal(node.view.revision, 2, `${node.name} has it`);
});
