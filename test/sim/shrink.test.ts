import t from 'tap';
import { runSeed, scriptOf, shrink, swarmOf } from '../../src/sim/index.ts';

t.test('a failing run is cut to one that fails by the same invariant and does less', async (t) => {
  const options = { safetyMs: 5000, livenessMs: 5000, mutant: 'quorumHalf' };
  const whole = runSeed(1, options);
  t.not(whole.violation, null);
  const shrunk = shrink(1, options, 80)!;
  t.equal(shrunk.outcome.violation!.invariant, whole.violation!.invariant);
  t.ok(shrunk.outcome.steps <= whole.steps);
  t.ok(shrunk.taken.length > 5, `${shrunk.taken.length} things were not needed`);
  const again = runSeed(1, { ...options, safetyMs: shrunk.safetyMs, shape: () => shrunk.swarm });
  t.equal(again.traceHash, shrunk.outcome.traceHash, 'what is left repeats it');
  t.match(
    scriptOf(shrunk, 'quorumHalf'),
    /^\/\/ .*\nrunSeed\(1, \{ safetyMs: \d+, mutant: 'quorumHalf', shape: /,
  );
});

t.test('a run that holds is not cut', async (t) => {
  t.equal(shrink(1, { safetyMs: 500, livenessMs: 20_000 }), null);
});

t.test('a script changes a calm world in the settings that it names', async (t) => {
  const swarm = swarmOf(5, { keys: 3, network: { dropChance: 0.5 }, partitionShapes: ['ring'] });
  t.equal(swarm.nodes, 5);
  t.equal(swarm.keys, 3);
  t.equal(swarm.network.dropChance, 0.5);
  t.equal(swarm.network.delayMs, swarmOf(5, {}).network.delayMs);
  t.same(swarm.partitionShapes, ['ring']);
});
