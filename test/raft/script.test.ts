/** Every script in `scripts/` gives exactly the trace that is written in it. REWRITE=1 writes the traces anew. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { ScriptRun } from './script.ts';

const directory = new URL('./scripts/', import.meta.url);
const { REWRITE: rewrite } = process.env;

for (const name of readdirSync(directory).sort()) {
  t.test(`the trace of ${name} is the one that is written down`, async (t) => {
    const file = new URL(name, directory);
    const written = readFileSync(file, 'utf8');
    const result = new ScriptRun().run(written);
    if (rewrite !== undefined && result !== written) writeFileSync(file, result);
    else t.equal(result, written);
  });
}
