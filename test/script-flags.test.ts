import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

const root = join(import.meta.dirname, '..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};
/** The programs of this repository that `npm run` starts, by the name of the script. */
const programs = Object.entries(scripts).flatMap(([name, command]) => {
  const path = /node --import tsx (\S+)$/.exec(command)?.[1];
  return path === undefined ? [] : [{ name, path }];
});

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(path: string, flag: string): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', path, flag], { cwd: root }, (error, out, err) =>
      resolve({ code: Number(error?.code ?? 0), out, err }),
    );
  });
}

t.test('every script says what it is for when it is asked, and begins nothing', async (t) => {
  t.ok(programs.length >= 10, `${programs.length} scripts`);
  for (const { name, path } of programs) {
    const { code, out, err } = await run(path, '--help');
    t.equal(code, 0, err);
    t.match(out, `npm run ${name} -- `);
  }
});

t.test('every script refuses flags that it does not know, in a line or two', async (t) => {
  for (const { name, path } of programs) {
    const { code, out, err } = await run(path, '--no-such-flag');
    t.not(code, 0, name);
    t.match(`${out}${err}`, name === 'bench' ? /there is no benchmark/ : /no-such-flag/);
    t.notMatch(err, /\n {4}at /, 'no stack');
  }
});
