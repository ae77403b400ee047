/** Durations as Go's `time.ParseDuration` reads them: `300ms`, `1.5h`, `2h45m`; a bare `0` is allowed. */

const msPerUnit: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const part = /(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/gy;

/** @returns milliseconds, perhaps with fractions. @throws Error that says what is expected */
export function parseDuration(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const rest = text.replace(/^[+-]/, '');
  if (rest === '0') return 0;
  let ms = 0;
  let end = 0;
  for (const [whole, number, unit] of rest.matchAll(part)) {
    ms += Number(number) * msPerUnit[unit!]!;
    end += whole.length;
  }
  if (end === 0 || end !== rest.length) {
    throw new Error(`must be a duration such as 500ms, 10s or 2h, not "${text}"`);
  }
  return sign * ms;
}
