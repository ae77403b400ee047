import t from 'tap';
import { parseInitialCluster, parseServerOptions, serverFlagHelp } from '../../src/cli/server-options.ts';

t.test('without flags the options are those of etcd', async (t) => {
  const { options, problems } = parseServerOptions([], {});
  t.same(problems, []);
  t.same(options, {
    name: 'default',
    dataDir: 'default.etcd',
    listenClientUrls: ['http://localhost:2379'],
    advertiseClientUrls: ['http://localhost:2379'],
    listenPeerUrls: ['http://localhost:2380'],
    initialAdvertisePeerUrls: ['http://localhost:2380'],
    initialCluster: { default: ['http://localhost:2380'] },
    initialClusterToken: 'etcd-cluster',
    initialClusterState: 'new',
    heartbeatInterval: 100,
    electionTimeout: 1000,
    maxRequestBytes: 1_572_864,
    maxTxnOps: 128,
    logLevel: 'info',
    logFormat: 'auto',
  });
});

t.test('data directory and cluster follow the name', async (t) => {
  const { options, problems } = parseServerOptions(['--name', 'm1'], {});
  t.same(problems, []);
  t.equal(options.dataDir, 'm1.etcd');
  t.same(options.initialCluster, { m1: ['http://localhost:2380'] });
});

t.test('a variable of etcd does the same as its flag', async (t) => {
  const env = { ETCD_NAME: 'm2', ETCD_DATA_DIR: 'd', ETCD_LOG_LEVEL: 'debug', ETCDCTL_API: '3' };
  const { options, problems, warnings } = parseServerOptions([], env);
  t.same(problems, []);
  t.same(warnings, []);
  t.match(options, { name: 'm2', dataDir: 'd', logLevel: 'debug' });
});

t.test('rules between options are checked together', async (t) => {
  const argv = [
    '--listen-client-urls=http://127.0.0.1:1',
    '--heartbeat-interval=300',
    '--name=m1',
    '--initial-cluster=m2=http://127.0.0.1:2',
  ];
  t.same(parseServerOptions(argv, {}).problems, [
    '--advertise-client-urls is required when --listen-client-urls is set',
    '--election-timeout (1000 ms) must be at least 5 times --heartbeat-interval (300 ms)',
    '--initial-cluster does not name this member: there is no "m1=URL" in it',
  ]);
});

t.test('the cluster must list this member as it announces itself', async (t) => {
  const { problems } = parseServerOptions(
    ['--initial-cluster=default=http://127.0.0.1:7', '--initial-advertise-peer-urls=http://127.0.0.1:8'],
    {},
  );
  t.same(problems, [
    '--initial-cluster has default=http://127.0.0.1:7, but --initial-advertise-peer-urls is http://127.0.0.1:8',
  ]);
});

t.test('an initial cluster may give a member several URLs, but a URL only once', async (t) => {
  t.same(parseInitialCluster('a=http://h:1,b=http://h:2,a=http://h:3/'), {
    a: ['http://h:1', 'http://h:3'],
    b: ['http://h:2'],
  });
  t.throws(() => parseInitialCluster('a=http://h:1,b=http://h:1/'), /twice/);
  t.throws(() => parseInitialCluster('a'), /NAME=URL/);
  t.throws(() => parseInitialCluster('a=http://h'), /port/);
});

t.test('the help lists every flag', async (t) => {
  t.equal(serverFlagHelp().match(/^ {2}--/gm)!.length, 15);
});
