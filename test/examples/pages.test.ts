/** The TypeScript that README and docs show compiles against the library as it is, under the project's own rules. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Workplace } from '../../bench/children.ts';
import { examplesOf } from '../client/page.ts';
import { run } from '../clients/harness.ts';

const root = join(import.meta.dirname, '../..');

type Offered = Readonly<Record<string, { readonly 'keelson-source'?: string }>>;

/** What `import … from 'keelson/…'` finds: the sources that the package is made of. */
function pathsOfPackage(): Record<string, [string]> {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: Offered };
  return Object.fromEntries(
    Object.entries(exports).flatMap(([name, { 'keelson-source': source }]) =>
      source === undefined ? [] : [[join('keelson', name), [join(root, source)]]],
    ),
  );
}

/** A program for each block of a page, by its name. A block without imports goes on from the one before. */
function programsOf(page: string): [string, string][] {
  let imports = '';
  return examplesOf(page).map(({ code }, at) => {
    const own = [...code.matchAll(/^import .*\n/gm)].map(([line]) => line).join('');
    const missing = own === '' ? imports : '';
    if (own !== '') imports = own;
    return [`${page.replace(/\W/g, '-')}-${at + 1}.ts`, `${missing}${code}export {};\n`];
  });
}

/** What the compiler says to the programs. */
async function complaints(workplace: Workplace, programs: ReadonlyMap<string, string>): Promise<string[]> {
  for (const [name, code] of programs) writeFileSync(join(workplace.folder, name), code);
  const config = {
    extends: join(root, 'tsconfig.test.json'),
    compilerOptions: {
      rootDir: '/',
      paths: pathsOfPackage(),
      typeRoots: [join(root, 'node_modules/@types')],
      noUnusedLocals: false,
    },
    include: ['*.ts'],
  };
  writeFileSync(join(workplace.folder, 'tsconfig.json'), JSON.stringify(config));
  writeFileSync(join(workplace.folder, 'package.json'), JSON.stringify({ type: 'module' }));
  // Not by `bin/tsc`: the hook that the runner of these tests has each node load cannot load a module without an ending.
  const tsc = [process.execPath, join(root, 'node_modules/typescript/lib/tsc.js')];
  const ran = await run(workplace, [...tsc, '--pretty', 'false', '-p', workplace.folder], {
    timeoutMs: 400_000,
  });
  const { code, out, err } = ran;
  if (code !== 0 && out === '') throw new Error(`the compiler ended with ${code}: ${err}`);
  return out.split('\n').filter((line) => line !== '');
}

t.test('what README and docs show compiles, and what does not would be seen', async (t) => {
  const workplace = new Workplace();
  t.teardown(() => workplace.close());
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  const pages = ['README.md', ...docs.map((name) => `docs/${name}`)];
  const programs = new Map(pages.flatMap(programsOf));
  t.ok(programs.size > 15, `${programs.size} blocks`);
  programs.set('wrong.ts', "import { connect } from 'keelson/client';\nconnect(7);\n");
  const found = await complaints(workplace, programs);
  const isWrong = (line: string): boolean => line.includes('wrong.ts(2,9): error TS2345');
  t.ok(found.some(isWrong));
  t.same(
    found.filter((line) => !isWrong(line)),
    [],
  );
});
