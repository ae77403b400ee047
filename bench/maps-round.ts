/**
 * One structure, in a process of its own, filled in one order: `maps-round.ts <structure> <order> <keys> <seed>`. Sends a
 * `MapsRound` and ends. Times are of the processor, collections included.
 */

import { setTimeout } from 'node:timers/promises';
import { SimRandom } from '../src/sim/sim-random.ts';
import { copied, type OrderedStore, podKeys, type Structure, structures } from './ordered-maps.ts';

export type FillOrder = 'in order' | 'at random';

export interface MapsRound {
  /** Per key. */
  readonly insertNs: number;
  readonly heapBytes: number;
  readonly residentBytes: number;
  readonly lookupNs: number;
  readonly rangeUs: number;
  readonly countUs: number;
  readonly changeThenRangeUs: number;
  readonly deleteNs: number;
}

const RANGE_KEYS = 500;
const LOOKUPS = 300_000;
const RANGES = 4000;
const COUNTS = 400;
/** V8 gives the pages of what it has collected back a little later. */
const SETTLE_MS = 200;

async function settledMemory(): Promise<NodeJS.MemoryUsage> {
  for (let times = 0; times < 3; times++) {
    (globalThis as { gc?: () => void }).gc?.();
    await setTimeout(SETTLE_MS);
  }
  return process.memoryUsage();
}

/** Nanoseconds of the processor that each of `count` takes. */
function nanosecondsOf(count: number, work: (at: number) => void): number {
  const before = process.cpuUsage();
  for (let at = 0; at < count; at++) work(at);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / count;
}

function shuffled<T>(items: readonly T[], random: SimRandom): T[] {
  const all = [...items];
  for (let at = all.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [all[at], all[other]] = [all[other]!, all[at]!];
  }
  return all;
}

/** Other strings, as those of a request are, with the same text. */
function some(keys: readonly string[], count: number, random: SimRandom): string[] {
  return Array.from({ length: Math.min(count, keys.length) }, () => copied(random.pick(keys)));
}

function measureFilled(
  store: OrderedStore,
  { changes, changesThenRead }: Structure,
  keys: readonly string[],
  random: SimRandom,
): Pick<MapsRound, 'lookupNs' | 'rangeUs' | 'countUs' | 'changeThenRangeUs' | 'deleteNs'> {
  const found: number[] = [];
  const probes = some(keys, LOOKUPS, random);
  let missing = 0;
  const lookupNs = nanosecondsOf(probes.length, (at) => {
    if (store.get(probes[at]!) === undefined) missing++;
  });
  if (missing > 0) throw new Error(`${missing} keys were not found`);
  const begins = some(keys, RANGES, random);
  store.range(begins[0]!, 1, found);
  const range = (at: number): void => {
    found.length = 0;
    store.range(begins[at]!, RANGE_KEYS, found);
  };
  const rangeUs = nanosecondsOf(begins.length, range) / 1000;
  const tenth = Math.floor(keys.length / 10);
  const lows = Array.from({ length: COUNTS }, () => random.below(keys.length - tenth));
  let counted = 0;
  const countUs =
    nanosecondsOf(COUNTS, (at) => {
      counted += store.count(keys[lows[at]!]!, keys[lows[at]! + tenth]!);
    }) / 1000;
  if (counted !== COUNTS * tenth) throw new Error('a count is wrong');
  const fresh = some(keys, changesThenRead, random).map((key) => copied(`${key}x`));
  const changeThenRangeUs =
    nanosecondsOf(fresh.length, (at) => {
      store.set(fresh[at]!, at);
      range(at % begins.length);
    }) / 1000;
  const gone = some(keys, changes, random);
  const deleteNs = nanosecondsOf(gone.length, (at) => store.delete(gone[at]!));
  return { lookupNs, rangeUs, countUs, changeThenRangeUs, deleteNs };
}

async function measure(
  structure: Structure,
  order: FillOrder,
  count: number,
  seed: number,
): Promise<MapsRound> {
  const random = new SimRandom(seed, 'order');
  const keys = podKeys(count, seed);
  // What cannot take all at random takes the last of them so, for the time, and the memory is that of keys in order.
  const late = order === 'at random' ? Math.min(count, structure.changes) : 0;
  const mixed = shuffled(keys, random);
  const isSlow = order === 'at random' && structure.changes < 10_000;
  const first = isSlow ? mixed.slice(late).sort() : order === 'at random' ? mixed : keys;
  const before = await settledMemory();
  const store = structure.make();
  let insertNs = nanosecondsOf(first.length, (at) => store.set(first[at]!, at));
  if (isSlow) insertNs = nanosecondsOf(late, (at) => store.set(mixed[at]!, at));
  // Whatever keeps the order elsewhere has it now.
  store.range(keys[0]!, 1, []);
  const after = await settledMemory();
  return {
    insertNs,
    heapBytes: (after.heapUsed - before.heapUsed) / count,
    residentBytes: (after.rss - before.rss) / count,
    ...measureFilled(store, structure, keys, random),
  };
}

const [name, order, count, seed] = process.argv.slice(2);
const structure = structures.find((one) => one.name === name);
if (structure === undefined) throw new Error(`there is no structure "${name}"`);
process.send?.(await measure(structure, order as FillOrder, Number(count), Number(seed)));
