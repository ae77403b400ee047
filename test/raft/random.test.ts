/**
 * Histories drawn from a seed: messages dropped, repeated and reordered, writes that complete late, crashes that lose
 * them, partitions, snapshots, compaction, transfers and changes of configuration. After every step the safety
 * properties of the paper's figure 3 are checked against everything that ever happened. A failure prints its seed;
 * SEED=n repeats one.
 */

import t from 'tap';
import type { NodeOptions } from './cluster.ts';
import { RandomWorld } from './random-world.ts';

const stepsPerRun = 1500;
const { SEED: oneSeed } = process.env;
const seeds = oneSeed === undefined ? range(1, 40) : [Number(oneSeed)];

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

function run(seed: number, nodes: number, options: NodeOptions, reconfigures = true): RandomWorld {
  const world = new RandomWorld(seed, nodes, options);
  world.reconfigures = reconfigures;
  try {
    for (let i = 0; i < stepsPerRun; i++) world.step();
    world.converge();
  } catch (error) {
    throw new Error(`seed ${seed} (${nodes} nodes), step ${world.steps}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return world;
}

for (const nodes of [3, 5]) {
  t.test(
    `${nodes} nodes under random faults keep the safety properties and converge when healed`,
    async (t) => {
      let committed = 0;
      let leaders = 0;
      for (const seed of seeds) {
        const world = run(seed, nodes, { maxMessageBytes: 50, maxInflightMessages: 4 });
        committed += world.committedCount;
        leaders += world.leaderCount;
      }
      t.ok(committed > seeds.length * 10, `committed ${committed} entries`);
      t.ok(leaders > seeds.length * 2, `saw ${leaders} leaders`);
    },
  );
}

t.test('random faults without pre-vote and check-quorum are as safe', async (t) => {
  // The members stay: nothing would stop a removed one from raising terms for ever.
  for (const seed of seeds.slice(0, 8)) run(seed, 3, { preVote: false, checkQuorum: false }, false);
  t.pass('no property broken');
});

/** Each rule that is switched off must break a property within these seeds, or this test is blind. */
const mutants = [
  'quorumHalf',
  'commitBeyondNew',
  'countUnwritten',
  'ackBeforeWritten',
  'voteTwice',
  'noUpToDateCheck',
  'truncateOnOverlap',
  'configKeptOnTruncation',
] as const;

for (const mutant of mutants) {
  t.test(`random faults catch the mutant ${mutant}`, async (t) => {
    for (let seed = 1; seed <= 150; seed++) {
      try {
        run(seed, 3 + 2 * (seed % 2), { mutant, maxMessageBytes: 50, preVote: false });
      } catch (error) {
        t.pass(`${(error as Error).message}`);
        return;
      }
    }
    t.fail(`${mutant} was not caught`);
  });
}
