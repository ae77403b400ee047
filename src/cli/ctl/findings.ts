/** What the doctor finds, and how it is printed. */

import { type Colour, painted } from '../paint.ts';
import { goObject } from './go-text.ts';

/** `ok`: as it should be; `note`: worth knowing; `problem`: something is wrong, or will be soon. */
export type Level = 'ok' | 'note' | 'problem';

export interface Finding {
  readonly level: Level;
  /** A member, an endpoint, a directory, or the cluster. */
  readonly about: string;
  readonly what: string;
  /** Empty: nothing. */
  readonly advice: string;
}

export function ok(about: string, what: string): Finding {
  return { level: 'ok', about, what, advice: '' };
}

export function note(about: string, what: string, advice: string): Finding {
  return { level: 'note', about, what, advice };
}

export function problem(about: string, what: string, advice: string): Finding {
  return { level: 'problem', about, what, advice };
}

const colours: Readonly<Record<Level, Colour>> = { ok: 'green', note: 'yellow', problem: 'red' };
const order: readonly Level[] = ['problem', 'note', 'ok'];
const labelWidth = Math.max(...order.map((level) => level.length)) + 1;

function label(level: Level, paints: boolean): string {
  return painted(level.padEnd(labelWidth), colours[level], paints);
}

/** Problems first, then notes, then what is well; what to do stands under what is the matter. */
export function findingLines(findings: readonly Finding[], paints: boolean): string[] {
  const lines = order.flatMap((level) =>
    findings
      .filter((finding) => finding.level === level)
      .flatMap(({ about, what, advice }) => [
        `${label(level, paints)}${about}: ${what}`,
        ...(advice === '' ? [] : [`${' '.repeat(labelWidth)}→ ${advice}`]),
      ]),
  );
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  const [problems, notes] = [count('problem'), count('note')];
  const of = (number: number, thing: string): string => `${number} ${thing}${number === 1 ? '' : 's'}`;
  const verdict =
    problems === 0 && notes === 0 ? 'all is well' : `${of(problems, 'problem')}, ${of(notes, 'note')}`;
  return [...lines, '', verdict];
}

export function findingsJson(findings: readonly Finding[]): string {
  const rows = findings.map(({ level, about, what, advice }) =>
    goObject([
      ['level', JSON.stringify(level)],
      ['about', JSON.stringify(about)],
      ['what', JSON.stringify(what)],
      ['advice', JSON.stringify(advice)],
    ]),
  );
  return `[${rows.join(',')}]`;
}
