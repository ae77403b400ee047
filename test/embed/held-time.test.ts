/** Members in a test that holds the time of its own program. */

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';

const root = new URL('../..', import.meta.url);

const program = `
  import { mock } from 'node:test';
  import { startControlPlane } from './src/kube/control-plane.ts';
  import { connect } from './src/client/index.ts';
  import { startCluster, startMember } from './src/index.ts';

  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'], now: 0 });
  mock.method(performance, 'now', () => 0);

  const member = await startMember({ dataDir: process.argv[1], listenClientUrls: ['http://127.0.0.1:0'] });
  const client = connect(member.clientUrls);
  const watch = client.watch('a');
  await watch.created;
  await client.put('a', '1');
  for await (const { pair } of watch) {
    console.log(pair.text);
    break;
  }
  const lease = await client.lease(1, { keepAlive: false });
  await client.put('b', '1', { lease });
  for await (const { type } of client.watch('b', { startRevision: 3 })) if (type === 'delete') break;
  console.log('the lease is over');
  await client.close();
  await member.close();
  const cluster = await startCluster({ members: 3 });
  await cluster.members[0].client.put('c', '1');
  await cluster.close();
  const api = await startControlPlane();
  await api.close();
  console.log('closed', Date.now());
`;

t.test('where timers and clock are held for a test, members and clients go on', async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'keelson-held-'));
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }));
  const args = [
    '--no-warnings',
    '--import=tsx',
    '--input-type=module',
    '--eval',
    program,
    join(dataDir, 'data'),
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 60_000 });
  t.same(stdout.trim().split('\n'), ['1', 'the lease is over', 'closed 0']);
});
