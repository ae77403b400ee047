import t from 'tap';
import { parseServerOptions } from '../../src/cli/server-options.ts';
import { startOptions } from '../../src/cli/server-setup.ts';
import { registerFeatureGates } from '../../src/http/feature-gates.ts';
import { Metrics } from '../../src/util/metrics.ts';
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
  const both = started('--feature-gates', 'CompactHashCheck=true, InitialCorruptCheck=false');
  t.match(both, { initialCorruptCheck: false, compactHashCheckMs: 60_000 });
  t.match(started('--initial-corrupt-check'), { initialCorruptCheck: true });
  t.match(started('--corrupt-check-time=2h'), { corruptCheckMs: 7_200_000 });
  t.match(started('--feature-gates=AllAlpha=true,InitialCorruptCheck=false'), {
    initialCorruptCheck: false,
    compactHashCheckMs: 60_000,
  });
});

function problemsOf(...argv: string[]): readonly string[] {
  return parseServerOptions(argv, {}).problems;
}

t.test('a gate that etcd does not know, or that is given twice, is refused', async (t) => {
  for (const wrong of ['CompactHashCheck', 'LeaseCheckpoint=maybe', 'AllBeta=true=false'])
    t.match(problemsOf(`--feature-gates=${wrong}`), [/must be true or false/], wrong);
  t.same(problemsOf('--feature-gates=CompactHashChek=true'), [
    '--feature-gates: unrecognized feature gate: CompactHashChek (did you mean CompactHashCheck?)',
  ]);
  t.equal(parseServerOptions(['--feature-gates=Foo=true'], {}).isUnreadable, true);
  t.match(
    problemsOf('--feature-gates=CompactHashCheck=true', '--experimental-compact-hash-check-enabled=false'),
    [/--compact-hash-check-enabled and --feature-gates CompactHashCheck are the same option/],
  );
});

t.test('a gate that switches nothing here is worth a word, if it asks for something', async (t) => {
  const told = (gates: string) => parseServerOptions([`--feature-gates=${gates}`], {}).warnings;
  t.same(told('LeaseCheckpoint=false,FastLeaseKeepAlive=true,CompactHashCheck=true'), []);
  t.match(told('LeaseCheckpoint=true,TxnModeWriteWithSharedBuffer=false'), [
    /LeaseCheckpoint has no effect/,
    /TxnModeWriteWithSharedBuffer has no effect/,
  ]);
});

t.test('metrics tell of every gate whether it is on', async (t) => {
  const metrics = new Metrics();
  registerFeatureGates(metrics, new Map([['LeaseCheckpoint', true]]));
  const text = metrics.text();
  t.match(text, 'etcd_server_feature_enabled{name="LeaseCheckpoint",stage="ALPHA"} 1');
  t.match(text, 'etcd_server_feature_enabled{name="CompactHashCheck",stage="ALPHA"} 0');
  t.match(text, 'etcd_server_feature_enabled{name="TxnModeWriteWithSharedBuffer",stage="BETA"} 1');
  t.match(text, 'etcd_server_feature_enabled{name="AllBeta",stage="BETA"} 0');
});
