/**
 * Looks for differences between Keelson and an etcd, the newest one that is found or that of a release, for as many
 * seeds as it is told:
 *
 *     npm run differential -- --seeds 10 --calls 5000 --from 1 --transport grpc|gateway|both|watch|txn --no-auth --etcd 3.5
 *
 * With `txn` the calls are txns as bytes, to any of three members (`--members`).
 *
 * Ends with 1 if there are any, after printing the seed, the number of the call and both answers.
 */

import { parseArgs } from 'node:util';
import { Workplace } from '../../bench/children.ts';
import { allTools } from '../tools.ts';
import { type Compared, compareSystems, shown, type Transport } from './differential.ts';
import { type Servers, startServers } from './harness.ts';
import { compareTxns } from './txn-differential.ts';
import { compareWatches } from './watch-differential.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '5' },
    from: { type: 'string', default: '1' },
    calls: { type: 'string', default: '3000' },
    transport: { type: 'string', default: 'both' },
    'no-auth': { type: 'boolean', default: false },
    differences: { type: 'string', default: '3' },
    etcd: { type: 'string', default: '' },
    members: { type: 'string', default: '3' },
  },
});

const tool = allTools('etcd').find(({ version }) =>
  `${version}.`.startsWith(`${values.etcd}.`.replace(/^\.$/, '')),
);
if (tool === undefined) throw new Error(`there is no etcd ${values.etcd} here`);
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
      calls: Number(values.calls),
      transport,
      asksAuth: !values['no-auth'],
      maxDifferences: Number(values.differences),
      version,
    }),
  );
}

async function watchSeed(seed: number): Promise<boolean> {
  const steps = Number(values.calls);
  const compared = await withBoth((etcd, keelson) => compareWatches(etcd, keelson, seed, steps));
  const { watchers, events, difference } = compared;
  console.log(
    `seed ${seed}: ${compared.steps} steps, ${watchers} watchers, ${events} events: ${difference ?? 'alike'}`,
  );
  return difference === null;
}

async function txnSeed(seed: number): Promise<number> {
  const options = { seed, calls: Number(values.calls), asksAuth: !values['no-auth'] };
  const work = (etcd: Servers, keelson: Servers) => compareTxns(etcd, keelson, options);
  const { calls, difference, kinds: found } = await withBoth(work, Number(values.members));
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
for (let seed = Number(values.from); seed < Number(values.from) + Number(values.seeds); seed++) {
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
