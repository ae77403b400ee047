/**
 * `bench maps`: our ordered map beside others, with as many keys as a large Kubernetes cluster has. Each measurement has a
 * process of its own, so that none finds the memory or the compiled code of another; rounds go through all in turns.
 */

import { fork } from 'node:child_process';
import { integerFlag, type parseFlags } from '../src/cli/flags.ts';
import { describeEnvironment, type Environment } from './environment.ts';
import { grouped, median, table } from './format.ts';
import type { FillOrder, MapsRound } from './maps-round.ts';
import { roundOrder, systemFlags } from './options.ts';
import { structures } from './ordered-maps.ts';
import { Progress } from './progress.ts';

export const mapsFlags = {
  keys: integerFlag({ help: 'keys', initial: 1_000_000, min: 1000, max: 10_000_000 }),
  rounds: integerFlag({ help: 'rounds', initial: 3, min: 1, max: 100 }),
  seed: integerFlag({ help: 'what keys and order are drawn by', initial: 1, min: 0 }),
  out: systemFlags.out,
  json: systemFlags.json,
} as const;

export type MapsOptions = ReturnType<typeof parseFlags<typeof mapsFlags>>['values'];

export interface MapsReport {
  readonly kind: 'maps';
  readonly environment: Environment;
  readonly options: MapsOptions;
  readonly rounds: readonly (MapsRound & { readonly structure: string; readonly order: FillOrder })[];
}

const orders: readonly FillOrder[] = ['in order', 'at random'];
const STEP_MS = 8000;

function measured(structure: string, order: FillOrder, { keys, seed }: MapsOptions): Promise<MapsRound> {
  const path = new URL('./maps-round.ts', import.meta.url).pathname;
  const child = fork(path, [structure, order, String(keys), String(seed)], {
    execArgv: ['--import', 'tsx', '--expose-gc'],
  });
  return new Promise((resolve, reject) => {
    let result: MapsRound | null = null;
    child.on('message', (message) => {
      result = message as MapsRound;
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (result !== null) resolve(result);
      else reject(new Error(`${structure}, ${order}: ended with ${code}`));
    });
  });
}

/** @throws Error when a structure finds something else than what was put into it */
export async function runMaps(options: MapsOptions): Promise<MapsReport> {
  const steps = structures.flatMap(({ name }) => orders.map((order) => ({ structure: name, order })));
  const progress = new Progress(steps.length * options.rounds * STEP_MS * (options.keys / 1_000_000));
  const rounds: MapsReport['rounds'][number][] = [];
  try {
    for (let round = 1; round <= options.rounds; round++) {
      for (const { structure, order } of roundOrder(steps, round)) {
        progress.step(`${structure}, ${order}, round ${round}`, STEP_MS * (options.keys / 1_000_000));
        rounds.push({ structure, order, ...(await measured(structure, order, options)) });
      }
    }
  } finally {
    progress.close();
  }
  return { kind: 'maps', environment: describeEnvironment([]), options, rounds };
}

export function mapsText({ options, rounds }: MapsReport): string {
  const rows = structures.map(({ name, changes }) => {
    const of = (figure: keyof MapsRound, order: FillOrder, digits = 0): string => {
      const values = rounds.filter((one) => one.structure === name && one.order === order);
      return median(values.map((one) => one[figure])).toFixed(digits);
    };
    const fromOrder = changes < 10_000 ? '*' : '';
    return [
      name,
      of('insertNs', 'in order'),
      `${of('insertNs', 'at random')}${fromOrder}`,
      of('lookupNs', 'at random'),
      of('rangeUs', 'at random', 1),
      of('countUs', 'at random', 1),
      of('changeThenRangeUs', 'at random', 1),
      of('deleteNs', 'at random'),
      of('heapBytes', 'in order'),
      `${of('heapBytes', 'at random')}${fromOrder}`,
      of('residentBytes', 'at random'),
    ];
  });
  const head = [
    '',
    'in order, ns',
    'at random, ns',
    'get, ns',
    '500, µs',
    'count, µs',
    'new + 500, µs',
    'delete, ns',
    'heap, B',
    'at random, B',
    'RSS, B',
  ];
  return [
    `maps: ${grouped(options.keys)} keys like /registry/pods/<namespace>/<name>, CPU per operation, medians of ${options.rounds} rounds`,
    table(head, rows),
    'in order, at random: an insert; count: of a tenth of all keys; new + 500: a new key, then 500 from somewhere.',
    'heap, RSS: bytes per key beside the key itself. *: filled in order but for the last 1,000 keys; all would take minutes.',
  ].join('\n');
}
