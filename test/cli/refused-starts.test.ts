/** Processes that cannot become a member: what they say, in the log as it is read by machines, and how they end. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';

t.setTimeout(600_000); // The machine may be busy.

const main = join(import.meta.dirname, '../../src/cli/main.ts');

interface Ended {
  readonly code: number | null;
  /** The last two lines of the log. */
  readonly happened: string;
  readonly advice: string;
}

/** @param prefix of a shell, before the command */
function start(dataDir: string, prefix: string = ''): Ended {
  const command = `${prefix} exec "$0" --import "$1" "$2" etcd --data-dir "$3" --listen-client-urls http://127.0.0.1:0 \
    --advertise-client-urls http://127.0.0.1:0 --listen-peer-urls http://127.0.0.1:0`;
  const args = ['-c', command, process.execPath, import.meta.resolve('tsx'), main, dataDir];
  const { status, stderr } = spawnSync('sh', args, { encoding: 'utf8', timeout: 300_000 });
  const lines = stderr.trim().split('\n').slice(-2);
  const [happened = '', advice = ''] = lines.map((line) =>
    String((JSON.parse(line) as { msg: unknown }).msg),
  );
  return { code: status, happened, advice };
}

t.test('a process that may open too few files says so before it needs them', async (t) => {
  if (process.platform !== 'linux') return t.comment('this system does not tell the limit');
  const { code, happened, advice } = start(join(t.testdir(), 'd'), 'ulimit -n 150 &&');
  t.equal(code, 1);
  t.match(happened, /may open 150 files, and a member needs more than 150/);
  t.match(advice, /ulimit -n \d+.*LimitNOFILE/);
});

t.test('a file in the place of the data directory is named as that', async (t) => {
  const { code, happened, advice } = start(join(t.testdir({ d: 'a file' }), 'd', 'm1'));
  t.equal(code, 1);
  t.match(happened, /a file stands where a directory is to be/);
  t.match(advice, /^Move it away/);
});
