/** Durations as Go's `time.ParseDuration` reads them: `300ms`, `1.5h`, `-2h45m`, `.5s`; a bare `0` needs no unit. */

const msPerUnit: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  // Go takes both letters: the sign for micro, and the Greek one.
  '\u00b5s': 1e-3,
  '\u03bcs': 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const part = /(\d+\.?\d*|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/gy;

/** @returns milliseconds, perhaps with fractions; null for what is no duration */
export function goDurationMs(text: string): number | null {
  const rest = text.replace(/^[+-]/, '');
  if (rest === '0') return 0;
  let ms = 0;
  let end = 0;
  for (const [whole, amount, unit] of rest.matchAll(part)) {
    ms += Number(amount) * msPerUnit[unit!]!;
    end += whole.length;
  }
  if (end === 0 || end !== rest.length) return null;
  return text.startsWith('-') ? -ms : ms;
}
