/** Processes that cannot become a member: what they say, in the log as it is read by machines, and how they end. */

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
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
function start(dataDir: string, prefix: string = '', flags: readonly string[] = []): Ended {
  const command = `${prefix} import=$1 main=$2; shift 2; exec "$0" --import "$import" "$main" etcd --listen-client-urls http://127.0.0.1:0 \
    --advertise-client-urls http://127.0.0.1:0 --listen-peer-urls http://127.0.0.1:0 --data-dir "$@"`;
  const args = ['-c', command, process.execPath, import.meta.resolve('tsx'), main, dataDir, ...flags];
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

t.test('a port that is taken is named once, and what to do about it once', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.teardown(() => other.close());
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  const flags = ['--listen-client-urls', url, '--advertise-client-urls', url];
  const { code, happened, advice } = start(join(t.testdir(), 'd'), '', flags);
  t.equal(code, 1);
  t.equal(happened, `cannot listen on ${url.replace('http://', '')}: another process has this port.`);
  t.equal(advice, 'Stop it, or choose another port.');
});

t.test('who is to join a cluster and is told of nobody in it is told so', async (t) => {
  const { code, happened } = start(join(t.testdir(), 'd'), '', ['--initial-cluster-state', 'existing']);
  t.equal(code, 1);
  t.match(
    happened,
    /names nobody but this member, "default": name the members of the existing cluster, too$/,
  );
});
