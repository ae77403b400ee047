/** The examples as their readers run them, on the library as it is in `src`. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Workplace } from '../../bench/children.ts';
import { missingPrograms, run, startServers } from '../clients/harness.ts';

const examples = join(import.meta.dirname, '../../examples');
/** An example that goes on after its last line has left something open. */
const timeoutMs = 120_000;

const id = '[0-9a-f]{16}';
const url = 'http://127\\.0\\.0\\.1:\\d+';

/** What each example prints: a regular expression per line. */
const expected: Readonly<Record<string, readonly string[]>> = {
  'kubernetes-api.ts': ['created paint: the hull is red', 'MODIFIED: the hull is green'],
  'member-in-memory.ts': [`serving etcd v3 at ${url}`, 'revision 3: hello again', 'revision 2: hello'],
  'member-on-a-directory.ts': [`visit 1 of member ${id}`, `visit 2 of member ${id}`],
  'plain-grpc-client.ts': [
    '2 keys',
    'fruit/apple = yellow, version 2',
    'fruit/pear = green, version 1',
    'delete the pear if it is at version 7: it is not',
    'watched: PUT fruit/apple = red',
    'watched: PUT fruit/pear = green',
    'watched: PUT fruit/apple = yellow',
  ],
  'three-members-in-one-process.ts': [
    '3 members, and one leads',
    'm1 says: on the stocks',
    'm2 says: on the stocks',
    'm3 says: on the stocks',
    'the leader is gone',
    'one of the others says: afloat',
    'one of the others says: afloat',
  ],
};

/** Examples are run, but for what they share. */
const shared = ['grpc-from-proto.ts'];

/** Runs an example to its end, in a temporary folder of its own. Returns the lines it printed. */
async function runExample(t: Test, workplace: Workplace, name: string, ...args: string[]): Promise<string[]> {
  const flags = ['--conditions=keelson-source', '--import', import.meta.resolve('tsx')];
  const command = [process.execPath, ...flags, join(examples, name), ...args];
  const ran = await run(workplace, command, { env: { TMPDIR: workplace.folder }, timeoutMs });
  t.equal(ran.err, '', 'no complaint');
  t.equal(ran.code, 0, 'and a good end');
  return ran.out.trimEnd().split('\n');
}

function printed(t: Test, lines: readonly string[], patterns: readonly string[]): void {
  const shown = lines.map((line, at) => (new RegExp(`^${patterns[at]}$`).test(line) ? patterns[at] : line));
  t.same(shown, patterns);
}

function workplaceOf(t: Test): Workplace {
  const workplace = new Workplace();
  t.teardown(() => workplace.close());
  return workplace;
}

t.test('every example is run here', async (t) => {
  const files = readdirSync(examples).filter((name) => name.endsWith('.ts') && !shared.includes(name));
  t.same(files.sort(), Object.keys(expected).sort());
});

for (const [name, patterns] of Object.entries(expected)) {
  t.test(`${name} prints what it promises, ends by itself and leaves nothing behind`, async (t) => {
    const workplace = workplaceOf(t);
    printed(t, await runExample(t, workplace, name), patterns);
    t.same(
      readdirSync(workplace.folder).filter((entry) => entry.startsWith('keelson')),
      [],
    );
  });
}

t.test('a member on a given directory goes on where it ended', async (t) => {
  const workplace = workplaceOf(t);
  const directory = join(workplace.folder, 'data');
  const first = await runExample(t, workplace, 'member-on-a-directory.ts', directory);
  const second = await runExample(t, workplace, 'member-on-a-directory.ts', directory);
  printed(
    t,
    [...first, ...second],
    [1, 2, 3, 4].map((visit) => `visit ${visit} of member ${id}`),
  );
});

t.test('the plain client says the same of etcd', { skip: missingPrograms('etcd') }, async (t) => {
  const workplace = workplaceOf(t);
  const etcd = await startServers('etcd', 1, workplace);
  const lines = await runExample(t, workplace, 'plain-grpc-client.ts', etcd.members[0]!.clientUrl);
  printed(t, lines, expected['plain-grpc-client.ts']!);
  await etcd.stop();
});
