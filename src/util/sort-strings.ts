/**
 * Sorts many strings that share prefixes, as keys do, in the order of `<`.
 *
 * A comparing sort looks at each string some twenty times, each time walking over the shared prefix and missing the
 * cache. This one looks at each string about once per level: it skips what all strings of a group have in common, packs
 * the next few chars of each and its place into one number, sorts the numbers, and goes on within groups that are still
 * equal (a radix sort, most significant digit first).
 *
 * A char is one digit of base 257: 0 stands for "ended before this", so that a prefix comes first. Hence chars must be
 * below 256: binary strings only.
 */

const base = 257;
/** Groups up to this size are sorted by comparing. */
const smallGroup = 32;
/** With four digits a group may have 2^20 members, with three 2^28: packed numbers must stay exact. */
const fourDigitsMax = 2 ** 20;

/** Length of the prefix that `strings[from, to)` have in common, known to be at least `known`. */
function commonPrefix(strings: readonly string[], from: number, to: number, known: number): number {
  const first = strings[from]!;
  let common = first.length;
  for (let i = from + 1; i < to && common > known; i++) {
    const other = strings[i]!;
    const end = Math.min(common, other.length);
    let at = known;
    while (at < end && other.charCodeAt(at) === first.charCodeAt(at)) at++;
    common = at;
  }
  return common;
}

/** Strings and what belongs to them, moved together. */
interface Sorted {
  readonly strings: string[];
  readonly places: number[] | null;
}

/** By insertion: groups are small. */
function sortSmall({ strings, places }: Sorted, from: number, to: number): void {
  for (let i = from + 1; i < to; i++) {
    const text = strings[i]!;
    if (strings[i - 1]! <= text) continue;
    const place = places === null ? 0 : places[i]!;
    let at = i;
    for (; at > from && strings[at - 1]! > text; at--) {
      strings[at] = strings[at - 1]!;
      if (places !== null) places[at] = places[at - 1]!;
    }
    strings[at] = text;
    if (places !== null) places[at] = place;
  }
}

function sortGroup(sorted: Sorted, from: number, to: number, depth: number): void {
  const { strings, places } = sorted;
  const count = to - from;
  if (count <= smallGroup) {
    if (count > 1) sortSmall(sorted, from, to);
    return;
  }
  const skip = commonPrefix(strings, from, to, depth);
  const digits = count <= fourDigitsMax ? 4 : 3;
  const room = 2 ** Math.ceil(Math.log2(count));
  const packed = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const text = strings[from + i]!;
    let code = 0;
    for (let at = skip; at < skip + digits; at++)
      code = code * base + (at < text.length ? text.charCodeAt(at) + 1 : 0);
    packed[i] = code * room + i;
  }
  packed.sort();
  const group = strings.slice(from, to);
  const groupPlaces = places === null ? null : places.slice(from, to);
  let runStart = 0;
  let runCode = -1;
  for (let i = 0; i < count; i++) {
    const code = Math.floor(packed[i]! / room);
    const before = packed[i]! - code * room;
    strings[from + i] = group[before]!;
    if (groupPlaces !== null) places![from + i] = groupPlaces[before]!;
    if (code === runCode) continue;
    endRun(sorted, from + runStart, from + i, skip + digits, runCode);
    runStart = i;
    runCode = code;
  }
  endRun(sorted, from + runStart, to, skip + digits, runCode);
}

/** A run of equal digits. If the last digit says "ended", the strings are equal. */
function endRun(sorted: Sorted, from: number, to: number, depth: number, code: number): void {
  if (to - from > 1 && code % base !== 0) sortGroup(sorted, from, to, depth);
}

/**
 * Sorts binary strings in place.
 * @param places is put in the order of the strings, each beside its own
 */
export function sortStrings(strings: string[], places: number[] | null = null): void {
  sortGroup({ strings, places }, 0, strings.length, 0);
}
