/**
 * What a watch is about, from its words and the environment: `ETCDCTL_WATCH_KEY` and `ETCDCTL_WATCH_RANGE_END` stand for
 * the words when there are none. What is behind `--` is a command.
 */

import { exitBadArgs, type FlagSpecs, type Given, givenOf, parseArguments, UsageError } from './arguments.ts';

export interface WatchTarget {
  readonly key: string;
  readonly end: string | undefined;
  /** To run for every change; empty: none. */
  readonly command: readonly string[];
}

function refuse(why = ''): UsageError {
  return new UsageError(`bad number of arguments${why === '' ? '' : ` (${why})`}`, exitBadArgs);
}

/**
 * @param words with those behind `--`
 * @param rest those behind `--`, null when there is none
 * @throws UsageError
 */
export function watchTarget(
  words: readonly string[],
  rest: readonly string[] | null,
  env: Readonly<Record<string, string | undefined>>,
): WatchTarget {
  const { ETCDCTL_WATCH_KEY: envKey = '', ETCDCTL_WATCH_RANGE_END: envEnd = '' } = env;
  if (envKey === '' && envEnd !== '') {
    const what = `ETCDCTL_WATCH_KEY is empty but got ETCDCTL_WATCH_RANGE_END=${JSON.stringify(envEnd)}`;
    throw new UsageError(what, exitBadArgs);
  }
  if (rest !== null && rest.length === 0) throw refuse('found separator --, but no commands');
  const own = words.slice(0, words.length - (rest?.length ?? 0));
  const command = rest ?? [];
  if (envKey !== '') {
    if (own.length > 0) throw refuse('found conflicting environment key');
    return { key: envKey, end: envEnd === '' ? undefined : envEnd, command };
  }
  const [key, end] = own;
  if (key === undefined) throw refuse();
  return { key, end, command };
}

/** A line of a watch that is driven by lines; its words begin with `watch`. @throws UsageError */
export function parseWatchLine(
  words: readonly string[],
  specs: FlagSpecs,
  env: Readonly<Record<string, string | undefined>>,
): { readonly given: Given; readonly target: WatchTarget } {
  const parsed = parseArguments(words, specs);
  const given = givenOf(parsed);
  return { given, target: watchTarget(given.words, parsed.rest, env) };
}
