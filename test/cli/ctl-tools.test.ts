/** What `keelson ctl` and `keelson etcdutl` do beside the plain commands: lines, passwords, mirrors, files, completion. */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Workplace } from '../../bench/children.ts';
import { runLoad, verdict } from '../../src/cli/ctl/check-commands.ts';
import { etcdctl as ctlTool, etcdutl } from '../../src/cli/ctl/ctl.ts';
import { progressBar } from '../../src/cli/ctl/progress.ts';
import { bytesOf, wordsOf } from '../../src/cli/ctl/words.ts';
import { connect } from '../../src/client/index.ts';
import { type Cluster, startCluster, startMember } from '../../src/index.ts';
import { makeCertificate } from '../../src/rpc/self-signed.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { plainTable } from '../clients/etcdctl-text.ts';
import { missingPrograms } from '../clients/harness.ts';
import { ctl, ctlRunning, etcdctl } from './ctl-harness.ts';

t.setTimeout(600_000);

const words = (command: string) => ({ args: command.split(' ') });

function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'k-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function clusterOf(t: Test): Promise<{ readonly cluster: Cluster; readonly endpoint: string }> {
  const cluster = await startCluster({ members: 1, listen: true });
  t.teardown(() => cluster.close());
  return { cluster, endpoint: cluster.clientUrls[0]! };
}

t.test('lines on standard input begin watches and ask how far they are', async (t) => {
  const { endpoint } = await clusterOf(t);
  const running = ctlRunning(endpoint, words('watch -i'));
  running.write(
    'nonsense\n\nwatch\nwatch a b --prefix\nwatch "a b" --rev=1\nwatch c --prefix --rev=1 -- echo ran\n',
  );
  await ctl(endpoint, { args: ['put', 'a b', '1'] });
  await running.until(/PUT\na b\n1\n/);
  await ctl(endpoint, words('put c/1 2'));
  await running.until(/PUT\nc\/1\n2\nran\n/);
  running.write('progress\n');
  await running.until(/progress notify: 3\n(.*\n)*?progress notify: 3\n/);
  running.write('watch a --\n');
  const { code, err } = await running.ended;
  t.equal(code, 128);
  t.same(err.split('\n').slice(0, 5), [
    'Invalid command nonsense (only support watch)',
    'Invalid command:  (watch and progress supported)',
    'Invalid command watch (command type or key is not provided)',
    'Invalid command watch a b --prefix (`range_end` and `--prefix` are mutually exclusive)',
    'Error: bad number of arguments (found separator --, but no commands)',
  ]);
});

t.test('the environment names what is watched, and a command that fails ends the watch', async (t) => {
  const { endpoint } = await clusterOf(t);
  await ctl(endpoint, words('put k v'));
  const env = { ETCDCTL_WATCH_KEY: 'k', ETCDCTL_WATCH_RANGE_END: 'l' };
  const said = await ctl(endpoint, { args: ['watch', '--rev=1', '--', 'false', 'x'], env });
  t.same(said, { code: 1, out: 'PUT\nk\nv\n', err: 'command ["false" "x"] error (exit status 1)\n' });
});

t.test('who waits for a person can be interrupted', async (t) => {
  const { endpoint } = await clusterOf(t);
  for (const args of [
    ['txn', '-i'],
    ['watch', '-i'],
    ['put', 'key'],
    ['user', 'add', 'x'],
  ]) {
    const forever = { askHidden: () => new Promise<string>(() => {}) };
    const running = ctlRunning(endpoint, { args }, forever);
    if (args[0] === 'txn') await running.until(/compares:/);
    running.interrupt();
    t.match(await running.ended, { code: 130, err: '' }, args.join(' '));
  }
});

t.test('what no connection can be made with is said as etcdctl says it', async (t) => {
  const { endpoint } = await clusterOf(t);
  const [host] = [endpoint.replace(/^http:\/\//, '')];
  const refusal = async (line: string): Promise<string> => {
    const { code, err } = await ctl(endpoint, words(line));
    return `${code} ${err.trimEnd()}`;
  };
  t.equal(
    await refusal('get a --cert=/none'),
    '128 Error: KeyFile and CertFile must both be present[key: , cert: /none]',
  );
  t.equal(await refusal('get a --cacert=/none'), '128 Error: open /none: no such file or directory');
  t.equal(
    await refusal('get a --command-timeout=x'),
    '1 Error: invalid argument "x" for "--command-timeout" flag: time: invalid duration "x"',
  );
  t.match(
    await refusal('snapshot save /none/x'),
    /Error: could not open \/none\/x\.part \(open \/none\/x\.part: no such file or directory\)$/,
  );
  t.equal(
    await refusal('member add x --peer-urls=nonsense'),
    '1 Error: URL scheme must be http, https, unix, or unixs: nonsense',
  );
  t.match(
    await refusal('endpoint hashkv --rev=99999'),
    /\nError: etcdserver: mvcc: required revision is a future revision$/,
  );
  const { out, err } = await ctl(endpoint, words(`endpoint health --endpoints=${host} --endpoints=${host}`));
  const told = `${out}${err}`.match(/is (un)?healthy: /g);
  t.equal(told?.length, 3, 'endpoints that are given again are asked, too');
});

t.test('passwords are asked for where nobody sees them', async (t) => {
  const { endpoint } = await clusterOf(t);
  const prompts: string[] = [];
  const asking = (...answers: string[]) => ({
    askHidden: async (prompt: string) => {
      prompts.push(prompt);
      return answers.shift() ?? '';
    },
  });
  t.match(await ctl(endpoint, words('user add root'), asking('pw', 'pw')), {
    code: 0,
    out: 'User root created\n',
  });
  t.same(prompts.splice(0), ['Password of root: ', 'Type password of root again for confirmation: ']);
  t.match(await ctl(endpoint, words('user add x'), asking('a', 'b')), {
    code: 128,
    err: 'Error: given passwords are different\n',
  });
  t.match(await ctl(endpoint, words('user passwd root'), asking('')), {
    code: 128,
    err: 'Error: empty password\n',
  });
  const piped = { ...words('user passwd root --interactive=false'), input: ' new \n' };
  t.match(await ctl(endpoint, piped, asking()), { code: 0, out: 'Password updated\n' });
  t.match(await ctl(endpoint, words('auth enable')), { code: 0, out: 'Authentication Enabled\n' });
  prompts.length = 0;
  t.match(await ctl(endpoint, words('user list --user root'), asking('new')), { code: 0, out: 'root\n' });
  t.same(prompts, ['Password: ']);
  t.match(await ctl(endpoint, words('user list --user root')), { code: 1, err: /there is no terminal/ });
  t.match(await ctl(endpoint, words('version --user root')), { code: 0 }, 'nobody is asked for nothing');
});

t.test('what cannot be is refused in words that say what to do', async (t) => {
  t.match(await ctl('unused', words('get a --discovery-srv example.com')), { code: 128, err: /--endpoints/ });
  t.match(await ctl('unused', words('get a --cacert=')), {
    code: 128,
    err: 'Error: empty string is passed to --cacert option\n',
  });
  t.match(await ctl('unused', words('migrate --data-dir x --target-version 3.5'), {}, etcdutl), {
    code: 1,
    err: /save a snapshot/,
  });
  const { endpoint } = await clusterOf(t);
  const debug = await ctl(endpoint, words('get a --debug --command-timeout=7s'));
  t.match(debug.err, /^ETCDCTL_CACERT=\nETCDCTL_CERT=\nETCDCTL_COMMAND_TIMEOUT=7s\n/);
});

t.test('answers of leases and of members have the headers and the ids that etcdctl prints', async (t) => {
  const { endpoint } = await clusterOf(t);
  const id = /^lease (\w+)/.exec((await ctl(endpoint, words('lease grant 100'))).out)![1]!;
  const renewed = JSON.parse((await ctl(endpoint, words(`lease keep-alive --once ${id} -w json`))).out);
  t.same(Object.keys(renewed), ['cluster_id', 'member_id', 'revision', 'raft_term', 'ID', 'TTL']);
  t.match(
    (await ctl(endpoint, words(`lease keep-alive --once ${id} -w fields`))).out,
    /^"ClusterID" : \d+\n/,
  );
  const listed = JSON.parse((await ctl(endpoint, words('member list -w json --hex'))).out);
  const [row] = (await ctl(endpoint, words('member list'))).out.split(', ');
  t.equal(listed.members[0].ID, row);
  t.equal(listed.header.member_id, row);
  t.type(listed.header.raft_term, 'number');
  const added = await ctl(endpoint, words('member add x --learner --peer-urls http://127.0.0.1:1'));
  const said = /^Member ([ 0-9a-f]{16}) added as learner to cluster [ 0-9a-f]{16}\n\nETCD_NAME="x"\n/.exec(
    added.out,
  );
  t.ok(said, added.out);
  t.match(
    (await ctl(endpoint, { args: ['member', 'remove', said![1]!.trim()] })).out,
    /^Member [ 0-9a-f]{16} removed from cluster [ 0-9a-f]{16}\n$/,
  );
});

t.test('going back by a version is asked for in the words of etcdctl', async (t) => {
  const { endpoint } = await clusterOf(t);
  const version = /API version: (\d+)\.(\d+)/.exec((await ctl(endpoint, words('version'))).out)!;
  const before = `${version[1]}.${Number(version[2]) - 1}.0`;
  const now = `${version[1]}.${version[2]}`;
  t.match(await ctl(endpoint, words('downgrade validate')), {
    code: 128,
    err: /TARGET_VERSION not provided/,
  });
  t.match(await ctl(endpoint, words(`downgrade validate ${before}`)), {
    code: 0,
    out: `Downgrade validate success, cluster version ${now}\n`,
  });
  t.match(await ctl(endpoint, words(`downgrade enable ${before} -w json`)), { code: 0, out: /^\{"header":/ });
  t.match(
    (await ctl(endpoint, words('downgrade cancel'))).out,
    /^Downgrade cancel success, cluster version /,
  );
});

t.test('a mirror has what is there and every change after it, under its own prefix', async (t) => {
  const [from, to] = [await clusterOf(t), await clusterOf(t)];
  await using source = connect(from.endpoint);
  await using mirror = connect(to.endpoint);
  for (const key of ['a/1', 'a/2', 'b']) await source.put(key, key);
  const line = { args: ['make-mirror', to.endpoint, '--prefix=a/', '--dest-prefix=copy/'] };
  const running = ctlRunning(from.endpoint, line);
  while ((await mirror.count({ prefix: 'copy/' })) < 2);
  const watch = mirror.watch({ prefix: 'copy/' }, { startRevision: 1 });
  await source.delete('a/1');
  await source.put('a/3', 'last');
  const seen: string[] = [];
  for await (const { type, pair } of watch) {
    seen.push(`${type} ${pair.keyText} ${pair.text}`);
    if (pair.keyText === 'copy/3') break;
  }
  t.same(seen, ['put copy/1 a/1', 'put copy/2 a/2', 'delete copy/1 ', 'put copy/3 last']);
  running.interrupt();
  t.equal((await running.ended).code, 130);
  t.equal(await mirror.count({ prefix: '' }), 2);
});

t.test('a load is paced, and judged as etcdctl judges it', async (t) => {
  const { endpoint } = await clusterOf(t);
  await using client = connect(endpoint);
  const load = { rate: 100, clients: 2, seconds: 60, puts: 20, keyBytes: 16, valueBytes: 8 };
  const parts: number[] = [];
  const signal = new AbortController().signal;
  const result = await runLoad([client, client], 'load/', load, signal, (part) => parts.push(part));
  t.equal(result.errors.size, 0);
  t.ok(result.perSecond < 150, 'no faster than it should be');
  t.equal(parts.at(-1), 1);
  t.equal(await client.count({ prefix: 'load/' }), 20);
  const good = { perSecond: 149.5, slowest: 0.5, deviation: 0.1, errors: new Map() };
  t.same(verdict(good, 150), {
    lines: [
      'PASS: Throughput is 150 writes/s',
      'PASS: Slowest request took 0.500000s',
      'PASS: Stddev is 0.100000s',
      'PASS',
    ],
    passes: true,
  });
  const bad = { perSecond: 90, slowest: 0.6, deviation: 0.2, errors: new Map([['no', 2]]) };
  t.same(verdict(bad, 100), {
    lines: [
      'FAIL: too many errors',
      'FAIL: ERROR(no) -> 2',
      'FAIL: Throughput too low: 91 writes/s',
      'Slowest request took too long: 0.600000s',
      'Stddev too high: 0.200000s',
      'FAIL',
    ],
    passes: false,
  });
  await ctl(endpoint, words('put /etcdctl-check-perf/x y'));
  t.match(await ctl(endpoint, words('check perf')), {
    code: 3,
    err: /has keys\. Delete with etcdctl del --prefix/,
  });
});

t.test('calls of many clients at a time are no leak to Node.js', async (t) => {
  const { endpoint } = await clusterOf(t);
  await using client = connect(endpoint);
  const main = join(import.meta.dirname, '../../src/cli/main.ts');
  const args = ['--import', 'tsx', main, 'ctl', '--endpoints', endpoint, 'check', 'perf', '--load', 's'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const ended = once(child, 'close');
  while ((await client.count({ prefix: '/etcdctl-check-perf/' })) < 50 && child.exitCode === null);
  child.kill('SIGINT');
  await ended;
  t.equal(said, '');
});

t.test('a snapshot is described, hashed and restored without a cluster', async (t) => {
  const folder = folderOf(t);
  const { endpoint } = await clusterOf(t);
  for (const command of ['put a 1', 'put a 2', 'put b 1', 'del b', 'put c 3'])
    await ctl(endpoint, words(command));
  const file = join(folder, 'saved.db');
  t.equal((await ctl(endpoint, { args: ['snapshot', 'save', file] })).code, 0);
  const utl = (...args: string[]) => ctl('unused', { args }, {}, etcdutl);

  const status = JSON.parse((await utl('snapshot', 'status', file, '-w', 'json')).out);
  t.match(status, { revision: 6, totalKey: 2, totalSize: statSync(file).size - 32, version: /^3\.\d+\.0$/ });
  t.match((await utl('snapshot', 'status', file)).out, `${status.hash.toString(16)}, 6, 2, `);
  t.match((await utl('snapshot', 'status', file, '-w', 'table')).out, /\| +VERSION +\|\n/);

  await t.test('etcdctl says the same of it', { skip: missingPrograms('etcdctl') }, async (t) => {
    const workplace = new Workplace();
    t.teardown(() => workplace.close());
    for (const format of ['simple', 'json', 'fields', 'table', 'protobuf']) {
      const line = { args: ['snapshot', 'status', file, '-w', format] };
      const [said, expected] = await Promise.all([ctl('unused', line), etcdctl(workplace, 'unused', line)]);
      const plain = (text: string): string => plainTable(Buffer.from(text, 'latin1').toString());
      t.equal(plain(said.out), plain(expected.out), format);
      t.equal(said.code, expected.code, format);
    }
  });

  const [hashed] = JSON.parse((await ctl(endpoint, words('endpoint hashkv -w json'))).out);
  const hash = JSON.parse((await utl('hashkv', file, '-w', 'json')).out);
  t.same(hash, { hash: hashed.HashKV.hash, hashRevision: 6, compactRevision: -1 });
  const early = JSON.parse((await ctl(endpoint, words('endpoint hashkv --rev 3 -w json'))).out);
  t.match((await utl('hashkv', file, '--rev=3')).out, `${early[0].HashKV.hash}, 3, -1`);

  const dataDir = join(folder, 'restored');
  const walDir = join(folder, 'log');
  const restore = ['snapshot', 'restore', file, '--data-dir', dataDir, '--wal-dir', walDir];
  t.match(await utl(...restore, '--bump-revision=1000'), { code: 128, err: /--mark-compacted required/ });
  t.match(await utl(...restore, '--bump-revision=1000', '--mark-compacted'), {
    code: 0,
    out: /^$/,
    err: /^added member default at http:\/\/localhost:2380 to cluster .*\nrestored snapshot at revision 1006 /,
  });
  t.match(await utl(...restore), {
    code: 1,
    err: `Error: data-dir "${dataDir}" not empty or could not be read\n`,
  });
  await t.test('and a member goes on from it', async (t) => {
    await using member = await startMember({ dataDir, walDir, listenClientUrls: ['http://127.0.0.1:0'] });
    await using client = connect(member.clientUrls[0]!);
    const { pairs, header } = await client.range({ prefix: '' });
    t.same([pairs.map(({ keyText, text }) => keyText + text), header.revision], [['a2', 'c3'], 1006]);
    t.match(await utl('defrag', '--data-dir', dataDir), { code: 1, err: /Failed to defragment etcd data/ });
  });
  const said = `finished defragmenting directory ${dataDir}\n`;
  t.same(await utl('defrag', '--data-dir', dataDir), { code: 0, out: '', err: said });
  t.match(await utl('defrag', '--data-dir', folder), { code: 1, err: /no data of a member/ });

  const refusal = async (...args: string[]): Promise<string> => {
    const { code, err } = await utl('snapshot', 'restore', ...args);
    return `${code} ${err.trimEnd()}`;
  };
  const elsewhere = ['--data-dir', join(folder, 'elsewhere')];
  t.equal(await refusal(), '1 Error: required flag(s) "data-dir" not set');
  t.equal(await refusal(...elsewhere), '128 Error: snapshot restore requires exactly one argument');
  t.equal(await refusal('/no/file', ...elsewhere), '1 Error: open /no/file: no such file or directory');
  for (const [flags, said] of [
    ['--name=x', `couldn't find local name "x" in the initial cluster configuration`],
    ['--initial-cluster=x', 'URL scheme must be http, https, unix, or unixs: '],
    ['--initial-cluster=x=http://a', 'URL address does not have the form "host:port": http://a'],
    ['--initial-cluster=x=http://a:1/b', 'URL must not contain a path: http://a:1/b'],
    ['--initial-advertise-peer-urls=nonsense', 'URL scheme must be http, https, unix, or unixs: nonsense'],
    [
      '--name=x --initial-cluster=x=http://127.0.0.1:1',
      '--initial-cluster has x=http://127.0.0.1:1 but missing from --initial-advertise-peer-urls=http://localhost:2380 ' +
        '(resolved urls: "http://localhost:2380" != "http://127.0.0.1:1")',
    ],
    [
      '--skip-hash-check=maybe',
      'invalid argument "maybe" for "--skip-hash-check" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    [
      '--bump-revision=x',
      'invalid argument "x" for "--bump-revision" flag: strconv.ParseInt: parsing "x": invalid syntax',
    ],
  ] as const) {
    t.equal(await refusal(file, ...elsewhere, ...flags.split(' ')), `1 Error: ${said}`.trimEnd(), flags);
  }
  const futures = await utl('hashkv', file, '--rev=99999');
  t.match(futures, { code: 1, err: 'Error: mvcc: required revision is a future revision\n' });
  const changed = join(folder, 'changed.db');
  const saved = readFileSync(file);
  saved[saved.length - 1]! ^= 1;
  writeFileSync(changed, saved);
  t.match(
    await refusal(changed, ...elsewhere),
    /^1 Error: expected sha256 \[\d+( \d+){31}\], got \[\d+( \d+){31}\]/,
  );
  writeFileSync(changed, saved.subarray(0, -32));
  t.match(
    await refusal(changed, ...elsewhere),
    /^1 Error: snapshot missing hash but --skip-hash-check=false/,
  );

  truncateSync(file, 20_000);
  t.match(await utl('snapshot', 'status', file), { code: 1, err: /^Error: invalid database/ });
  t.match(await utl('snapshot', 'restore', file, '--data-dir', join(folder, 'other')), {
    code: 1,
    err: /^Error: expected sha256 /,
  });
  t.match(await utl('snapshot', 'status', join(folder, 'none')), { code: 1, err: /no such file/ });
  t.match(await utl('version'), {
    code: 0,
    out: /^etcdutl version: \d+\.\d+\.\d+\nAPI version: \d+\.\d+\n$/,
  });
});

t.test(
  'completion in bash offers commands, their words, flags and formats',
  { skip: missingPrograms('bash') },
  async (t) => {
    const folder = folderOf(t);
    const script = join(folder, 'completion.bash');
    writeFileSync(script, (await ctl('unused', words('completion bash'))).out);
    const offered = (...typed: string[]): string[] => {
      const program = `. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _keelson_etcdctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return execFileSync('bash', ['-c', program, script, ...typed], { encoding: 'utf8' })
        .trim()
        .split('\n');
    };
    t.same(offered('etcdctl', 'me'), ['member']);
    t.ok(offered('etcdctl', 'member', '').includes('promote'));
    t.same(offered('keelson', 'ctl', '--hex', 'member', 'pro'), ['promote']);
    t.same(offered('etcdctl', 'get', '--print'), ['--print-value-only']);
    t.ok(offered('etcdctl', 'lease', 'timetolive', '--key').includes('--keys'));
    t.same(offered('etcdctl', 'get', '-w', 'ta'), ['table']);
  },
);

t.test('completion in other shells knows the commands', async (t) => {
  for (const shell of ['zsh', 'fish']) {
    const { out, code } = await ctl('unused', words(`completion ${shell}`));
    t.equal(code, 0);
    for (const name of ['snapshot', 'keep-alive']) t.ok(out.includes(name), `${shell}: ${name}`);
  }
  const utl = await ctl('unused', words('completion bash'), {}, etcdutl);
  t.match(utl.out, /complete -o default -F _keelson_etcdutl etcdutl\n/);
  t.notOk(utl.out.includes('make-mirror'));
});

t.test('a member that has applied nothing yet can be saved', async (t) => {
  const { endpoint } = await clusterOf(t);
  const file = join(folderOf(t), 'empty.db');
  t.equal((await ctl(endpoint, { args: ['snapshot', 'save', file] })).code, 0);
  t.match(await ctl('unused', { args: ['snapshot', 'status', file] }), { code: 0, out: /^[0-9a-f]+, / });
});

t.test('progress is drawn on terminals and nowhere else', async (t) => {
  const folder = folderOf(t);
  const { endpoint } = await clusterOf(t);
  const save = (name: string) => ({ args: ['snapshot', 'save', join(folder, name)] });
  t.equal((await ctl(endpoint, save('quiet.db'))).err, '');
  const drawn = await ctl(endpoint, save('drawn.db'), { drawsProgress: true });
  t.match(drawn.err, /█.*100 %/);
  t.ok(drawn.err.endsWith('\r\x1b[K'), 'and taken away');
  t.ok(existsSync(join(folder, 'drawn.db')));
  t.equal(progressBar(0.5).length, progressBar(1, '').length);
  t.match(progressBar(2, 'over'), /100 % {2}over$/);
});

t.test('a member at an IP address with TLS is asked without a word of warning', async (t) => {
  const folder = folderOf(t);
  const { clock, random } = nodeRuntime();
  const [ours, theirs] = ['ours', 'theirs'].map((name) => {
    const made = makeCertificate({ hosts: ['127.0.0.1'], years: 1, clock, random });
    const files = { certFile: join(folder, `${name}.pem`), keyFile: join(folder, `${name}.key`) };
    writeFileSync(files.certFile, made.certificate);
    writeFileSync(files.keyFile, made.key);
    return files;
  });
  await using member = await startMember({
    memory: true,
    clientTls: ours!,
    listenClientUrls: ['https://127.0.0.1:0'],
  });
  await member.ready;
  const warnings: string[] = [];
  const onWarning = ({ message }: Error) => warnings.push(message);
  process.on('warning', onWarning);
  t.teardown(() => process.off('warning', onWarning));
  const [url] = member.clientUrls as [string];
  const put = (...flags: string[]) =>
    ctl(url, { args: ['put', 'a', '1', '--command-timeout=60s', ...flags] });
  t.match(await put('--cacert', ours!.certFile), { code: 0, out: 'OK\n', err: '' });
  t.match(await put('--insecure-skip-tls-verify'), { code: 0, out: 'OK\n', err: '' });
  t.match(await put('--cacert', theirs!.certFile, '--command-timeout=500ms'), { code: 1, out: '' });
  const bare = url.replace('https://', '');
  t.match(await ctl(bare, { args: ['get', 'a', '--cacert', ours!.certFile] }), { code: 0, out: 'a\n1\n' });
  await new Promise((resolve) => setImmediate(resolve));
  t.same(warnings, []);
});

t.test('help of a command comes in both ways of asking', async (t) => {
  const long = await ctl('unused', words('watch --help'));
  t.same(await ctl('unused', words('help watch')), long);
  t.match(long.out, /Usage: keelson ctl watch /);
  t.match((await ctl('unused', words('help'), {}, etcdutl)).out, /hashkv/);
  const group = /^Usage: keelson ctl lease <command> \[flags\]\n\n {2}lease grant {2,}Creates leases\n/;
  t.match((await ctl('unused', words('lease --help'))).out, group);
  t.match((await ctl('unused', words('options'))).out, /--dial-timeout +.*\(default 2s\)/);
  t.equal(Object.keys(ctlTool.commands).length, new Set(Object.keys(ctlTool.commands)).size);
});

t.test('words are cut and unescaped as etcdctl does, any byte included', async (t) => {
  t.same(wordsOf(`put "a b"  'c\\n' d"e "\\x41\\u00e9\\101\\n"`), ['put', 'a b', 'c\\n', 'd"e', 'AéA\n']);
  t.same(
    bytesOf(wordsOf('"\\xff\\x00é💀\\377"')[0]!),
    Buffer.from([0xff, 0, 0xc3, 0xa9, 0xf0, 0x9f, 0x92, 0x80, 0xff]),
  );
});
