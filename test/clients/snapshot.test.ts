/** The state travels both ways between etcd and Keelson, through files that each side's own tools check. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Workplace } from '../../bench/children.ts';
import { missingPrograms, run, type Servers, startServers } from './harness.ts';

const skip = missingPrograms('etcd', 'etcdctl');
const server = ['--import=tsx', join(import.meta.dirname, '../../src/cli/main.ts')];

async function ctl(workplace: Workplace, servers: Servers, ...args: string[]): Promise<string> {
  const ran = await run(workplace, ['etcdctl', `--endpoints=${servers.endpoints[0]}`, ...args]);
  if (ran.code !== 0) throw new Error(`etcdctl ${args.join(' ')}: ${ran.err}`);
  return ran.out;
}

/** Keys, a deletion, a history, a lease, a user: something in every part of the state. */
async function fill(workplace: Workplace, servers: Servers): Promise<void> {
  const ask = (...args: string[]): Promise<string> => ctl(workplace, servers, ...args);
  for (let i = 0; i < 5; i++) await ask('put', `key ${i}`, 'x'.repeat(i * 3000));
  await ask('del', 'key 3');
  await ask('put', 'key 4', 'again');
  const lease = /lease (\w+)/.exec(await ask('lease', 'grant', '5000'))![1]!;
  await ask('put', `--lease=${lease}`, 'leased', 'value');
  await ask('compaction', '4');
  await ask('user', 'add', 'root', '--new-user-password=secret');
}

async function contentOf(workplace: Workplace, servers: Servers): Promise<string[]> {
  const ask = (...args: string[]): Promise<string> => ctl(workplace, servers, ...args);
  return [
    await ask('get', '', '--prefix'),
    await ask('get', 'key 4', '--rev=6'),
    await ask('lease', 'list'),
    await ask('user', 'list'),
  ];
}

t.test('etcd restores what Keelson saves, and Keelson what etcd saves', { skip }, async (t) => {
  for (const from of ['keelson', 'etcd'] as const) {
    const workplace = new Workplace();
    t.teardown(() => workplace.closeNow());
    const servers = await startServers(from, 1, workplace);
    await fill(workplace, servers);
    const content = await contentOf(workplace, servers);
    const file = join(workplace.folder, 'saved.db');
    await ctl(workplace, servers, 'snapshot', 'save', file);
    await servers.stop();
    const status = await run(workplace, ['etcdctl', 'snapshot', 'status', file]);
    t.equal(status.code, 0, `etcdctl finds the file of ${from} whole: ${status.err}`);
    t.match(status.out, /, 9, /, 'and its revision');
    const to = from === 'etcd' ? 'keelson' : 'etcd';
    const restored = await startServers(to, 1, workplace, async ({ name, peerUrl, dataDir }) => {
      const flags = [
        file,
        `--name=${name}`,
        `--data-dir=${dataDir}`,
        `--initial-advertise-peer-urls=${peerUrl}`,
      ];
      flags.push(`--initial-cluster=${name}=${peerUrl}`);
      const command =
        to === 'etcd' ? ['etcdctl', 'snapshot', 'restore'] : [process.execPath, ...server, 'restore'];
      const ran = await run(workplace, [...command, ...flags]);
      t.equal(ran.code, 0, ran.err);
      t.ok(existsSync(dataDir));
    });
    t.same(await contentOf(workplace, restored), content, `${to} holds what ${from} held`);
    await ctl(workplace, restored, 'put', 'more', 'value');
  }
});
