/**
 * Cuts a failing run down: which of all that was drawn does the failure need?
 *
 * A run is made by its swarm, so that is what is cut: each kind of trouble is taken away by itself, faults of disks and
 * links are set to none, clients, watchers, keys and machines are made fewer, and the length is halved. What still fails,
 * by the same invariant, is kept; this goes round until nothing more can be taken (Zeller and Hildebrandt's delta debugging,
 * with the parts of a swarm as what is removed). What is left is a short list that a test can hold: a seed, a length and the
 * settings that differ from a calm world.
 */

import { type Outcome, type RunOptions, runSeed } from './run.ts';
import { calmSwarm, type Swarm } from './swarm.ts';

export interface Shrunk {
  readonly outcome: Outcome;
  readonly safetyMs: number;
  readonly swarm: Swarm;
  /** What was taken away, in order. */
  readonly taken: readonly string[];
  /** Runs that it took. */
  readonly runs: number;
}

interface Cut {
  readonly name: string;
  /** The same swarm when there is nothing to take away. */
  readonly apply: (swarm: Swarm) => Swarm;
}

const never = Number.POSITIVE_INFINITY;
const troubles = ['crash', 'pause', 'partition', 'clog', 'stall', 'slow', 'wallStep'] as const;
const counts = ['clients', 'watchers', 'leases', 'lockers', 'keys', 'spares'] as const;

function cuts(): Cut[] {
  const list: Cut[] = [];
  for (const name of troubles) {
    list.push({
      name: `no ${name}`,
      apply: (swarm) =>
        swarm[name].everyMs === never ? swarm : { ...swarm, [name]: { ...swarm[name], everyMs: never } },
    });
  }
  const calm = calmSwarm(3);
  for (const part of ['network', 'disk', 'limits', 'weights'] as const) {
    for (const key of Object.keys(calm[part])) {
      list.push({
        name: `${part}.${key} as in a calm world`,
        apply: (swarm) => calmed(swarm, calm, part, key),
      });
    }
  }
  for (const name of counts) {
    list.push({
      name: `fewer ${name}`,
      apply: (swarm) => {
        const least = name === 'clients' || name === 'keys' ? 1 : 0;
        const fewer = Math.max(least, Math.floor(swarm[name] / 2));
        return fewer === swarm[name] ? swarm : { ...swarm, [name]: fewer };
      },
    });
  }
  for (const key of ['operateEveryMs', 'compactEveryMs'] as const) {
    list.push({
      name: `no ${key}`,
      apply: (swarm) => (swarm[key] === never ? swarm : { ...swarm, [key]: never }),
    });
  }
  for (const key of ['crashAllChance', 'crashInOperationChance', 'stopChance', 'clockDrift'] as const) {
    list.push({ name: `no ${key}`, apply: (swarm) => (swarm[key] === 0 ? swarm : { ...swarm, [key]: 0 }) });
  }
  for (const key of ['auth', 'mixedLimits'] as const) {
    list.push({ name: `no ${key}`, apply: (swarm) => (swarm[key] ? { ...swarm, [key]: false } : swarm) });
  }
  list.push({
    name: 'three members',
    apply: (swarm) => (swarm.nodes <= 3 ? swarm : { ...swarm, nodes: 3 }),
  });
  return list;
}

function calmed(
  swarm: Swarm,
  calm: Swarm,
  part: 'network' | 'disk' | 'limits' | 'weights',
  key: string,
): Swarm {
  const [own, other] = [swarm[part], calm[part]] as unknown as Readonly<Record<string, number>>[];
  if (own![key] === other![key]) return swarm;
  return { ...swarm, [part]: { ...own, [key]: other![key] } } as Swarm;
}

/**
 * @param options as the run was made that failed
 * @param maxRuns when to be content with what was found
 * @returns null when the seed does not fail
 */
export function shrink(seed: number, options: RunOptions, maxRuns = 400): Shrunk | null {
  let outcome = runSeed(seed, options);
  if (outcome.violation === null) return null;
  const { invariant } = outcome.violation;
  let swarm: Swarm = { ...outcome.swarm, stretch: 1 };
  let safetyMs = options.safetyMs ?? 20_000 * outcome.swarm.stretch * outcome.swarm.pace;
  let runs = 1;
  const taken: string[] = [];
  const stillFails = (shape: Swarm, length: number): boolean => {
    if (runs >= maxRuns) return false;
    runs++;
    const tried = runSeed(seed, { ...options, safetyMs: length, shape: () => shape });
    if (tried.violation?.invariant !== invariant) return false;
    [outcome, swarm, safetyMs] = [tried, shape, length];
    return true;
  };
  const list = cuts();
  for (let isSmaller = true; isSmaller && runs < maxRuns; ) {
    isSmaller = false;
    // A run ends where it fails: what comes after needs no time.
    for (const length of [Math.ceil(outcome.simulatedMs), safetyMs / 2]) {
      if (length < safetyMs && length >= 1 && stillFails(swarm, length)) {
        taken.push(`${Math.ceil(length)} ms`);
        isSmaller = true;
      }
    }
    for (const { name, apply } of list) {
      const smaller = apply(swarm);
      if (smaller === swarm || !stillFails(smaller, safetyMs)) continue;
      taken.push(name);
      isSmaller = true;
    }
  }
  return { outcome, safetyMs, swarm, taken, runs };
}

/** What is left, as a script: the settings that differ from those of a calm world. */
export function scriptOf({ outcome, safetyMs, swarm }: Shrunk, mutant: string): string {
  const calm = calmSwarm(swarm.nodes);
  const rest: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(swarm)) {
    const usual = (calm as unknown as Record<string, unknown>)[key];
    if (show(value) === show(usual)) continue;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) rest[key] = value;
    else {
      const own = usual as Record<string, unknown>;
      const changed = Object.entries(value).filter(([name, setting]) => show(setting) !== show(own[name]));
      rest[key] = Object.fromEntries(changed);
    }
  }
  const broken = mutant === '' ? '' : ` mutant: '${mutant}',`;
  return [
    `// ${outcome.violation!.message.split('\n')[0]}`,
    `runSeed(${outcome.seed}, { safetyMs: ${Math.ceil(safetyMs)},${broken} shape: () => swarmOf(${swarm.nodes}, ${show(rest)}) });`,
  ].join('\n');
}

/** JSON that knows infinity. */
function show(value: unknown): string {
  const text = JSON.stringify(value, (_, each: unknown) => (each === never ? 'Infinity' : each));
  return text === undefined ? 'undefined' : text.replaceAll('"Infinity"', 'Infinity');
}

type Partly<T> = { readonly [Key in keyof T]?: T[Key] extends readonly unknown[] ? T[Key] : Partial<T[Key]> };

/** A calm world with some settings changed: what scripts of failing runs are written with. */
export function swarmOf(nodes: number, changes: Partly<Swarm>): Swarm {
  const swarm = calmSwarm(nodes) as unknown as Record<string, unknown>;
  for (const [key, value] of Object.entries(changes)) {
    const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
    swarm[key] = isGroup ? { ...(swarm[key] as object), ...value } : value;
  }
  return swarm as unknown as Swarm;
}
