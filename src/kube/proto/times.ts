/** Times and durations between their JSON texts and the numbers of the wire. */

/** Seconds since 1970 and nanoseconds of the second. */
export interface Instant {
  readonly seconds: number;
  readonly nanos: number;
}

const timeRegex = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?\d*(Z|[+-]\d\d:\d\d)$/;

/** RFC 3339 as an instant, null when it is none. */
export function parseInstant(text: string): Instant | null {
  const match = timeRegex.exec(text);
  if (match === null) return null;
  const ms = Date.parse(match[1]! + match[3]!);
  if (Number.isNaN(ms)) return null;
  return { seconds: ms / 1000, nanos: Number((match[2] ?? '').padEnd(9, '0')) };
}

/** `2026-01-02T03:04:05Z`, with six decimals when `isMicro`. */
export function instantText({ seconds, nanos }: Instant, isMicro: boolean): string {
  const text = new Date(seconds * 1000).toISOString().slice(0, 19);
  return isMicro ? `${text}.${String(Math.trunc(nanos / 1000)).padStart(6, '0')}Z` : `${text}Z`;
}

const unitNanos: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Go's duration text, `1h2m3.5s`, in nanoseconds; null when it is none. */
export function parseDuration(text: string): number | null {
  const match = /^([+-]?)((?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+)$/.exec(text);
  if (match === null) return text === '0' ? 0 : null;
  let nanos = 0;
  for (const [, amount, unit] of match[2]!.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g)) {
    nanos += Number(amount) * unitNanos[unit!]!;
  }
  return match[1] === '-' ? -nanos : nanos;
}

/** Nanoseconds as Go writes them: `1h2m3.5s`, `1.5ms`, `0s`. */
export function durationText(nanos: number): string {
  if (nanos === 0) return '0s';
  const sign = nanos < 0 ? '-' : '';
  const size = Math.abs(nanos);
  for (const [unit, below] of [
    ['ns', 1e3],
    ['µs', 1e6],
    ['ms', 1e9],
  ] as const) {
    if (size < below) return `${sign}${size / unitNanos[unit]!}${unit}`;
  }
  const hours = Math.floor(size / 3600e9);
  const minutes = Math.floor((size % 3600e9) / 60e9);
  const seconds = (size % 60e9) / 1e9;
  const minuteText = hours > 0 || minutes > 0 ? `${minutes}m` : '';
  return `${sign}${hours > 0 ? `${hours}h` : ''}${minuteText}${seconds}s`;
}
