import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ClusterFolder } from '../../src/cli/cluster-folder.ts';
import { endpoints, localCluster, serverArguments } from '../../src/cli/cluster-layout.ts';
import { formatRecord, parseRecord, recordOf, signalProcess, stateOf } from '../../src/cli/processes.ts';
import { parseServerOptions } from '../../src/cli/server-options.ts';

t.test('the usual ports are those of a local etcd cluster', async (t) => {
  const ports = localCluster(5, 0).members.map((member) => [member.clientPort, member.peerPort]);
  t.same(ports, [
    [2379, 2380],
    [22379, 22380],
    [32379, 32380],
    [42379, 42380],
    [52379, 52380],
  ]);
  t.same(
    localCluster(3, 0).members.map((member) => member.apiPort),
    [6443, 16443, 26443],
  );
  t.equal(endpoints(localCluster(2, 4000)), '127.0.0.1:4000,127.0.0.1:4002');
});

t.test('the flags of a member are accepted by the server command', async (t) => {
  const cluster = localCluster(3, 5000);
  const { options, problems } = parseServerOptions(
    serverArguments(cluster, cluster.members[1]!, 'd', 'k'),
    {},
  );
  t.same(problems, []);
  t.match(options, { name: 'm2', dataDir: 'd', listenPeerUrls: ['http://127.0.0.1:5003'] });
  t.same(Object.keys(options.initialCluster), ['m1', 'm2', 'm3']);
});

t.test('a process is known by id and start time: another with the same id is not it', async (t) => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await once(child, 'spawn');
  const record = recordOf(child.pid!)!;
  t.same(parseRecord(formatRecord(record)), record);
  t.equal(stateOf(record), 'running');
  const stranger = { pid: record.pid, startTime: '12' };
  t.equal(stateOf(stranger), 'gone');
  signalProcess(stranger, 'SIGKILL');
  t.equal(stateOf(record), 'running', 'a stranger is not signalled');
  signalProcess(record, 'SIGSTOP');
  while (stateOf(record) !== 'paused') await new Promise((resolve) => setTimeout(resolve, 5));
  signalProcess(record, 'SIGKILL');
  await once(child, 'exit');
  t.equal(stateOf(record), 'gone');
  t.equal(parseRecord('12'), null);
  t.equal(parseRecord('x y\n'), null);
});

t.test('a folder remembers its cluster and is wiped of nothing but it', async (t) => {
  const dir = join(t.testdir({}), 'c');
  const folder = new ClusterFolder(dir);
  t.equal(folder.read(), null);
  const cluster = localCluster(3, 5000);
  folder.create(cluster);
  t.same(folder.read(), cluster);
  writeFileSync(join(dir, 'mine.txt'), 'x');
  folder.wipe();
  t.equal(folder.read(), null);
  t.ok(existsSync(join(dir, 'mine.txt')));
  t.notOk(existsSync(join(dir, 'data')));
});

t.test('a folder with other things in it is not taken over', async (t) => {
  const dir = join(t.testdir({}), 'd');
  mkdirSync(dir);
  writeFileSync(join(dir, 'mine.txt'), 'x');
  t.throws(() => new ClusterFolder(dir).create(localCluster(1, 0)), /not a cluster's/);
  writeFileSync(join(dir, 'cluster.json'), '{}');
  t.throws(() => new ClusterFolder(dir).read(), /not the description/);
});

t.test(
  'a folder that holds something else is left alone; certificates of the API may be there first',
  async (t) => {
    const dir = t.testdir({ certificates: { kube: { 'ca.crt': '' } }, mine: { 'notes.txt': '' } });
    new ClusterFolder(join(dir, 'certificates')).create(localCluster(1, 0));
    t.equal(new ClusterFolder(join(dir, 'certificates')).read()?.members.length, 1);
    const mine = new ClusterFolder(join(dir, 'mine'));
    t.throws(() => mine.create(localCluster(1, 0)), /holds files that are not a cluster's/);
  },
);
