/** The benchmarks as a list: what runs them all hands each only what it takes. */

import t from 'tap';
import { benchmarks, sharedFlags, shortArgv } from '../../bench/catalog.ts';
import { systemFlags } from '../../bench/options.ts';
import { parseFlags } from '../../src/cli/flags.ts';

const everything = ['--against', 'etcd', '--only', 'keelson', '--nodes', '5', '--out', 'folder'];

t.test('every benchmark understands the flags that a run of all hands to it, short or long', async (t) => {
  const values = parseFlags(systemFlags, everything).values;
  for (const [name, benchmark] of Object.entries(benchmarks)) {
    const shared = sharedFlags(benchmark, values);
    t.same(parseFlags(benchmark.flags, shared).problems, [], name);
    t.same(parseFlags(benchmark.flags, [...shared, ...benchmark.quick]).problems, [], `${name}, short`);
    t.ok(benchmark.quick.length > 0, `${name} can be run short`);
    t.ok((benchmark.fewestNodes ?? 1) <= systemFlags.nodes.initial, `${name} runs with the members it gets`);
  }
});

t.test('a flag of a short run may be given all the same', async (t) => {
  const { put } = benchmarks;
  const argv = shortArgv(put!, ['--quick', '--seconds', '7']);
  const { values, problems } = parseFlags(put!.flags, argv);
  t.same(problems, []);
  t.match(values, { seconds: 7, rounds: 1 });
  t.same(shortArgv(put!, ['--seconds', '7']), ['--seconds', '7']);
});
