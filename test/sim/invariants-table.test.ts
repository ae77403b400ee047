/** The table of invariants in docs/RELIABILITY.md: complete, and each row names a file that checks it. */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
const text = readFileSync(`${docs}RELIABILITY.md`, 'utf8');

t.test('every invariant has a row, and the row names a file that is there', async (t) => {
  const ids = [
    ...Array.from({ length: 50 }, (_, at) => `I${at + 1}`),
    ...Array.from({ length: 5 }, (_, at) => `L${at + 1}`),
  ];
  for (const id of ids) {
    const row = text.split('\n').find((line) => line.startsWith(`| ${id} |`));
    const file = /\]\(([^)]+)\)/.exec(row ?? '')?.[1];
    t.ok(file !== undefined && existsSync(`${docs}${file}`), `${id}: ${file}`);
  }
});
