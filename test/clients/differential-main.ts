/** Looks for differences between Keelson and an etcd: `npm run differential -- --help`. */

import { Workplace } from '../../bench/children.ts';
import { choiceFlag, integerFlag, switchFlag, textFlag } from '../../src/cli/flags.ts';
import { giveUp, scriptFlags } from '../script-flags.ts';
import { allTools } from '../tools.ts';
import { type Compared, compareSystems, shown, type Transport } from './differential.ts';
import { type Servers, startServers } from './harness.ts';
import { compareTxns } from './txn-differential.ts';
import { compareWatches } from './watch-differential.ts';

const { values } = scriptFlags({
  name: 'differential',
  about: `Sends the same random calls to Keelson and to an etcd, and compares the answers. Ends with 1 if they differ, after printing
the seed, the number of the call and both answers.`,
  flags: {
    seeds: integerFlag({ help: 'runs to make', initial: 5, min: 1 }),
    from: integerFlag({ help: 'the first seed', initial: 1, min: 0 }),
    calls: integerFlag({ help: 'calls of a run', initial: 3000, min: 1 }),
    transport: choiceFlag<'both' | Transport | 'watch' | 'txn'>({
      help: 'how the calls are made; watch: watches and what they are told; txn: txns as bytes, to any of the members',
      initial: 'both',
      choices: ['both', 'grpc', 'gateway', 'watch', 'txn'],
    }),
    noAuth: switchFlag('leave users and roles alone'),
    differences: integerFlag({ help: 'of a run that are shown', initial: 3, min: 1 }),
    etcd: textFlag({
      help: 'the release to hold it against, as 3.4',
      initial: '',
      placeholder: 'VERSION',
      shownDefault: 'the newest that is found',
    }),
    members: integerFlag({ help: 'members of each cluster, for txn', initial: 3, min: 1 }),
  },
});

const tool = allTools('etcd').find(({ version }) =>
  `${version}.`.startsWith(`${values.etcd}.`.replace(/^\.$/, '')),
);
if (tool === undefined) giveUp(`not found here: etcd ${values.etcd}`);
console.log(`beside etcd ${tool.version}`);
const { path: etcdPath, version } = tool;

async function withBoth<T>(work: (etcd: Servers, keelson: Servers) => Promise<T>, members = 1): Promise<T> {
  const workplace = new Workplace();
  try {
    const [etcd, keelson] = await Promise.all([
      startServers('etcd', members, workplace, async () => {}, { 'bcrypt-cost': '4' }, [
        etcdPath,
        '--logger=zap',
      ]),
      startServers('keelson', members, workplace, async () => {}, { 'bcrypt-cost': '4' }),
    ]);
    return await work(etcd, keelson);
  } finally {
    await workplace.close();
  }
}

function runSeed(seed: number, transport: Transport): Promise<Compared> {
  return withBoth((etcd, keelson) =>
    compareSystems(etcd, keelson, {
      seed,
      calls: values.calls,
      transport,
      asksAuth: !values.noAuth,
      maxDifferences: values.differences,
      version,
    }),
  );
}

async function watchSeed(seed: number): Promise<boolean> {
  const steps = values.calls;
  const compared = await withBoth((etcd, keelson) => compareWatches(etcd, keelson, seed, steps));
  const { watchers, events, difference } = compared;
  console.log(
    `seed ${seed}: ${compared.steps} steps, ${watchers} watchers, ${events} events: ${difference ?? 'alike'}`,
  );
  return difference === null;
}

async function txnSeed(seed: number): Promise<number> {
  const options = { seed, calls: values.calls, asksAuth: !values.noAuth };
  const work = (etcd: Servers, keelson: Servers) => compareTxns(etcd, keelson, options);
  const { calls, difference, kinds: found } = await withBoth(work, values.members);
  add(kinds, found);
  console.log(`seed ${seed}: ${calls} txns: ${difference === null ? 'alike' : 'a difference'}`);
  if (difference === null) return calls;
  differing++;
  const { user, method, member, message, bytes, expected, actual } = difference;
  console.log(`  ${user || 'nobody'} to member ${member}: ${method} ${shown(message)}`);
  console.log(`    bytes:   ${bytes.toString('hex')}`);
  console.log(`    etcd:    ${shown(expected)}\n    keelson: ${shown(actual)}`);
  return calls;
}

function add(sum: Map<string, number>, more: ReadonlyMap<string, number>): void {
  for (const [name, number] of more) sum.set(name, (sum.get(name) ?? 0) + number);
}

const all: Record<string, Transport[]> = { both: ['grpc', 'gateway'], watch: [], txn: [] };
const transports = all[values.transport] ?? [values.transport as Transport];
const kinds = new Map<string, number>();
const older = new Map<string, number>();
let calls = 0;
let differing = 0;
for (let seed = values.from; seed < values.from + values.seeds; seed++) {
  if (values.transport === 'txn') calls += await txnSeed(seed);
  if (values.transport === 'watch' && !(await watchSeed(seed))) differing++;
  for (const transport of transports) {
    const compared = await runSeed(seed, transport);
    calls += compared.calls;
    differing += compared.differences.length;
    add(kinds, compared.kinds);
    add(older, compared.older);
    console.log(
      `seed ${seed} by ${transport}: ${compared.calls} calls, ${compared.differences.length} differences`,
    );
    for (const { count, call, expected, actual } of compared.differences) {
      console.log(
        `  call ${count}: ${call.user || 'nobody'} ${call.service}/${call.method} ${shown(call.message)}`,
      );
      console.log(`    etcd:    ${shown(expected)}\n    keelson: ${shown(actual)}`);
    }
  }
}
console.log(`${calls} calls, ${differing} differences; ${kinds.size} kinds of answers:`);
for (const [kind, number] of [...kinds].sort()) console.log(`  ${number} ${kind}`);
console.log('put down to the age of the etcd at hand:');
for (const [reason, number] of older) console.log(`  ${number} ${reason}`);
process.exitCode = differing === 0 ? 0 : 1;
