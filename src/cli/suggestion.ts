/** What may have been meant: the name that takes the fewest changes, if it takes few. */

/** From so many changes on it is another word. */
const changesMax = 3;

/** ` (did you mean X?)`, or nothing. @param show how a name is written */
export function suggestion(
  name: string,
  candidates: Iterable<string>,
  show: (name: string) => string = (found) => found,
): string {
  let best = '';
  let bestDistance = changesMax;
  for (const candidate of candidates) {
    const distance = editDistance(name, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best === '' ? '' : ` (did you mean ${show(best)}?)`;
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
