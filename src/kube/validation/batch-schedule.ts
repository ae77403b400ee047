/**
 * Schedules of CronJobs: five fields (minute, hour, day of month, month, day of week), `@daily` and the like, `@every 1h30m`.
 * Only whether a text is one, in the words of the parser that a real API server uses.
 */

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
  /** The number of the first name. */
  readonly first: number;
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const fields: readonly Bounds[] = [
  { min: 0, max: 59, names: [], first: 0 },
  { min: 0, max: 23, names: [], first: 0 },
  { min: 1, max: 31, names: [], first: 0 },
  { min: 1, max: 12, names: months, first: 1 },
  { min: 0, max: 6, names: days, first: 0 },
];

const descriptors: ReadonlySet<string> = new Set([
  '@yearly',
  '@annually',
  '@monthly',
  '@weekly',
  '@daily',
  '@midnight',
  '@hourly',
]);

class ScheduleProblem extends Error {}

function numberOf(text: string): number {
  if (!/^[-+]?[0-9]+$/.test(text)) {
    throw new ScheduleProblem(
      `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  const value = Number(text);
  if (value < 0) throw new ScheduleProblem(`negative number (${value}) not allowed: ${text}`);
  return value;
}

function fieldValue(text: string, { names, first }: Bounds): number {
  const at = names.indexOf(text.toLowerCase());
  return at >= 0 ? at + first : numberOf(text);
}

/** One of the comma-separated ranges of a field. */
function checkRange(text: string, bounds: Bounds): void {
  const [range = '', step, ...moreSteps] = text.split('/');
  const [low = '', high, ...moreEnds] = range.split('-');
  const isAny = low === '*' || low === '?';
  const start = isAny ? bounds.min : fieldValue(low, bounds);
  if (moreEnds.length > 0 && !isAny) throw new ScheduleProblem(`too many hyphens: ${text}`);
  let end = isAny ? bounds.max : high === undefined ? start : fieldValue(high, bounds);
  if (moreSteps.length > 0) throw new ScheduleProblem(`too many slashes: ${text}`);
  const by = step === undefined ? 1 : numberOf(step);
  if (step !== undefined && !isAny && high === undefined) end = bounds.max;
  if (start < bounds.min) {
    throw new ScheduleProblem(`beginning of range (${start}) below minimum (${bounds.min}): ${text}`);
  }
  if (end > bounds.max) {
    throw new ScheduleProblem(`end of range (${end}) above maximum (${bounds.max}): ${text}`);
  }
  if (start > end) {
    throw new ScheduleProblem(`beginning of range (${start}) beyond end of range (${end}): ${text}`);
  }
  if (by === 0) throw new ScheduleProblem(`step of range should be a positive number: ${text}`);
}

const durationRegex =
  /^[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|ms|s|m|h)(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|ms|s|m|h))*$/;

function checkDescriptor(text: string): void {
  if (descriptors.has(text)) return;
  if (text.startsWith('@every ')) {
    const duration = text.slice('@every '.length);
    if (durationRegex.test(duration) || duration === '0') return;
    throw new ScheduleProblem(
      `failed to parse duration ${text}: time: invalid duration ${JSON.stringify(duration)}`,
    );
  }
  throw new ScheduleProblem(`unrecognized descriptor: ${text}`);
}

/** Whether this program knows the time zone of that name. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function check(schedule: string): void {
  if (schedule === '') throw new ScheduleProblem('empty spec string');
  let rest = schedule;
  if (/^(?:CRON_)?TZ=/.test(schedule)) {
    const space = schedule.indexOf(' ');
    const zone = schedule.slice(schedule.indexOf('=') + 1, space < 0 ? undefined : space);
    if (zone !== '' && zone !== 'Local' && !isTimeZone(zone)) {
      throw new ScheduleProblem(`provided bad location ${zone}: unknown time zone ${zone}`);
    }
    rest = space < 0 ? '' : schedule.slice(space).trim();
  }
  if (rest.startsWith('@')) {
    checkDescriptor(rest);
    return;
  }
  const given = rest.split(/\s+/).filter((text) => text !== '');
  if (given.length !== fields.length) {
    throw new ScheduleProblem(
      `expected exactly ${fields.length} fields, found ${given.length}: [${given.join(' ')}]`,
    );
  }
  given.forEach((text, at) => {
    for (const range of text.split(',').filter((part) => part !== '')) checkRange(range, fields[at]!);
  });
}

/** What is wrong with a schedule; empty: nothing. */
export function scheduleProblem(schedule: string): string {
  try {
    check(schedule);
    return '';
  } catch (error) {
    if (error instanceof ScheduleProblem) return error.message;
    throw error;
  }
}
