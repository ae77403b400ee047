/** The arithmetic of majorities, windows and configurations against naive models. */

import fc from 'fast-check';
import t, { type Test } from 'tap';
import { decodeConfigEntry, encodeConfigEntry } from '../../src/raft/conf-codec.ts';
import {
  changedConfiguration,
  confProblem,
  isJoint,
  leftJoint,
  nobodyTakesPart,
} from '../../src/raft/configuration.ts';
import { Inflights } from '../../src/raft/inflights.ts';
import { everything, majority, reachedBy, voteOutcome } from '../../src/raft/quorum.ts';
import type { ConfState } from '../../src/raft/types.ts';

const ids = ['1', '2', '3', '4', '5', '6', '7'];
const someIds = fc.subarray(ids);

/** Every configuration that single changes lead to. */
const confs = fc
  .array(fc.record({ add: someIds, addLearners: someIds, remove: someIds, leave: fc.boolean() }))
  .map((changes) => {
    let conf: ConfState = { ...nobodyTakesPart, voters: ['1'] };
    for (const { add, addLearners, remove, leave } of changes) {
      if (isJoint(conf) && leave) conf = leftJoint(conf);
      const change = { add, addLearners, remove, context: new Uint8Array(0), transition: 'auto' as const };
      conf = changedConfiguration(conf, change).conf ?? conf;
    }
    return conf;
  });

function holds<T>(t: Test, property: fc.IProperty<T>, options: fc.Parameters<T> = {}): void {
  t.doesNotThrow(() => fc.assert(property, options));
}

function subsets<T>(list: readonly T[]): T[][] {
  return list.reduce<T[][]>((all, item) => all.concat(all.map((one) => [...one, item])), [[]]);
}

t.test('F21: the committed index is the largest that some majority has reached', async (t) => {
  holds(
    t,
    fc.property(fc.array(fc.nat(20), { minLength: 1, maxLength: 7 }), (matches) => {
      const quorums = subsets(matches).filter((set) => set.length * 2 > matches.length);
      const naive = Math.max(...quorums.map((set) => Math.min(...set)));
      return reachedBy([...matches, 99], matches.length, majority(matches.length)) === naive;
    }),
  );
  t.equal(reachedBy([], 0, 1), everything, 'nobody has no objection');
});

t.test(
  'F21: an election is won with a majority of both halves, lost when one can no longer be had',
  async (t) => {
    const votes = fc
      .dictionary(fc.constantFrom(...ids), fc.boolean())
      .map((all) => new Map(Object.entries(all)));
    holds(
      t,
      fc.property(confs, votes, (conf, cast) => {
        const halves = [conf.voters, conf.votersOutgoing].filter((half) => half.length > 0);
        const wonWith = (granting: (id: string) => boolean): boolean =>
          halves.every((half) => half.filter(granting).length * 2 > half.length);
        const won = wonWith((id) => cast.get(id) === true);
        const possible = wonWith((id) => cast.get(id) !== false);
        return voteOutcome(conf, cast, majority) === (won ? 'won' : possible ? 'pending' : 'lost');
      }),
    );
  },
);

t.test('every change leads to a sound configuration, and its majorities overlap those before', async (t) => {
  holds(
    t,
    fc.property(confs, someIds, someIds, someIds, (conf, add, addLearners, remove) => {
      const change = { add, addLearners, remove, context: new Uint8Array(0), transition: 'auto' as const };
      const { conf: next } = changedConfiguration(conf, change);
      if (next === null) return true;
      if (confProblem(next) !== '') return false;
      const winsIn = (of: ConfState, set: string[]): boolean =>
        voteOutcome(of, new Map(set.map((id) => [id, true])), majority) === 'won';
      const before = subsets(ids).filter((set) => winsIn(conf, set));
      const after = subsets(ids).filter((set) => winsIn(next, set));
      return before.every((one) => after.every((other) => one.some((id) => other.includes(id))));
    }),
    { numRuns: 60 },
  );
});

t.test('everybody ends up where the change wanted them', async (t) => {
  holds(
    t,
    fc.property(confs, someIds, someIds, someIds, (conf, add, addLearners, remove) => {
      const change = { add, addLearners, remove, context: new Uint8Array(0), transition: 'auto' as const };
      const { conf: changed } = changedConfiguration(conf, change);
      if (changed === null || add.length + addLearners.length + remove.length === 0) return true;
      const end = isJoint(changed) ? leftJoint(changed) : changed;
      return (
        add.every((id) => end.voters.includes(id)) &&
        addLearners.every((id) => end.learners.includes(id)) &&
        remove.every((id) => !end.voters.includes(id) && !end.learners.includes(id))
      );
    }),
  );
});

t.test('configurations survive their encoding', async (t) => {
  holds(
    t,
    fc.property(confs, fc.uint8Array({ maxLength: 20 }), (conf, context) => {
      const decoded = decodeConfigEntry(encodeConfigEntry(conf, context));
      t.same(decoded.conf, conf);
      t.same([...decoded.context], [...context]);
    }),
    { numRuns: 50 },
  );
});

t.test('the window counts what is under way, whatever is acknowledged when', async (t) => {
  const steps = fc.array(fc.record({ free: fc.boolean(), bytes: fc.nat(50), upTo: fc.nat(12) }), {
    maxLength: 80,
  });
  holds(
    t,
    fc.property(
      steps,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 400 }),
      (list, count, bytes) => {
        const window = new Inflights(count, bytes);
        let model: { index: number; bytes: number }[] = [];
        let index = 0;
        for (const step of list) {
          if (step.free) {
            const upTo = index - step.upTo;
            window.freeUpTo(upTo);
            model = model.filter((each) => each.index > upTo);
          } else if (!window.isFull) {
            index++;
            window.add(index, step.bytes);
            model.push({ index, bytes: step.bytes });
          }
          const sum = model.reduce((total, each) => total + each.bytes, 0);
          if (window.count !== model.length || window.bytes !== sum) return false;
          if (window.isFull !== (model.length >= count || sum >= bytes)) return false;
        }
        return true;
      },
    ),
  );
});
