import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { allImports, loadedBy } from './imports.ts';
import { anchorsOf, brokenLinks, missingScripts } from './pages.ts';
import { codeOnly, projectRoot, readSources, type Sources } from './sources.ts';

interface Package {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

const readText = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
const manifest = JSON.parse(readText('package.json')) as Package;

/** What Keelson needs to run, and what for. Where each is imported is in names.ts. */
const runtimeDependencies: Readonly<Record<string, string>> = {
  '@grpc/grpc-js': 'a transport for gRPC, and the measure of any other',
  '@marcbachmann/cel-js': 'rules of custom resources, in CEL',
  bcryptjs: 'hashes of passwords as etcd stores them',
  level: 'the store under the state',
  msgpackr: 'records that only members read',
  protobufjs: 'messages too rare for a codec by hand',
  yaml: 'bodies of API requests and answers in YAML',
};

const pages: Sources = new Map([
  ...readSources('.', ['README.md'], false),
  ...readSources('docs', ['.md']),
  ...readSources('examples', ['.md']),
]);

/** `node:fs` needs no package; `protobufjs/light.js` is in `protobufjs`, `@grpc/grpc-js` is one. */
function packagesImported(sources: Sources): string[] {
  const modules = allImports(sources).filter(({ isFile, target }) => !isFile && !target.startsWith('node:'));
  const names = modules.map(({ target }) => /^(@[^/]+\/)?[^/]+/.exec(target)![0]);
  return [...new Set(names)].sort();
}

t.test('the package needs a few others to run, and uses each', async (t) => {
  const expected = Object.keys(runtimeDependencies).sort();
  t.same(Object.keys(manifest.dependencies).sort(), expected);
  t.same(packagesImported(readSources('src', ['.ts'])), expected);
});

t.test('no program loads the test runner, which would end it after half a minute', async (t) => {
  const sources = new Map(['src', 'test', 'bench'].flatMap((folder) => [...readSources(folder, ['.ts'])]));
  const programs = Object.values(manifest.scripts).flatMap((line) => /\S+\.ts\b/.exec(line) ?? []);
  t.ok(programs.length > 8, 'programs are started from their source');
  for (const program of programs) {
    const loaded = loadedBy(program, sources);
    t.ok(loaded.size > 2, `${program} is read`);
    t.notOk(loaded.has('tap'), program);
  }
  t.ok(loadedBy('test/house/package.test.ts', sources).has('tap'), 'and it would be seen');
});

t.test('what the package offers is made from a file of src', async (t) => {
  const offered = [
    ...Object.values(manifest.bin),
    ...Object.values(manifest.exports).flatMap((one) => Object.values(one)),
  ];
  for (const path of offered.filter((path) => path.startsWith('./dist/'))) {
    const source = path.replace('./dist/', 'src/').replace(/(\.d\.ts|\.js)$/, '.ts');
    t.ok(existsSync(join(projectRoot, source)), `${path} from ${source}`);
  }
});

t.test('declarations read alike in every TypeScript from 5.0 on', async (t) => {
  // Before 5.6 these have one parameter, and the others are an error wherever libraries are checked.
  const younger = /\b(?:Async)?Itera(?:bleIterator|ble)<[^<>()[\]]*,|\b(?:Async)?IteratorObject\b|\bNoInfer</;
  t.match('messages(): AsyncIterableIterator<A, void, undefined>;', younger, 'it would be seen');
  t.notMatch('AsyncIterator<A, void>; Iterable<A>; AsyncGenerator<A, void, undefined>', younger);
  const sources = [...readSources('src', ['.ts'])];
  t.same(
    sources.filter(([, text]) => younger.test(codeOnly(text))).map(([path]) => path),
    [],
  );
});

t.test('every source that a map names is in the package', async (t) => {
  const { files } = manifest;
  for (const folder of ['dist', 'src']) t.ok(files.includes(folder), folder);
});

t.test('every link within the project leads somewhere', async (t) => {
  for (const page of ['README.md', 'docs/ARCHITECTURE.md', 'examples/README.md']) t.ok(pages.has(page), page);
  t.same(
    brokenLinks(pages, (path) => existsSync(join(projectRoot, path))),
    [],
  );
});

t.test('every npm script that a page names is there', async (t) => {
  t.same(missingScripts(pages, manifest.scripts), []);
});

t.test('what runs without npm can be run', async (t) => {
  for (const path of ['.ci/run', 'cluster-scripts/start.sh', 'cluster-scripts/stop.sh']) {
    t.equal(statSync(join(projectRoot, path)).mode & 0o111, 0o111, path);
    t.match(readText(path), /^#!\/bin\/(sh|bash)\n/, path);
  }
});

t.test('each broken link would be seen', async (t) => {
  const text = [
    '# The `keelson` command: a page',
    '[a](gone.md), ![b](../picture.svg "title"), [c](../../outside.md)',
    '[d](https://example.org/x), [e](#the-keelson-command-a-page), [f](#gone), [g](other.md#head)',
    '`[h](in-code.md)`',
    '```',
    '[i](in-block.md)',
    '```',
    '[label]: lost.md',
  ].join('\n');
  const some: Sources = new Map([
    ['docs/page.md', text],
    ['docs/other.md', '# Other'],
  ]);
  t.same(brokenLinks(some, (path) => some.has(path)).sort(), [
    'docs/page.md: docs/other.md has no heading for #head',
    'docs/page.md: docs/page.md has no heading for #gone',
    'docs/page.md: there is no ../../outside.md',
    'docs/page.md: there is no ../picture.svg',
    'docs/page.md: there is no gone.md',
    'docs/page.md: there is no lost.md',
  ]);
  t.same([...anchorsOf('# Ten principles!\n## Why\n## Why')], ['ten-principles', 'why', 'why-1']);
});

t.test('a script or a package that is not there would be seen', async (t) => {
  const page = new Map([
    ['README.md', '`npm ci && npm run cluster -- --nodes 5`, npm run --silent buidl.\nnpm test'],
  ]);
  t.same(missingScripts(page, { cluster: '' }), [
    'README.md: there is no script buidl',
    'README.md: there is no script test',
  ]);
  const source = new Map([['src/a.ts', "import a from '@a/b/c';\nimport 'left/pad.js';\nimport 'node:fs';"]]);
  t.same(packagesImported(source), ['@a/b', 'left']);
});
