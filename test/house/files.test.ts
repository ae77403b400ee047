import t from 'tap';
import { codeOnly, lineAt, readSources, type Sources } from './sources.ts';

/** About 300 lines are the habit and 500 a smell; here ends what may be. */
const longestFile = 600;
/** A table that a program writes is as long as it is, where its head comment says so. */
const byProgram = /^\/\*\*(?:(?!\*\/)[\s\S])*\bnot edited by hand\b/;

/** Words that put something off. They are put together here, so that this file does not hold them. */
const promises = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`, 'g');

function longFiles(sources: Sources): string[] {
  return [...sources]
    .filter(([, text]) => !byProgram.test(text))
    .map(([path, text]) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > longestFile)
    .map(({ path, lines }) => `${path} has ${lines} lines`);
}

function promisesIn(sources: Sources): string[] {
  return [...sources].flatMap(([path, text]) =>
    [...text.matchAll(promises)].map((match) => `${path}:${lineAt(text, match.index)}: ${match[0]}`),
  );
}

/** `export default`, and files whose names do not say in kebab case what is in them. */
function breachesOfForm(sources: Sources): string[] {
  const breaches: string[] = [];
  for (const [path, text] of sources) {
    if (!/^([a-z0-9]+[-/])*[a-z0-9]+\.ts$/.test(path)) breaches.push(`${path}: not kebab-case`);
    if (/\bexport\s+default\b/.test(codeOnly(text))) breaches.push(`${path}: a default export`);
    if (!/^(#!.*\n)?\/\*\*/.test(text)) breaches.push(`${path}: no head comment`);
  }
  return breaches;
}

t.test('a file is one idea: none is too long', async (t) => {
  for (const folder of ['src', 'bench', 'examples']) t.same(longFiles(readSources(folder, ['.ts'])), []);
});

t.test('nothing is put off by a word in a comment', async (t) => {
  for (const folder of ['src', 'test', 'bench', 'examples', 'proto', 'docs', 'cluster-scripts', '.ci']) {
    t.same(promisesIn(readSources(folder, ['.ts', '.proto', '.md', '.sh', 'run'])), [], folder);
  }
});

t.test(
  'every file of src has a name in kebab case and a head comment, and none a default export',
  async (t) => {
    t.same(breachesOfForm(readSources('src', ['.ts'])), []);
  },
);

t.test('each breach would be seen', async (t) => {
  const lines = (count: number) => new Map([['src/a.ts', 'x\n'.repeat(count)]]);
  t.same(longFiles(lines(longestFile)), []);
  t.same(longFiles(lines(longestFile + 1)), [`src/a.ts has ${longestFile + 1} lines`]);

  t.same(longFiles(new Map([['src/a.ts', `/** A table, not edited by hand. */\n${'x\n'.repeat(999)}`]])), []);
  t.match(longFiles(new Map([['src/a.ts', `${'x\n'.repeat(999)}/** not edited by hand */`]])), { length: 1 });

  const word = ['FIX', 'ME'].join('');
  t.same(promisesIn(new Map([['src/a.ts', `a\n// ${word}: later`]])), [`src/a.ts:2: ${word}`]);
  t.same(promisesIn(new Map([['src/a.ts', `// ${word}ABLE is a word of its own`]])), []);

  const badForm = new Map([
    ['src/aB.ts', '/** Head. */'],
    ['src/a.ts', '/** Head. */\nexport default 1;'],
    ['src/b.ts', "import './a.ts';"],
  ]);
  t.same(breachesOfForm(badForm), [
    'src/aB.ts: not kebab-case',
    'src/a.ts: a default export',
    'src/b.ts: no head comment',
  ]);
  t.same(breachesOfForm(new Map([['src/cli/main.ts', '#!/usr/bin/env node\n/** Head. */']])), []);
});
