/**
 * A world for one log: a queue instead of time, a seeded generator, and a model that knows what the log should hold
 * after each thing appended to it.
 */

import { type Runtime, silentLogger } from '../../src/util/runtime.ts';
import type {
  WalBase,
  WalDone,
  WalEntry,
  WalHardState,
  WalMutant,
  WalRecovered,
} from '../../src/wal/types.ts';
import { Wal } from '../../src/wal/wal.ts';
import { FaultDisk } from './fault-disk.ts';

export const directory = '/data/wal';
export const metadata: Buffer = Buffer.from('cluster 1, member 2');
const segmentBytes = 4096;

export interface World extends Runtime {
  /** Runs what is deferred, at most `steps` jobs of it. */
  run(steps?: number): void;
  defer(job: () => void): void;
  uint32(): number;
}

/** Numbers from a seed (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

export function makeWorld(seed: number): World {
  const jobs: (() => void)[] = [];
  const uint32 = generator(seed);
  const defer = (job: () => void): void => void jobs.push(job);
  return {
    clock: { now: () => 0, wallNow: () => 0, setTimer: () => ({ cancel: () => {} }) },
    random: { uint32 },
    scheduler: { defer },
    log: silentLogger,
    defer,
    uint32,
    run: (steps = Number.POSITIVE_INFINITY) => {
      for (let i = 0; i < steps && jobs.length > 0; i++) jobs.shift()!();
    },
  };
}

export interface OpenOptions {
  readonly create?: boolean;
  readonly mutant?: WalMutant | null;
  readonly segmentBytes?: number;
  readonly preallocate?: boolean;
}

export function openLog(
  world: World,
  disk: FaultDisk,
  options: OpenOptions = {},
): { wal: Wal; recovered: WalRecovered } {
  return Wal.open({ disk, directory, metadata, runtime: world, create: true, segmentBytes, ...options });
}

export function newLog(options: OpenOptions = {}): { world: World; disk: FaultDisk; wal: Wal } {
  const world = makeWorld(1);
  const disk = new FaultDisk(world.defer);
  return { world, disk, wal: openLog(world, disk, options).wal };
}

export function entriesOf(first: number, count: number, term: number, size = 10): WalEntry[] {
  return Array.from({ length: count }, (_, i) => ({
    index: first + i,
    term,
    type: (first + i) % 2,
    data: Buffer.alloc(size, `${first + i}.${term};`),
  }));
}

/** What a log holds: comparable, and independent of how much was released. */
export interface LogContent {
  readonly base: WalBase;
  readonly hardState: WalHardState;
  readonly entries: readonly WalEntry[];
}

export function emptyContent(): LogContent {
  return { base: { index: 0, term: 0 }, hardState: { term: 0, vote: '', commit: 0 }, entries: [] };
}

export function appended(
  content: LogContent,
  entries: readonly WalEntry[],
  hardState: WalHardState | null,
): LogContent {
  const kept =
    entries.length === 0 ? content.entries : content.entries.filter(({ index }) => index < entries[0]!.index);
  return { base: content.base, hardState: hardState ?? content.hardState, entries: [...kept, ...entries] };
}

function sameEntry(a: WalEntry, b: WalEntry): boolean {
  return (
    a.index === b.index && a.term === b.term && a.type === b.type && Buffer.compare(a.data, b.data) === 0
  );
}

/** What is wrong with `recovered` as an image of `content`, of which entries up to `released` may be gone; or null. */
export function difference(recovered: LogContent, content: LogContent, released: number): string | null {
  const wanted = content.hardState;
  const { term, vote, commit } = recovered.hardState;
  if (term !== wanted.term || vote !== wanted.vote || commit !== wanted.commit) {
    return `hard state ${term} ${vote} ${commit} instead of ${wanted.term} ${wanted.vote} ${wanted.commit}`;
  }
  const all = [{ ...content.base, type: 0, data: Buffer.alloc(0) }, ...content.entries];
  const at = recovered.base.index - content.base.index;
  if (at < 0 || at >= all.length) return `base ${recovered.base.index} is not in the log`;
  if (at > 0 && recovered.base.index > released) return `base ${recovered.base.index}, released ${released}`;
  if (all[at]!.term !== recovered.base.term) return `base has term ${recovered.base.term}`;
  const rest = all.slice(at + 1);
  if (rest.length !== recovered.entries.length) {
    return `${recovered.entries.length} entries behind ${recovered.base.index} instead of ${rest.length}`;
  }
  const wrong = rest.findIndex((entry, i) => !sameEntry(entry, recovered.entries[i]!));
  return wrong < 0 ? null : `entry ${rest[wrong]!.index} is not what was appended`;
}

/** Appends and waits until it is durable; throws the error if there is one. */
export function appendNow(
  world: World,
  wal: Wal,
  entries: readonly WalEntry[],
  hardState: WalHardState | null = null,
): void {
  settle(world, (done) => wal.append(entries, hardState, done));
}

export function settle(world: World, begin: (done: WalDone) => void): void {
  let result: Error | null | undefined;
  begin((error) => {
    result = error;
  });
  world.run();
  if (result === undefined) throw new Error('nobody was told');
  if (result !== null) throw result;
}

/** Opens what is on the disk, checks that it is sound and closes it again. */
export function contentOf(disk: FaultDisk, options: OpenOptions = {}): WalRecovered {
  const world = makeWorld(99);
  const copy = disk.with({});
  const { recovered } = openLog(world, copy, { create: false, ...options });
  return recovered;
}

export function segmentPaths(disk: FaultDisk): string[] {
  return disk
    .list(directory)
    .filter((name) => name.endsWith('.wal'))
    .map((name) => `${directory}/${name}`);
}
