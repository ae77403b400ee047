/**
 * The scripts end to end, with real processes, on ports of their own. The command is built first: the scripts run
 * what `npm run build` made.
 */

import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { freePortsInARow } from '../../bench/ports.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SCRIPTS = join(ROOT, 'cluster-scripts');
const MAIN = join(ROOT, 'dist/cli/main.js');

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function script(name: string, ...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(join(SCRIPTS, name), args, { cwd: ROOT, timeout: 300_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err });
    });
  });
}

function leaderOf(status: string): number {
  const line = status.split('\n').find((one) => / leader /.test(one));
  return Number(/^m(\d)/.exec(line ?? '')?.[1] ?? 0);
}

async function untilStatus(dir: string, wanted: (ran: Ran) => boolean): Promise<Ran> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const ran = await script('status.sh', '--dir', dir);
    if (wanted(ran)) return ran;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the cluster did not come to the state that was waited for');
}

t.before(() => {
  if (!existsSync(MAIN)) execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' });
});

t.test('a cluster starts, survives the loss of its leader, pauses, stops and is wiped', async (t) => {
  const dir = join(t.testdir({}), 'cluster');
  const base = await freePortsInARow(9);
  t.teardown(() => script('stop.sh', '--dir', dir));

  const started = await script('start.sh', '--detach', '--dir', dir, '--base-port', String(base));
  t.equal(started.code, 0, started.err);
  t.match(started.out, /m1 .*running/);
  t.match(started.out, /leader/);
  t.equal(started.out.match(/^ {2}(etcdctl|cluster-scripts)/gm)!.length, 3, 'three commands to try next');

  const again = await script('start.sh', '--detach', '--dir', dir);
  t.equal(again.code, 1);
  t.match(again.err, /already running/);
  t.match(again.err, /stop\.sh/);
  const wiped = await script('wipe.sh', '--dir', dir);
  t.equal(wiped.code, 1, 'a running cluster is not wiped');

  const status = await untilStatus(dir, (ran) => ran.code === 0);
  const leader = leaderOf(status.out);
  t.ok(leader >= 1 && leader <= 3);

  const killed = await script('kill.sh', String(leader), '--dir', dir);
  t.equal(killed.code, 0, killed.err);
  t.equal((await script('kill.sh', String(leader), '--dir', dir)).code, 1, 'it cannot be killed twice');
  const moved = await untilStatus(dir, (ran) => leaderOf(ran.out) !== 0 && leaderOf(ran.out) !== leader);
  t.equal(moved.code, 1, 'a member is missing');
  t.match(moved.out, new RegExp(`m${leader} .*gone`));

  const restarted = await script('restart.sh', String(leader), '--dir', dir);
  t.equal(restarted.code, 0, restarted.err);
  await untilStatus(dir, (ran) => ran.code === 0);
  t.match((await script('restart.sh', String(leader), '--dir', dir)).err, /already running/);

  const follower = (leaderOf((await script('status.sh', '--dir', dir)).out) % 3) + 1;
  t.equal((await script('pause.sh', String(follower), '--dir', dir)).code, 0);
  t.match((await script('pause.sh', String(follower), '--dir', dir)).err, /already paused/);
  t.match((await script('status.sh', '--dir', dir)).out, new RegExp(`m${follower} .*paused`));
  t.equal((await script('resume.sh', String(follower), '--dir', dir)).code, 0);
  t.match((await script('resume.sh', String(follower), '--dir', dir)).err, /not paused/);

  t.equal((await script('pause.sh', String(follower), '--dir', dir)).code, 0);
  const stopped = await script('stop.sh', '--dir', dir);
  t.equal(stopped.code, 0, stopped.err);
  t.match(stopped.out, /stopped: m1 m2 m3/, 'a paused member is stopped too');
  t.match((await script('stop.sh', '--dir', dir)).err, /no member is running/);

  t.equal((await script('wipe.sh', '--dir', dir)).code, 0);
  t.notOk(existsSync(dir));
});

t.test('in the foreground Ctrl-C stops it, and started again it is the same cluster', async (t) => {
  const dir = join(t.testdir({}), 'cluster');
  const base = await freePortsInARow(3);
  t.teardown(() => script('stop.sh', '--dir', dir));
  const rounds = [['--nodes', '1', '--base-port', String(base)], [], ['--kubernetes', 'off']];
  for (const [round, args] of rounds.entries()) {
    const child = spawn(join(SCRIPTS, 'start.sh'), ['--dir', dir, ...args], { cwd: ROOT });
    let out = '';
    let interrupted = false;
    child.stdout.on('data', (chunk) => {
      out += chunk;
      if (interrupted || !/Ctrl-C stops/.test(out)) return;
      interrupted = true;
      child.kill('SIGINT');
    });
    child.stderr.on('data', (chunk) => {
      out += chunk;
    });
    const [code] = await once(child, 'close');
    t.equal(code, 0, out);
    t.match(out, /leader/);
    t.match(out, /stopped\n$/);
    t.equal(/KUBECONFIG/.test(out), round < 2, 'the API of Kubernetes is there until it is switched off');
  }
  t.equal(JSON.parse(readFileSync(join(dir, 'cluster.json'), 'utf8')).basePort, base);
  const other = await script('start.sh', '--detach', '--dir', dir, '--nodes', '3');
  t.equal(other.code, 1);
  t.match(other.err, /holds a cluster of 1 member on/);
});

t.test('a port that is taken is named before anything is started', async (t) => {
  const dir = join(t.testdir({}), 'cluster');
  const base = await freePortsInARow(9);
  const server = createServer().listen(base + 3, '127.0.0.1');
  await once(server, 'listening');
  const ran = await script('start.sh', '--detach', '--dir', dir, '--base-port', String(base));
  server.close();
  t.equal(ran.code, 1);
  t.match(ran.err, new RegExp(`port ${base + 3} \\(peers of m2\\) is already taken`));
  t.match(ran.err, /--base-port/);
  t.match((await script('stop.sh', '--dir', dir)).err, /no member is running/);
});

t.test('what is wrong with a command line is said, with exit code 2', async (t) => {
  const dir = join(t.testdir({}), 'none');
  t.match(await script('kill.sh', '--dir', dir), { code: 2, err: /which member/ });
  t.match(await script('pause.sh', '1', '2'), { code: 2, err: /unexpected argument 2/ });
  t.match(await script('stop.sh', '--force'), { code: 2, err: /unknown flag --force/ });
  t.match(await script('start.sh', '--nodes', '9', '--what'), { code: 2, err: /--nodes[\s\S]*--what/ });
  t.match(await script('kill.sh', '1', '--dir', dir), { code: 1, err: /no cluster/ });
  t.match(await script('status.sh', '--help'), { code: 0, out: /^Usage: .*\n\nShows each member: / });
  t.match(await script('kill.sh', '--help'), { code: 0, out: /^Usage: .*\n\nkill -9 of one member/ });
});

t.test('a recorded process id that belongs to somebody else is left alone', async (t) => {
  const dir = t.testdir({ run: {}, 'cluster.json': '' });
  const members = '{\n "format": 1,\n "basePort": 0,\n "members": [\n  {\n   "name": "m1"\n  }\n ]\n}\n';
  writeFileSync(join(dir, 'cluster.json'), members);
  const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  t.teardown(() => bystander.kill('SIGKILL'));
  await once(bystander, 'spawn');
  writeFileSync(join(dir, 'run/m1.pid'), `${bystander.pid} 1\n`);
  t.match(await script('kill.sh', '1', '--dir', dir), { code: 1, err: /not running/ });
  t.match(await script('stop.sh', '--dir', dir), { code: 1, err: /no member is running/ });
  t.equal(bystander.exitCode, null);
  t.equal(bystander.signalCode, null);
});
