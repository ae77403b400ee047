/** The table of commands in docs/KUBERNETES.md: what is recorded of each section of the session, by version of kubectl. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSession } from './play.ts';
import { recordedVersions, recordOf } from './record.ts';

const page = join(import.meta.dirname, '../../../docs/KUBERNETES.md');
const begin = '<!-- kubectl table -->\n';
const end = '<!-- end of kubectl table -->\n';
/** A kubectl says so of commands and flags that came after it or have gone. */
const unknown = /unknown (command|flag|shorthand flag)[^\n]*/;

/** A cell: the state of the section, or what of it this kubectl does not have. */
function cellOf(state: string, said: readonly (string | null)[]): string {
  if (said.some((text) => text === null)) return 'not tried';
  const lacks = said.filter((text) => unknown.test(text!)).length;
  return lacks === 0 ? state : `${state} (${lacks} of ${said.length} not in this kubectl)`;
}

export function makeTable(): string {
  const steps = readSession();
  const versions = recordedVersions();
  const records = versions.map((version) => recordOf(version));
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const sections = [...new Map(steps.map(({ section, state }) => [section, state]))];
  const rows = sections.map(([section, state]) => {
    const places = steps.flatMap((step, at) => (step.section === section ? [at] : []));
    const cells = records.map((record) =>
      cellOf(
        state,
        places.map((at) => record[at] ?? null),
      ),
    );
    return line([section, String(places.length), ...cells]);
  });
  return (
    line(['command', 'tried', ...versions]) +
    line(['command', 'tried', ...versions].map(() => '---')) +
    rows.join('')
  );
}

/** What stands in the page now. */
export function readTable(): string {
  const text = readFileSync(page, 'utf8');
  return text.slice(text.indexOf(begin) + begin.length, text.indexOf(end));
}

export function writeTable(): void {
  const text = readFileSync(page, 'utf8');
  if (!text.includes(begin) || !text.includes(end)) throw new Error(`no place for the table in ${page}`);
  writeFileSync(
    page,
    text.slice(0, text.indexOf(begin) + begin.length) + makeTable() + text.slice(text.indexOf(end)),
  );
}
