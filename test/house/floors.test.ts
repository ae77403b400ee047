import t from 'tap';
import { acceptedCircles, floorBreaches, importCycles, importsOf, missingFiles } from './imports.ts';
import { codeOnly, readSources } from './sources.ts';

const sources = readSources('src', ['.ts']);

t.test('a room imports only from floors below it, and nothing leans on the simulator', async (t) => {
  t.same(floorBreaches(sources), []);
});

t.test('no file imports itself through others', async (t) => {
  t.same(importCycles(sources, acceptedCircles), []);
  for (const circle of acceptedCircles) {
    const others = acceptedCircles.filter((other) => other !== circle);
    t.not(importCycles(sources, others).length, 0, `${circle.files.join(', ')}: still a circle`);
  }
});

t.test('every import of a file is found', async (t) => {
  t.same(missingFiles(sources), []);
  t.ok(sources.size > 100, 'and all of src was read');
});

function breachesOf(path: string, text: string): string[] {
  return floorBreaches(new Map([[path, text]]));
}

t.test('each breach of the floors would be seen', async (t) => {
  t.same(breachesOf('src/wal/a.ts', "import { log } from '../raft/log.ts';"), [
    'src/wal/a.ts:1: wal may not import src/raft/log.ts',
  ]);
  t.match(
    breachesOf('src/wal/a.ts', "import type { Rpc } from '../rpc/peer.ts';"),
    { length: 1 },
    'sideways',
  );
  t.match(breachesOf('src/raft/a.ts', "export * from '../wire/proto.ts';"), { length: 1 }, 'raft is pure');
  t.match(breachesOf('src/mvcc/a.ts', "export type { A } from '../../test/a.ts';"), { length: 1 }, 'outside');
  t.match(breachesOf('src/etcd/a.ts', "const sim = await import('../sim/run.ts');"), { length: 1 }, 'sim');
  t.match(breachesOf('src/sim/a.ts', "import '../etcd/kv.ts';"), { length: 1 }, 'services in the simulator');
  t.match(
    breachesOf('src/index.ts', "export { main } from './cli/main.ts';"),
    { length: 1 },
    'library on command',
  );
  t.same(breachesOf('src/attic/a.ts', ''), ['src/attic/a.ts: no floor knows the room attic']);
  t.same(breachesOf('src/index.ts', "export { startMember } from './embed/start-member.ts';"), []);
  t.same(breachesOf('src/sim/oracle/a.ts', "import type { A } from '../../member/types.ts';"), []);
});

t.test('a circle of imports would be seen, and a missing file', async (t) => {
  const circle = new Map([
    ['src/raft/a.ts', "import { b } from './b.ts';\nimport { c } from './c.ts';"],
    ['src/raft/b.ts', "import { type C, c } from './c.ts';"],
    ['src/raft/c.ts', "import { b } from './b.ts';"],
  ]);
  t.same(importCycles(circle, []), ['src/raft/b.ts → src/raft/c.ts → src/raft/b.ts']);
  t.same(importCycles(circle, [{ files: ['src/raft/b.ts', 'src/raft/c.ts'], reason: 'told' }]), []);
  t.match(importCycles(circle, [{ files: ['src/raft/c.ts'], reason: 'told' }]), { length: 1 });
  circle.set('src/raft/b.ts', "import type { C } from './c.ts';");
  t.same(importCycles(circle, []), [], 'types go round');
  t.same(missingFiles(new Map([['src/raft/a.ts', "import './gone.ts';"]])), [
    'src/raft/a.ts:1: there is no src/raft/gone.ts',
  ]);
});

t.test('imports are found in every form, and only where they are code', async (t) => {
  const text = [
    "import { a } from './a.ts'; // import { x } from './x.ts'",
    'import type {',
    '  B, // of many',
    "} from '../b.ts';",
    "export * from './c.ts';",
    "import './d.ts';",
    "const e = import('./e.ts');",
    'const text = "import { x } from \'./x.ts\'";',
    '/* import y from "./y.ts" */',
    'const quote = /[\'"/]/; import f from "f";',
    `const half = total / 2; const third = \`\${\`\${1 / 3}\`} import "./z.ts"\`;`,
    "export { g } from './g.ts';",
  ].join('\n');
  const found = importsOf('src/room/file.ts', text).map(({ target, line }) => `${line} ${target}`);
  t.same(found, [
    '1 src/room/a.ts',
    '2 src/b.ts',
    '5 src/room/c.ts',
    '6 src/room/d.ts',
    '7 src/room/e.ts',
    '10 f',
    '12 src/room/g.ts',
  ]);
});

t.test('what is no code is blanked out, and lines stay where they are', async (t) => {
  t.equal(codeOnly("a('b') // c\nd"), 'a(   )     \nd');
  t.equal(codeOnly(`\`a\${b + \`c\${d}\`}e\``), `\` \${b + \` \${d}\`} \``);
  t.equal(codeOnly('x = y / z / w'), 'x = y / z / w');
  t.equal(codeOnly('return /[/"]\\//.test(a)'), `return ${' '.repeat(8)}.test(a)`);
});
