/** Runs the examples of a page of docs: each block of `ts` is a program of its own. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Workplace } from '../../bench/children.ts';
import { run } from '../clients/harness.ts';

const projectRoot = join(import.meta.dirname, '../..');
const shownEndpoint = /'http:\/\/127\.0\.0\.1:2379'(, 'http:[^\]]*')?/g;
const separator = '---- example';

export interface Example {
  readonly code: string;
  /** What the comments `// →` promise, line by line. */
  readonly promised: readonly string[];
}

export function examplesOf(page: string): Example[] {
  const text = readFileSync(join(projectRoot, page), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => ({
    code: code!,
    promised: [...code!.matchAll(/\/\/ → (.*)$/gm)].map(([, line]) => line!),
  }));
}

/** What each example printed; all of them run one after the other in one process, which has to end by itself. */
export async function printedBy(
  examples: readonly Example[],
  endpoints: readonly string[],
  workplace: Workplace,
): Promise<string[][]> {
  const client = pathToFileURL(join(projectRoot, 'src/client/index.ts')).href;
  const list = endpoints.map((endpoint) => `'${endpoint}'`);
  const files = examples.map(({ code }, at) => {
    const file = join(workplace.folder, `example-${at}.mts`);
    const adapted = code
      .replaceAll("'keelson/client'", `'${client}'`)
      .replace(shownEndpoint, (_, more) => (more === undefined ? list[0]! : list.join(', ')));
    writeFileSync(file, adapted);
    return file;
  });
  const main = join(workplace.folder, 'examples.mts');
  const steps = files.map(
    (file) => `console.log('${separator}');\nawait import('${pathToFileURL(file).href}');\n`,
  );
  writeFileSync(main, steps.join(''));
  const ran = await run(workplace, [process.execPath, '--import', import.meta.resolve('tsx'), main]);
  if (ran.code !== 0) throw new Error(`the examples ended with ${ran.code}: ${ran.err}\n${ran.out}`);
  return ran.out
    .split(`${separator}\n`)
    .slice(1)
    .map((printed) => printed.split('\n').slice(0, -1));
}
