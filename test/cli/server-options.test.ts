import t from 'tap';
import { readConfig } from '../../src/cli/config-file.ts';
import {
  compactionRetention,
  type ParsedServer,
  parseInitialCluster,
  parseServerOptions,
  serverFlagHelp,
} from '../../src/cli/server-options.ts';

function fromFile(text: string, argv: string[] = [], env: Record<string, string> = {}): ParsedServer {
  return parseServerOptions(['--config-file', 'etcd.yaml', ...argv], env, (path) => {
    t.equal(path, 'etcd.yaml');
    return readConfig(text);
  });
}

t.test('without flags the options are those of etcd', async (t) => {
  const { options, problems, warnings } = parseServerOptions([], {});
  t.same(problems, []);
  t.same(warnings, []);
  t.match(options, {
    name: 'default',
    dataDir: 'default.etcd',
    walDir: '',
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
    quotaBackendBytes: 0,
    maxLearners: 1,
    strictReconfigCheck: true,
    autoCompactionMode: 'periodic',
    autoCompactionRetention: '0',
    authToken: 'simple',
    authTokenTtl: 300,
    bcryptCost: 10,
    tlsMinVersion: 'TLS1.2',
    watchProgressNotifyInterval: 600_000,
    cors: ['*'],
    hostWhitelist: ['*'],
    logLevel: 'info',
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
    '--auto-compaction-mode=revision',
    '--auto-compaction-retention=5m',
    '--cert-file=c.pem',
    '--listen-peer-urls=https://127.0.0.1:3',
    '--tls-min-version=TLS1.3',
    '--cipher-suites=TLS_RSA_WITH_AES_128_CBC_SHA',
  ];
  t.same(parseServerOptions(argv, {}).problems, [
    '--advertise-client-urls is required when --listen-client-urls is set',
    '--election-timeout (1000 ms) must be at least 5 times --heartbeat-interval (300 ms)',
    '--auto-compaction-retention: must be a number of revisions, not "5m"',
    '--cert-file and --key-file go together',
    'a peer URL with TLS needs --peer-cert-file and --peer-key-file, or --peer-auto-tls',
    '--cipher-suites cannot be chosen with TLS 1.3',
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

t.test('retention counts hours, durations or revisions', async (t) => {
  const retention = (mode: string, length: string): number =>
    compactionRetention(
      parseServerOptions([`--auto-compaction-mode=${mode}`, `--auto-compaction-retention=${length}`], {})
        .options,
    );
  t.equal(retention('periodic', '2'), 7_200_000);
  t.equal(retention('periodic', '1h30m'), 5_400_000);
  t.equal(retention('periodic', '0'), 0);
  t.equal(retention('revision', '1000'), 1000);
});

t.test('a file takes the place of flags and variables, and says which are ignored', async (t) => {
  const { options, problems, warnings } = fromFile(
    [
      'name: m7',
      'data-dir: /data',
      'wal-dir:',
      'snapshot-count: 10000',
      'heartbeat-interval: 50',
      'quota-backend-bytes: 0',
      'listen-client-urls: http://127.0.0.1:1,http://127.0.0.1:2',
      'advertise-client-urls: http://127.0.0.1:1',
      'strict-reconfig-check: false',
      "auto-compaction-retention: '1'",
      'watch-progress-notify-interval: 5000000000',
      'grpc-keepalive-min-time: 10s',
      'log-outputs: [stderr, stdout]',
      'client-transport-security:',
      '  cert-file: c.pem',
      '  key-file: c.key',
      '  client-cert-auth: true',
      '  allowed-hostname: [a, b]',
      'peer-transport-security:',
      '  cert-file: p.pem',
      '  key-file: p.key',
      '  trusted-ca-file: ca.pem',
      '  allowed-cn: [m1]',
      '  skip-client-san-verification: true',
      'socket-options: {reuse-port: false}',
      'no-such-option: 1',
    ].join('\n'),
    ['--name', 'flag'],
    { ETCD_LOG_LEVEL: 'debug' },
  );
  t.same(problems, []);
  t.match(options, {
    name: 'm7',
    dataDir: '/data',
    heartbeatInterval: 50,
    listenClientUrls: ['http://127.0.0.1:1', 'http://127.0.0.1:2'],
    strictReconfigCheck: false,
    watchProgressNotifyInterval: 5000,
    grpcKeepaliveMinTime: 10_000,
    logOutputs: ['stderr', 'stdout'],
    logLevel: 'info',
    certFile: 'c.pem',
    clientCertAuth: true,
    clientCertAllowedHostname: ['a', 'b'],
    peerCertFile: 'p.pem',
    peerTrustedCaFile: 'ca.pem',
    peerCertAllowedCn: ['m1'],
    peerSkipClientSanVerification: true,
  });
  t.ok(warnings.includes('etcd.yaml: no-such-option means nothing to this command'));
  t.ok(warnings.some((line) => /stands alone: --name, --log-level ignored/.test(line)));
});

t.test('a file that is none is refused, and so are its mistakes, all at once', async (t) => {
  t.match(fromFile('a: b: c').problems, { length: 1, 0: /^--config-file: etcd\.yaml: / });
  t.same(fromFile('- a').problems, ['--config-file: etcd.yaml: the file must hold names and values']);
  t.same(fromFile('max-txn-ops: x\nname: m1\npre-vote: maybe\nlog-level: loud').problems, [
    'etcd.yaml: max-txn-ops: must be a whole number, not "x"',
    'etcd.yaml: pre-vote: must be true or false, not "maybe"',
    'etcd.yaml: log-level: must be one of debug, info, warn, error, dpanic, panic, fatal, not "loud"',
  ]);
  t.equal(fromFile('max-txn-ops: x').isUnreadable, false, 'the command line could be read');
  t.same(fromFile('').problems, []);
});

t.test('what does nothing is said, unless it asks for what is so', async (t) => {
  const argv = [
    '--unsafe-no-fsync',
    '--snapshot-count=10000',
    '--pre-vote=true',
    '--enable-v2=false',
    '--proxy=off',
  ];
  const { problems, warnings } = parseServerOptions(argv, {});
  t.same(problems, []);
  t.same(warnings, ['--unsafe-no-fsync has no effect: every write is synced']);
});

t.test('what is unwise is said, and what cannot be is refused', async (t) => {
  const unwise = parseServerOptions(['--max-request-bytes=20000000', '--quota-backend-bytes=9000000000'], {});
  t.same(unwise.problems, []);
  t.match(unwise.warnings, { length: 2, 0: /10 MiB/, 1: /8 GiB/ });
  t.same(parseServerOptions(['--max-request-bytes=256'], {}).problems, [], 'small is fine, as in etcd');
  t.same(parseServerOptions(['--cipher-suites=TLS_NO_SUCH'], {}).problems, [
    '--cipher-suites: there is no cipher suite TLS_NO_SUCH',
  ]);
});

t.test('what must not be ignored is refused', async (t) => {
  const argv = ['--discovery=http://d', '--enable-v2', '--proxy=on'];
  t.match(parseServerOptions(argv, {}).problems, {
    length: 3,
    0: /^--discovery: .*--initial-cluster/,
    1: /^--enable-v2: /,
    2: /^--proxy: /,
  });
});

// ELECTION_MS_MAX of cli/server-flags
t.test('what cannot be read is told from what cannot be, as by the exit codes of etcd', async (t) => {
  const flags = '--listen-client-urls=http://127.0.0.1:1 --advertise-client-urls=http://127.0.0.1:1';
  const unreadable = [
    '--nonsense',
    '--name',
    '--heartbeat-interval=x',
    '--heartbeat-interval=-1',
    '--listen-client-urls=nonsense',
    '--listen-client-urls=http://localhost',
    '--listen-metrics-urls=ftp://127.0.0.1:1',
    '--initial-cluster-state=what',
    '--grpc-keepalive-min-time=5',
    '--log-level=what',
    '--strict-reconfig-check=what',
    // These have no effect, and are read nevertheless.
    '--enable-pprof=what',
    '--snapshot-count=-1',
    '--max-wals=x',
    '--socket-reuse-port=x',
    '--v2-deprecation=what',
    '--discovery-fallback=what',
    '--raft-read-timeout=5',
  ];
  const unfit = [
    'positional',
    '--heartbeat-interval=0',
    '--heartbeat-interval=500',
    '--election-timeout=50001',
    '--auto-compaction-mode=what',
    '--auto-compaction-retention=what',
    '--logger=what',
    '--tls-min-version=TLS1.9',
    '--cipher-suites=what',
    '--listen-peer-urls=http://example.com:2380',
    '--listen-metrics-urls=http://example.com:2380',
    '--log-outputs=stderr,default',
    '--compact-hash-check-enabled --compact-hash-check-time=0s',
    '--discovery=http://127.0.0.1:1/x',
    '--enable-v2',
  ];
  for (const [texts, expected] of [
    [unreadable, true],
    [unfit, false],
  ] as const) {
    for (const text of texts) {
      const more = text.startsWith('--listen-client-urls') ? [] : flags.split(' ');
      const { problems, isUnreadable } = parseServerOptions([...more, ...text.split(' ')], {});
      t.ok(problems.length > 0, text);
      t.equal(isUnreadable, expected, text);
    }
  }
  t.equal(parseServerOptions(flags.split(' '), {}).isUnreadable, false);
});

// BCRYPT_COST_MAX of cli/server-options
t.test('values that etcd takes for others are taken for these', async (t) => {
  const { options, problems, warnings } = parseServerOptions(
    ['--max-concurrent-streams=0', '--auth-token-ttl=0', '--bcrypt-cost=32', '--log-level='],
    {},
  );
  t.same(problems, []);
  t.match(options, {
    maxConcurrentStreams: 2 ** 32 - 1,
    authTokenTtl: 300,
    bcryptCost: 10,
    logLevel: 'info',
  });
  t.same(warnings, ['--bcrypt-cost 32 is not from 4 to 31: taken for 10']);
  for (const cost of [4, 31])
    t.equal(parseServerOptions([`--bcrypt-cost=${cost}`], {}).options.bcryptCost, cost);
  t.equal(parseServerOptions(['--bcrypt-cost=3'], {}).options.bcryptCost, 10);
  t.equal(parseServerOptions(['--log-level', 'WARN'], {}).options.logLevel, 'warn');
});

t.test('a URL to listen at has an address, or localhost', async (t) => {
  const problemsOf = (urls: string): readonly string[] =>
    parseServerOptions([`--listen-peer-urls=${urls}`], {}).problems;
  t.same(problemsOf('http://127.0.0.1:1,http://[::1]:1,http://localhost:1,unix://a:1'), []);
  t.same(problemsOf('http://example.com:1'), [
    '--listen-peer-urls: expected IP in URL for binding (http://example.com:1)',
  ]);
});

t.test(
  'PORT_MAX of cli/server-flags, STREAMS_MAX of cli/server-flags: the last number and the first beyond',
  async (t) => {
    const problemsOf = (flag: string): number => parseServerOptions([flag], {}).problems.length;
    t.equal(problemsOf('--apiserver-port=65535'), 0);
    t.equal(problemsOf('--apiserver-port=65536'), 1);
    t.equal(problemsOf('--max-concurrent-streams=4294967295'), 0);
    t.equal(problemsOf('--max-concurrent-streams=4294967296'), 1);
    t.equal(problemsOf('--election-timeout=50000'), 0);
    t.equal(problemsOf('--election-timeout=50001'), 1);
  },
);

t.test('older names of a flag do the same, and both together are refused', async (t) => {
  const old = parseServerOptions(['--experimental-watch-progress-notify-interval=5s'], {});
  t.equal(old.options.watchProgressNotifyInterval, 5000);
  t.equal(parseServerOptions([], { ETCD_EXPERIMENTAL_MAX_LEARNERS: '2' }).options.maxLearners, 2);
  t.same(parseServerOptions(['--max-learners=1', '--experimental-max-learners=2'], {}).problems, [
    '--max-learners and --experimental-max-learners are the same option: remove one of them',
  ]);
});

t.test('the command lines that other programs start etcd with are understood', async (t) => {
  const lines = [
    '--listen-peer-urls=http://127.0.0.1:0 --data-dir=/d --advertise-client-urls=http://127.0.0.1:1 ' +
      '--listen-client-urls=http://127.0.0.1:1 --unsafe-no-fsync=true',
    '--data-dir /d --listen-client-urls unix:///d/etcd.sock --advertise-client-urls http://127.0.0.111:0 ' +
      '--listen-peer-urls http://127.0.0.1:0 -log-level warn --quota-backend-bytes 8589934592',
    // kubeadm
    '--advertise-client-urls=https://10.0.0.1:2379 --cert-file=/p/server.crt --client-cert-auth=true --data-dir=/d ' +
      '--feature-gates=InitialCorruptCheck=true --initial-advertise-peer-urls=https://10.0.0.1:2380 ' +
      '--initial-cluster=n1=https://10.0.0.1:2380 --key-file=/p/server.key ' +
      '--listen-client-urls=https://127.0.0.1:2379,https://10.0.0.1:2379 --listen-metrics-urls=http://127.0.0.1:2381 ' +
      '--listen-peer-urls=https://10.0.0.1:2380 --name=n1 --peer-cert-file=/p/peer.crt --peer-client-cert-auth=true ' +
      '--peer-key-file=/p/peer.key --peer-trusted-ca-file=/p/ca.crt --snapshot-count=10000 ' +
      '--trusted-ca-file=/p/ca.crt --watch-progress-notify-interval=5s',
    // kubeadm with etcd 3.5
    '--experimental-initial-corrupt-check=true --experimental-watch-progress-notify-interval=5s',
  ];
  for (const [index, line] of lines.entries()) {
    const { problems } = parseServerOptions(line.split(' '), {});
    t.same(problems, [], `line ${index + 1}`);
  }
  // `etcd --help` is searched for this by Go's test environment.
  t.match(serverFlagHelp(), /^\s*--unsafe-no-fsync\b/m);
});

/** As `etcd --help` of 3.4, 3.5 and 3.6 lists them, and those that came later. */
const flagsOfEtcd =
  'name data-dir wal-dir snapshot-count heartbeat-interval election-timeout initial-election-tick-advance ' +
  'listen-peer-urls listen-client-urls listen-client-http-urls max-snapshots max-wals quota-backend-bytes ' +
  'backend-bbolt-freelist-type backend-batch-interval backend-batch-limit max-txn-ops max-request-bytes ' +
  'max-concurrent-streams enable-grpc-gateway grpc-keepalive-min-time grpc-keepalive-interval ' +
  'grpc-keepalive-timeout socket-reuse-port socket-reuse-address raft-read-timeout raft-write-timeout ' +
  'initial-advertise-peer-urls initial-cluster initial-cluster-state initial-cluster-token advertise-client-urls ' +
  'discovery discovery-fallback discovery-proxy discovery-srv discovery-srv-name discovery-token ' +
  'discovery-endpoints discovery-dial-timeout discovery-request-timeout discovery-keepalive-time ' +
  'discovery-keepalive-timeout discovery-insecure-transport discovery-insecure-skip-tls-verify discovery-cert ' +
  'discovery-key discovery-cacert discovery-user discovery-password strict-reconfig-check pre-vote ' +
  'auto-compaction-retention auto-compaction-mode enable-v2 v2-deprecation cert-file key-file client-cert-auth ' +
  'client-cert-file client-key-file client-crl-file client-cert-allowed-hostname trusted-ca-file auto-tls ' +
  'peer-cert-file peer-key-file peer-client-cert-auth peer-trusted-ca-file peer-cert-allowed-cn ' +
  'peer-cert-allowed-hostname peer-auto-tls peer-client-cert-file peer-client-key-file self-signed-cert-validity ' +
  'peer-crl-file cipher-suites cors host-whitelist tls-min-version tls-max-version auth-token bcrypt-cost ' +
  'auth-token-ttl enable-pprof metrics listen-metrics-urls logger log-outputs log-level log-format ' +
  'enable-log-rotation log-rotation-config-json debug log-package-levels proxy proxy-failure-wait ' +
  'proxy-refresh-interval proxy-dial-timeout proxy-write-timeout proxy-read-timeout max-learners ' +
  'snapshot-catchup-entries compaction-batch-limit compaction-sleep-interval watch-progress-notify-interval ' +
  'warning-apply-duration warning-unary-request-duration corrupt-check-time compact-hash-check-time ' +
  'downgrade-check-time bootstrap-defrag-threshold-megabytes memory-mlock feature-gates ' +
  'peer-skip-client-san-verification enable-distributed-tracing distributed-tracing-address ' +
  'distributed-tracing-service-name distributed-tracing-instance-id distributed-tracing-sampling-rate ' +
  'experimental-enable-distributed-tracing experimental-distributed-tracing-address ' +
  'experimental-distributed-tracing-service-name experimental-distributed-tracing-instance-id ' +
  'experimental-distributed-tracing-sampling-rate experimental-initial-corrupt-check ' +
  'experimental-corrupt-check-time experimental-compact-hash-check-enabled experimental-compact-hash-check-time ' +
  'experimental-enable-v2v3 experimental-enable-lease-checkpoint experimental-enable-lease-checkpoint-persist ' +
  'experimental-backend-bbolt-freelist-type experimental-compaction-batch-limit ' +
  'experimental-compaction-sleep-interval experimental-peer-skip-client-san-verification ' +
  'experimental-watch-progress-notify-interval experimental-downgrade-check-time experimental-memory-mlock ' +
  'experimental-warning-apply-duration experimental-warning-unary-request-duration ' +
  'experimental-txn-mode-write-with-shared-buffer experimental-bootstrap-defrag-threshold-megabytes ' +
  'experimental-stop-grpc-service-on-defrag experimental-max-learners experimental-set-member-localaddr ' +
  'experimental-wait-cluster-ready-timeout experimental-snapshot-catchup-entries force-new-cluster ' +
  'unsafe-no-fsync config-file version';

t.test('no flag of etcd is unknown', async (t) => {
  for (const name of flagsOfEtcd.split(' ')) {
    const { problems } = parseServerOptions([`--${name}=?`], {});
    t.notOk(
      problems.some((problem) => problem.startsWith('unknown flag')),
      name,
    );
  }
});

t.test('the help lists every flag once', async (t) => {
  const listed = [...serverFlagHelp().matchAll(/^ {2}--([a-z0-9-]+)/gm)].map(([, name]) => name);
  t.equal(new Set(listed).size, listed.length);
  for (const name of flagsOfEtcd.split(' ').filter((flag) => !flag.startsWith('experimental-'))) {
    t.ok(listed.includes(name), name);
  }
});

t.test(
  'what etcd has dropped is passed over in a file or a variable, as etcd does, and refused as a flag',
  async (t) => {
    const file = fromFile('enable-v2: true');
    t.same(file.problems, []);
    t.match(file.warnings, [/enable-v2 has no effect: the API of etcd v2 is gone/]);
    const variable = parseServerOptions([], { ETCD_ENABLE_V2: 'true' });
    t.same(variable.problems, []);
    t.match(variable.warnings, [/ETCD_ENABLE_V2 has no effect/]);
    t.match(parseServerOptions(['--enable-v2'], {}).problems, [/^--enable-v2: /]);
  },
);

t.test('a variable that cannot be read is no mistake of the command line', async (t) => {
  const { problems, isUnreadable } = parseServerOptions([], { ETCD_MAX_TXN_OPS: 'x' });
  t.same([problems.length, isUnreadable], [1, false]);
  t.equal(parseServerOptions(['--max-txn-ops=x'], {}).isUnreadable, true);
});
