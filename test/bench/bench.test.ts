/** The benchmarks end to end, as short as they can be. etcd takes part where it is installed. */

import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { systemVersion } from '../../bench/cluster.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BENCH = join(ROOT, 'bench/main.ts');

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function bench(...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const argv = ['--import', 'tsx', BENCH, ...args];
    execFile(process.execPath, argv, { cwd: ROOT, timeout: 400_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err });
    });
  });
}

/** A benchmark in which every system answers something: it takes the longer, the busier the machine is. */
async function measured(...args: string[]): Promise<Ran> {
  for (let seconds = 1; ; seconds *= 5) {
    const ran = await bench(...args, '--seconds', String(seconds));
    const isEmpty =
      ran.code === 0 ? /"(perSecond|putsPerSecond)": ?0[,\s}]/.test(ran.out) : /accepted no/.test(ran.err);
    if (!isEmpty || seconds > 20) return ran;
  }
}

t.before(() => {
  if (!existsSync(join(ROOT, 'dist/cli/main.js'))) {
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' });
  }
});

t.test('a short put benchmark gives figures as JSON and charts', async (t) => {
  const out = t.testdir({});
  const withEtcd = systemVersion('etcd') !== null;
  if (!withEtcd) t.comment('etcd is not installed: it does not take part');
  const against = withEtcd ? ['--against', 'etcd'] : [];
  const flags = ['--rounds', '1', '--warm-up-ms', '100', '--rate', '500', '--json'];
  const ran = await measured('put', ...against, ...flags, '--out', out);
  t.equal(ran.code, 0, ran.err);
  t.equal(ran.err, '', 'no progress bar where there is no terminal');
  const report = JSON.parse(ran.out);
  t.same(report, JSON.parse(readFileSync(join(out, 'put.json'), 'utf8')));
  t.same(readdirSync(out).sort(), ['put-latency.svg', 'put-throughput.svg', 'put.json', 'report.html']);
  t.equal(report.rounds.length, withEtcd ? 4 : 2);
  for (const round of report.rounds) {
    t.ok(round.putsPerSecond > 0, `${round.system} ${round.loop}`);
    t.equal(round.failed, 0);
    t.ok(round.latency.p50Us > 0 && round.latency.p50Us <= round.latency.p999Us);
  }
});

t.test(
  'a workload of the suite gives figures for each of its cases, and a page that needs nothing else',
  async (t) => {
    const out = t.testdir({});
    const flags = ['--nodes', '1', '--rounds', '1', '--warm-up-ms', '100', '--generator', 'own'];
    const ran = await measured('txn', ...flags, '--json', '--out', out);
    t.equal(ran.code, 0, ran.err);
    const { rounds, cases } = JSON.parse(ran.out);
    t.equal(rounds.length, cases.length);
    for (const round of rounds) {
      t.equal(round.failed, 0, round.firstFailure);
      t.ok(round.perSecond > 0 && round.p50Us > 0 && round.mebibytesPerSecond > 0, round.label);
    }
    const page = readFileSync(join(out, 'report.html'), 'utf8');
    t.match(page, /<svg[\s\S]*compare and put/);
    t.notMatch(
      page.replaceAll('http://www.w3.org/2000/svg', ''),
      /https?:|src=|@import/,
      'it asks nobody for anything',
    );
  },
);

t.test('a cluster in one process is measured too', async (t) => {
  const ran = await bench('startup', '--rounds', '1', '--json', '--out', t.testdir({}));
  t.equal(ran.code, 0, ran.err);
  const names = JSON.parse(ran.out).series.map((one: { name: string }) => one.name);
  t.same(names, ['keelson as processes', 'keelson in one process, in memory', '  … and loading the library']);
});

t.test('a command line that is wrong is told so at once', async (t) => {
  const ran = await bench('put', '--secnds', '3', '--rounds', '0');
  t.equal(ran.code, 2);
  t.match(ran.err, /--secnds \(did you mean --seconds\?\)/);
  t.match(ran.err, /--rounds/);
  t.match(await bench('nothing'), { code: 2, err: /no benchmark "nothing"/ });
  t.match(await bench('put', '--help'), { code: 0, out: /--against[\s\S]*--quick/ });
  t.match(await bench('all', '--help'), { code: 0, out: /--quick/ });
  t.match(await bench('lease', '--generator', 'h2load'), { code: 1, err: /h2load/ });
});
