/**
 * Times and durations: their JSON texts, what those are in numbers, and what Go says of texts that are none. A Time has whole
 * seconds, a MicroTime six decimals, and both are shown in UTC.
 */

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

/** Parts of a time as Go's layouts name them, with what may stand there. */
const layoutParts: readonly (readonly [string, RegExp])[] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d\d/],
  ['-', /^-/],
  ['02', /^\d\d/],
  ['T', /^T/],
  ['15', /^\d\d/],
  [':', /^:/],
  ['04', /^\d\d/],
  [':', /^:/],
  ['05', /^\d\d/],
];
const microPart: readonly [string, RegExp] = ['.000000', /^\.\d{6}/];
const anyFraction = /^\.\d+/;
const zonePart: readonly [string, RegExp] = ['Z07:00', /^(Z|[+-]\d\d:\d\d)/];
const ranges: readonly (readonly [string, number, number, number])[] = [
  ['month', 5, 1, 12],
  ['day', 8, 1, 31],
  ['hour', 11, 0, 23],
  ['minute', 14, 0, 59],
  ['second', 17, 0, 59],
];

/** What Go says of a text that is no time; null when it is one. */
export function timeProblem(text: string, isMicro: boolean): string | null {
  const layout = `2006-01-02T15:04:05${isMicro ? '.000000' : ''}Z07:00`;
  let rest = text;
  const parts = isMicro ? [...layoutParts, microPart, zonePart] : [...layoutParts, zonePart];
  for (const part of parts) {
    if (part === zonePart && !isMicro) rest = rest.replace(anyFraction, '');
    const match = part[1].exec(rest);
    if (match === null) {
      const wrong = `cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(part[0])}`;
      return `parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: ${wrong}`;
    }
    rest = rest.slice(match[0].length);
  }
  if (rest !== '') return `parsing time ${JSON.stringify(text)}: extra text: ${JSON.stringify(rest)}`;
  for (const [name, at, least, most] of ranges) {
    const value = Number(text.slice(at, at + 2));
    if (value < least || value > most) return `parsing time ${JSON.stringify(text)}: ${name} out of range`;
  }
  // 30 February passes for a date in JavaScript, as 2 March.
  const isDay = new Date(`${text.slice(0, 10)}T00:00:00Z`).toISOString().slice(0, 10) === text.slice(0, 10);
  if (!isDay) return `parsing time ${JSON.stringify(text)}: day out of range`;
  return parseInstant(text) === null
    ? `parsing time ${JSON.stringify(text)}: time zone offset hour out of range`
    : null;
}

/** A time that has no problem, as it is kept. */
export function canonicalTime(text: string, isMicro: boolean): string {
  const isKept = isMicro ? text.length === 27 : text.length === 20;
  return isKept && text.endsWith('Z') ? text : instantText(parseInstant(text)!, isMicro);
}
