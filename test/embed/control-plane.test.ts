/** The Kubernetes API as a part of somebody's program. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { startMember } from '../../src/index.ts';
import { memberStore, startControlPlane } from '../../src/kube/control-plane.ts';

const root = new URL('../..', import.meta.url);

t.test('one that cannot start leaves nothing open, and a program that gives up ends by itself', async (t) => {
  const program = `
    import { startControlPlane } from './src/kube/control-plane.ts';
    const first = await startControlPlane();
    const refused = (options) => startControlPlane(options).catch((error) => console.log(error.code.replace(/OSSL_.*/, 'OSSL')));
    await refused({ port: first.port });
    // By then the first port of the two is open.
    await refused({ insecurePort: first.port });
    await refused({ tls: { cert: '', key: 'none', clientAuthorities: '' } });
    await Promise.all([first.close(), first.close()]);
    console.log(process.getActiveResourcesInfo().filter((name) => /TCP|Timeout|Worker/.test(name)).join());
  `;
  const args = ['--no-warnings', '--import=tsx', '--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 60_000 });
  t.same(stdout.split('\n'), ['EADDRINUSE', 'EADDRINUSE', 'ERR_OSSL', '', '']);
});

t.test('on a member of the same process its objects outlive both', async (t) => {
  const dataDir = join(t.testdir(), 'data');
  const path = '/api/v1/namespaces/default/configmaps';
  {
    await using member = await startMember({ dataDir });
    await using api = await startControlPlane({ store: memberStore(member.served), compactionIntervalMs: 0 });
    const body = JSON.stringify({ metadata: { name: 'paint' }, data: { hull: 'red' } });
    const headers = { 'content-type': 'application/json' };
    const made = await fetch(api.url + path, { method: 'POST', headers, body });
    t.equal(made.status, 201);
    t.ok((await member.client.count({ prefix: '/registry/configmaps/' })) > 0, 'they are keys of the member');
  }
  await using member = await startMember({ dataDir });
  await using api = await startControlPlane({ store: memberStore(member.served), compactionIntervalMs: 0 });
  const read = await fetch(`${api.url}${path}/paint`);
  t.match(await read.json(), { data: { hull: 'red' } });
});
