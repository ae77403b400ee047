/** Lists of indexes of Jobs, `1,3-5,7`: increasing, and below the number of completions. */

export type Indexes =
  | { readonly count: number; readonly problem?: never }
  | { readonly count?: never; readonly problem: string };

interface Interval {
  readonly start: number;
  readonly end: number;
}

function indexOf(text: string, completions: number): number | string {
  const shown = JSON.stringify(text);
  if (!/^[-+]?[0-9]+$/.test(text)) return `cannot convert string to integer for index: ${shown}`;
  const value = Number(text);
  return value >= completions ? `too large index: ${shown}` : value;
}

function intervalOf(text: string, completions: number): Interval | string {
  const ends = text.split('-');
  if (ends.length > 2) {
    return `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'`;
  }
  const start = indexOf(ends[0]!, completions);
  if (typeof start === 'string') return start;
  if (ends.length === 1) return { start, end: start };
  const end = indexOf(ends[1]!, completions);
  if (typeof end === 'string') return end;
  if (start >= end) return `non-increasing order, previous: ${start}, current: ${end}`;
  return { start, end };
}

/** How many indexes a text names, or what is wrong with it. */
export function parseIndexes(text: string, completions: number): Indexes {
  if (text === '') return { count: 0 };
  let count = 0;
  let last = -1;
  for (const part of text.split(',')) {
    const interval = intervalOf(part, completions);
    if (typeof interval === 'string') return { problem: interval };
    if (last >= interval.start) {
      return { problem: `non-increasing order, previous: ${last}, current: ${interval.start}` };
    }
    count += interval.end - interval.start + 1;
    last = interval.end;
  }
  return { count };
}
