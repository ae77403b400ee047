import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { script, writeAssets } from '../../src/cli/assets.ts';
import { socketFolder } from '../socket-folder.ts';

const main = join(import.meta.dirname, '../../src/cli/main.ts');
const startWithinMs = 240_000;

t.test('a script starts the program from wherever it is called, whatever its path has in it', async (t) => {
  t.equal(
    script('/usr/bin/node', ['--flag'], "/it's here/main.js", 'etcd'),
    `#!/bin/sh\nexport MALLOC_ARENA_MAX="\${MALLOC_ARENA_MAX:-2}"\nexport MALLOC_MMAP_THRESHOLD_="\${MALLOC_MMAP_THRESHOLD_:-262144}"\nexec '/usr/bin/node' '--flag' '/it'\\''s here/main.js' 'etcd' "$@"\n`,
  );
});

/** Ends a process that a test leaves behind. */
function endLater(child: ChildProcess): void {
  t.teardown(() => child.exitCode === null && child.signalCode === null && child.kill('SIGKILL'));
}

t.test('what it makes can be started as etcd is', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'k-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const assets = join(dir, 'assets');
  const options = ['--import', import.meta.resolve('tsx')];
  writeAssets(assets, process.execPath, options, main);
  writeAssets(assets, process.execPath, options, main);
  for (const name of ['etcd', 'etcdctl', 'etcdutl']) {
    t.equal(statSync(join(assets, name)).mode & 0o777, 0o755, name);
  }
  const etcd = join(assets, 'etcd');

  await t.test('it says its version in the words of etcd', async (t) => {
    const lines = execFileSync(etcd, ['--version'], { cwd: '/', encoding: 'utf8' }).trim().split('\n');
    t.match(lines[0], /^etcd Version: \d+\.\d+\.\d+$/);
    t.match(lines.slice(1), [/^Git SHA: /, /^Go Version: /, /^Go OS\/Arch: \w+\/\w+$/]);
  });

  await t.test('it refuses flags it does not know with exit code 2', async (t) => {
    const code = await new Promise((resolve) => {
      execFile(etcd, ['--no-such-flag'], (error) => resolve(error?.code));
    });
    t.equal(code, 2);
  });

  await t.test(
    'it serves a socket after the words that harnesses wait for, and ends by SIGTERM',
    async (t) => {
      const socketPath = join(socketFolder(t), 'etcd.sock');
      // The command line of Kubernetes' integration tests.
      const flags = [
        ...['--data-dir', join(dir, 'data'), '--listen-client-urls', `unix://${socketPath}`],
        ...['--advertise-client-urls', 'http://127.0.0.111:0', '--listen-peer-urls', 'http://127.0.0.1:0'],
        ...['-log-level', 'info', '--quota-backend-bytes', '8589934592'],
      ];
      const child = spawn(etcd, flags, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
      endLater(child);
      const lines: { level: string; ts: string; caller: string; msg: string }[] = [];
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('not ready in time')), startWithinMs);
        let rest = '';
        child.stderr!.setEncoding('utf8').on('data', (part: string) => {
          const parts = (rest + part).split('\n');
          rest = parts.pop()!;
          for (const line of parts) lines.push(JSON.parse(line));
          if (!lines.some(({ msg }) => msg === 'ready to serve client requests')) return;
          clearTimeout(timer);
          resolve();
        });
        child.once('exit', (code) => {
          clearTimeout(timer);
          reject(new Error(`ended with ${code}: ${JSON.stringify(lines)}`));
        });
      });
      for (const line of lines) {
        t.match(
          line,
          { level: /^(info|warn)$/, ts: /^\d{4}-\d\d-\d\dT.*Z$/, caller: /^[^/]+\/[^/]+:\d+$/ },
          line.msg,
        );
      }
      const health = await new Promise((resolve, reject) => {
        get({ socketPath, path: '/health', agent: false }, (response) => {
          response.resume();
          resolve(response.statusCode);
        }).on('error', reject);
      });
      t.equal(health, 200);

      const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve([code, signal])));
      child.kill('SIGTERM');
      t.same(await exited, [null, 'SIGTERM'], 'as etcd: by the signal, after it has closed');
    },
  );
});
