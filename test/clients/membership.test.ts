import { join } from 'node:path';
import t from 'tap';
import { endChild, Workplace } from '../../bench/children.ts';
import { freePorts } from '../../bench/ports.ts';
import { startMember } from '../../src/index.ts';
import { missingPrograms, run } from './harness.ts';

const projectRoot = join(import.meta.dirname, '../..');
const skip = missingPrograms('etcdctl');

t.test(
  'etcdctl adds a member, which is started and promoted; it updates and removes',
  { skip },
  async (t) => {
    const workplace = new Workplace();
    t.teardown(() => workplace.close());
    const [firstPeer, secondPeer, secondClient] = await freePorts(3);
    const first = await startMember({
      name: 'm1',
      memory: true,
      heartbeatMs: 50,
      electionMs: 500,
      initialCluster: { m1: [`http://127.0.0.1:${firstPeer}`] },
      listenPeerUrls: [`http://127.0.0.1:${firstPeer}`],
      listenClientUrls: ['http://127.0.0.1:0'],
    });
    t.teardown(() => first.close());
    const env = { ETCDCTL_API: '3' };
    const ctl = async (
      endpoint: string,
      line: string,
    ): Promise<{ code: unknown; out: string; err: string }> =>
      run(workplace, ['etcdctl', `--endpoints=${endpoint}`, ...line.split(' ')], { env });
    const eventually = async (endpoint: string, line: string, pattern: RegExp): Promise<string> => {
      for (let last = '', end = Date.now() + 60_000; ; ) {
        const { out, err } = await ctl(endpoint, line);
        if (pattern.test(out)) return out;
        last = out + err;
        if (Date.now() > end) throw new Error(`etcdctl ${line}: not ${pattern}, but ${last}`);
      }
    };
    const one = first.clientUrls[0]!.slice('http://'.length);
    const two = `127.0.0.1:${secondClient}`;
    await eventually(one, 'member list', /, started, m1, /);

    const added = await ctl(one, `member add m2 --peer-urls=http://127.0.0.1:${secondPeer} --learner`);
    const id = /^Member +([0-9a-f]+) added to cluster/.exec(added.out)?.[1];
    const told = /ETCD_INITIAL_CLUSTER="(.*)"/.exec(added.out)?.[1];
    t.equal(added.code, 0, added.err);
    t.match(added.out, 'ETCD_INITIAL_CLUSTER_STATE="existing"');
    const unstarted = await ctl(one, 'member list');
    t.match(unstarted.out, `${id}, unstarted, , http://127.0.0.1:${secondPeer}, , true`);

    const flags = [
      '--name=m2',
      `--data-dir=${join(workplace.folder, 'm2')}`,
      `--initial-cluster=${told}`,
      '--initial-cluster-state=existing',
      `--listen-peer-urls=http://127.0.0.1:${secondPeer}`,
      `--initial-advertise-peer-urls=http://127.0.0.1:${secondPeer}`,
      `--listen-client-urls=http://${two}`,
      `--advertise-client-urls=http://${two}`,
      '--heartbeat-interval=50',
      '--election-timeout=500',
    ];
    const server = ['--import', import.meta.resolve('tsx'), join(projectRoot, 'src/cli/main.ts'), 'server'];
    const child = workplace.spawn(process.execPath, [...server, ...flags], 'm2.log');
    await eventually(one, 'member list', /, started, m2, /);
    await eventually(one, `member promote ${id}`, /promoted in cluster/);
    t.match(
      (await ctl(two, 'member list')).out,
      `${id}, started, m2, http://127.0.0.1:${secondPeer}, http://${two}, false`,
    );
    t.match((await ctl(two, 'put a 1')).out, 'OK');
    t.match((await ctl(one, 'get a')).out, 'a\n1\n');

    const updated = await ctl(one, `member update ${id} --peer-urls=http://localhost:${secondPeer}`);
    t.match(updated.out, /^Member +[0-9a-f]+ updated in cluster/);
    t.match((await ctl(one, 'member list')).out, `http://localhost:${secondPeer}`);
    const removed = await ctl(one, `member remove ${id}`);
    t.match(removed.out, /^Member +[0-9a-f]+ removed from cluster/);
    t.equal((await ctl(one, 'member list')).out.trim().split('\n').length, 1);
    t.match((await ctl(one, 'get a')).out, 'a\n1\n', 'the one that is left goes on alone');
    const again = await ctl(one, `member remove ${id}`);
    t.match(again.err, 'etcdserver: member not found');
    await endChild(child, 'SIGTERM');
  },
);
