/**
 * Runs the controls: in how many seeds each broken rule is noticed, and by what. `npm run sim -- --controls` prints it as a
 * table; `test/sim/controls.test.ts` asks only for the first seed.
 */

import type { Control } from './controls.ts';
import { type Outcome, type RunOptions, runSeed } from './run.ts';

export interface ControlResult {
  readonly control: Control;
  readonly seeds: number;
  readonly caught: number;
  /** The first seed that noticed; null for none. */
  readonly first: Outcome | null;
  /** How often each invariant was the one that spoke, the most frequent one first. */
  readonly by: readonly string[];
}

export function controlOptions({ shape }: Control): RunOptions {
  const options = { safetyMs: 10_000, livenessMs: 30_000 };
  return shape === undefined ? options : { ...options, shape };
}

/** Runs seeds from 1 on. @param untilFirst stops at the first one that notices */
export function runControl(control: Control, seeds: number, untilFirst: boolean): ControlResult {
  const options = { ...controlOptions(control), mutant: control.mutant };
  const by = new Map<string, number>();
  let first: Outcome | null = null;
  let caught = 0;
  let seed = 1;
  for (; seed <= seeds; seed++) {
    const outcome = runSeed(seed, options);
    if (outcome.violation === null) continue;
    const { invariant } = outcome.violation;
    by.set(invariant, (by.get(invariant) ?? 0) + 1);
    caught++;
    first ??= outcome;
    if (untilFirst) break;
  }
  const names = [...by].sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count}`);
  return { control, seeds: Math.min(seed, seeds), caught, first, by: names };
}

/** A row of the table in Markdown. */
export function controlRow({ control, seeds, caught, first, by }: ControlResult): string {
  const at = first === null ? 'never' : `${first.seed}`;
  return `| \`${control.mutant}\` | ${control.breaks} | ${caught} of ${seeds} | ${at} | ${by.join(', ')} |`;
}

export const controlHead: string =
  '| mutant | rule that it breaks | noticed in | first seed | by |\n| --- | --- | --- | --- | --- |';
