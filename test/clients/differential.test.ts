import t, { type Test } from 'tap';
import { Workplace } from '../../bench/children.ts';
import { findTool } from '../tools.ts';
import { compareSystems, shown, type Transport } from './differential.ts';
import { type Servers, startServers } from './harness.ts';
import { compareTxns } from './txn-differential.ts';
import { compareWatches } from './watch-differential.ts';

const { SEED: seedText = '1' } = process.env;
const seed = Number(seedText);
t.setTimeout(600_000); // Ten servers are started, and the machine may be busy.

const tool = findTool('etcd');
const skip = tool === null && 'not installed here: etcd';

async function withBoth(t: Test, work: (etcd: Servers, keelson: Servers) => Promise<void>): Promise<void> {
  const workplace = new Workplace();
  t.teardown(() => workplace.close());
  const flags = { 'bcrypt-cost': '4' };
  const [etcd, keelson] = await Promise.all([
    startServers('etcd', 1, workplace, async () => {}, flags, [tool!.path, '--logger=zap']),
    startServers('keelson', 1, workplace, async () => {}, flags),
  ]);
  await work(etcd, keelson);
}

const sessions: readonly (readonly [
  calls: number,
  transport: Transport,
  asksAuth: boolean,
  kinds: number,
])[] = [
  [500, 'grpc', false, 15],
  [500, 'grpc', true, 20],
  [250, 'gateway', true, 12],
];

for (const [calls, transport, asksAuth, kinds] of sessions) {
  const who = asksAuth ? 'several users' : 'anybody';
  t.test(
    `random calls of ${who} by ${transport} get the answers and the refusals of etcd ${tool?.version ?? ''}`,
    { skip },
    async (t) => {
      await withBoth(t, async (etcd, keelson) => {
        const compared = await compareSystems(etcd, keelson, {
          seed,
          calls,
          transport,
          asksAuth,
          maxDifferences: 5,
          version: tool!.version,
        });
        for (const { count, call, expected, actual } of compared.differences) {
          const asked = `${call.user || 'nobody'}: ${call.service}/${call.method} ${shown(call.message)}`;
          t.same(actual, expected, `seed ${seed}, call ${count}, ${asked}`);
        }
        t.equal(compared.calls, calls, `calls of seed ${seed}`);
        t.ok(compared.kinds.size >= kinds, `answers and refusals of ${compared.kinds.size} kinds`);
      });
    },
  );
}

t.test('txns as bytes, in whatever way they are written, do what they do to etcd', { skip }, async (t) => {
  await withBoth(t, async (etcd, keelson) => {
    const calls = 400;
    const compared = await compareTxns(etcd, keelson, { seed, calls, asksAuth: false });
    const { difference } = compared;
    if (difference !== null) {
      const { count, method, message, bytes, expected, actual } = difference;
      const asked = `${method} ${shown(message)} as ${bytes.toString('hex')}`;
      t.same(actual, expected, `seed ${seed}, txn ${count}, ${asked}`);
    }
    t.equal(compared.calls, calls, `txns of seed ${seed}`);
    t.ok(compared.kinds.size >= 6, `answers and refusals of ${compared.kinds.size} kinds`);
  });
});

t.test('watchers are told what those of etcd are told', { skip }, async (t) => {
  await withBoth(t, async (etcd, keelson) => {
    const { difference, watchers, events } = await compareWatches(etcd, keelson, seed, 80);
    t.equal(difference, null, `seed ${seed}`);
    t.ok(watchers >= 5 && events >= 20, `${watchers} watchers, ${events} events`);
  });
});
