/**
 * A small fuzzer: valid samples of a format, changed at random, given to what reads it.
 *
 * A reader may take the bytes or refuse them in its own words. Anything else is a finding: an error that nobody meant, a
 * reader that takes long, a memory that grows. Inputs that were refused in words not heard before are kept and changed
 * further, so the search gets deeper than the first check; so are, with `coverage`, those that reach code that none has.
 *
 * A seed decides everything: the same seed tries the same inputs.
 */

import { SimRandom } from '../../src/sim/sim-random.ts';
import type { Coverage } from './coverage.ts';

export interface Target {
  readonly name: string;
  /** What it reads, in a few words. */
  readonly about: string;
  /** Valid inputs to begin with. */
  readonly samples: () => readonly Uint8Array[];
  /** Words of the format, which random bytes seldom hit. */
  readonly words?: readonly string[];
  /** Reads the input; what it throws must be meant. */
  readonly read: (input: Buffer) => void;
  /** Whether the reader may throw this. */
  readonly means: (error: unknown) => boolean;
}

export interface Finding {
  readonly target: string;
  readonly seed: number;
  readonly what: string;
  /** Base64. */
  readonly input: string;
}

export interface FuzzResult {
  readonly runs: number;
  readonly taken: number;
  readonly refused: number;
  /** Different ways of being refused. */
  readonly ways: number;
  /** Functions and blocks of code that inputs which were kept got to; null without coverage. */
  readonly reached: number | null;
  /** Of the processor. */
  readonly slowestMs: number;
  readonly finding: Finding | null;
}

export interface FuzzOptions {
  readonly seed: number;
  /** Stops when it says so; asked before each input. */
  readonly isOver: (runs: number) => boolean;
  /** More of the processor's time than this on one input is a finding. @default 20000 */
  readonly slowMs?: number;
  /** Leads the search, too. */
  readonly coverage?: Coverage;
}

const interesting = [0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x22, 0x5b, 0x7b];
const maxCorpus = 400;
const maxCorpusByCoverage = 2000;
const maxInputBytes = 1 << 20;

/** Every so often what the system does beside has its turn, such as decompressing. */
const inputsPerTurn = 64;

export async function fuzz(
  target: Target,
  { seed, isOver, slowMs = 20_000, coverage }: FuzzOptions,
): Promise<FuzzResult> {
  const random = new SimRandom(seed, target.name);
  const corpus: Buffer[] = target.samples().map((sample) => Buffer.from(sample));
  const heard = new Set<string>();
  let [runs, taken, refused, slowestMs] = [0, 0, 0, 0];
  let finding: Finding | null = null;
  const found = (what: string, input: Buffer): void => {
    finding ??= { target: target.name, seed, what, input: input.toString('base64') };
  };
  let batch: Buffer[] = [];
  while (finding === null && !isOver(runs)) {
    runs++;
    if (runs % inputsPerTurn === 0) {
      await new Promise((resolve) => setImmediate(resolve));
      if (coverage !== undefined) corpus.push(...reachingFurther(target, batch, coverage));
      corpus.length = Math.min(corpus.length, maxCorpusByCoverage);
      batch = [];
    }
    const input = changed(random.pick(corpus), corpus, target.words ?? [], random);
    if (coverage !== undefined) batch.push(input);
    const began = performance.now();
    const spent = process.cpuUsage();
    try {
      target.read(input);
      taken++;
    } catch (error) {
      refused++;
      if (!target.means(error)) found((error as Error).stack ?? String(error), input);
      const way = String((error as Error).message)
        .replace(/\d+/g, '#')
        .slice(0, 60);
      if (!heard.has(way) && heard.size < 10_000) {
        heard.add(way);
        if (corpus.length < maxCorpus) corpus.push(input);
      }
    }
    // A machine that is busy elsewhere makes any input slow: what counts is the time of the processor.
    const took = performance.now() - began > 50 ? spentSince(spent) : 0;
    slowestMs = Math.max(slowestMs, took);
    if (took > slowMs) found(`took ${Math.round(took)} ms of the processor`, input);
  }
  const reached = coverage?.reached ?? null;
  return { runs, taken, refused, ways: heard.size, reached, slowestMs, finding };
}

/** Those of the inputs that get where none was before: if there are any, all are tried once more, one by one. */
function reachingFurther(target: Target, batch: readonly Buffer[], coverage: Coverage): Buffer[] {
  const together = coverage.take();
  if (!coverage.isNew(together)) return [];
  const further = batch.filter((input) => {
    try {
      target.read(input);
    } catch {
      // What it says to this was heard when it was read first.
    }
    const report = coverage.take();
    const isNew = coverage.isNew(report);
    if (isNew) coverage.keep(report);
    return isNew;
  });
  coverage.keep(together);
  return further;
}

function spentSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** One to six changes. */
function changed(
  sample: Buffer,
  corpus: readonly Buffer[],
  words: readonly string[],
  random: SimRandom,
): Buffer {
  let input: Buffer = Buffer.from(sample);
  for (let left = 1 + random.below(6); left > 0; left--) input = change(input, corpus, words, random);
  return input.length > maxInputBytes ? input.subarray(0, maxInputBytes) : input;
}

function change(
  input: Buffer,
  corpus: readonly Buffer[],
  words: readonly string[],
  random: SimRandom,
): Buffer {
  const at = random.below(input.length + 1);
  const end = Math.min(input.length, at + 1 + random.below(random.chance(0.8) ? 8 : 2048));
  const put = (piece: Uint8Array): Buffer =>
    Buffer.concat([input.subarray(0, at), piece, input.subarray(random.chance(0.5) ? at : end)]);
  switch (random.below(words.length > 0 ? 9 : 8)) {
    case 0:
      if (at < input.length) input[at] = input[at]! ^ (1 << random.below(8));
      return input;
    case 1:
      if (at < input.length) input[at] = random.pick(interesting);
      return input;
    case 2:
      return Buffer.concat([input.subarray(0, at), input.subarray(end)]);
    case 3:
      return put(Buffer.from(Array.from({ length: 1 + random.below(8) }, () => random.below(256))));
    case 4: {
      const piece = input.subarray(at, end);
      return put(Buffer.concat(Array.from({ length: 1 + random.below(4) }, () => piece)));
    }
    case 5: {
      const other = random.pick(corpus);
      const from = random.below(other.length + 1);
      return put(other.subarray(from, from + 1 + random.below(64)));
    }
    case 6:
      return random.chance(0.3) ? Buffer.from(input.subarray(0, at)) : input;
    case 7:
      if (at + 4 <= input.length) input.writeUInt32LE(random.uint32(), at);
      return input;
    default:
      return put(Buffer.from(random.pick(words)));
  }
}
