import t from 'tap';
import { parseServerOptions } from '../../src/cli/server-options.ts';
import { startOptions } from '../../src/cli/server-setup.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';

const runtime = nodeRuntime();

function started(...argv: string[]): ReturnType<typeof startOptions> {
  const { options, problems } = parseServerOptions(argv, {});
  t.same(problems, [], argv.join(' '));
  return startOptions(options!, runtime, runtime.log);
}

t.test('feature gates switch what the flags before them did', async (t) => {
  t.match(started(), { initialCorruptCheck: false, compactHashCheckMs: 0 });
  t.match(started('--feature-gates=InitialCorruptCheck=true'), { initialCorruptCheck: true });
  const both = started('--feature-gates', 'CompactHashCheck=true, InitialCorruptCheck=false,Unknown=1');
  t.match(both, { initialCorruptCheck: false, compactHashCheckMs: 60_000 });
  t.match(started('--initial-corrupt-check'), { initialCorruptCheck: true });
  t.match(started('--corrupt-check-time=2h'), { corruptCheckMs: 7_200_000 });
  for (const wrong of ['A', 'A=maybe', 'A=true=false']) {
    const { problems } = parseServerOptions([`--feature-gates=${wrong}`], {});
    t.match(problems, [/feature-gates: A must be true or false/], wrong);
  }
});
