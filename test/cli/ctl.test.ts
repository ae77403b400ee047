/** `keelson ctl` beside the real etcdctl: the same command lines, each on an etcd of its own, say the same. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Workplace } from '../../bench/children.ts';
import { runCtlWith, etcdctl as tool } from '../../src/cli/ctl/ctl.ts';
import { goDuration, humanBytes, quoted } from '../../src/cli/ctl/go-text.ts';
import { startCluster } from '../../src/index.ts';
import { plainTable } from '../clients/etcdctl-text.ts';
import { missingPrograms, type Servers, startServers } from '../clients/harness.ts';
import { ctl, ctlRunning, etcdctl, etcdctlRunning, type Line, type Said } from './ctl-harness.ts';

t.setTimeout(600_000); // Two hundred times etcdctl is started, and the machine may be busy.

/**
 * Hides what differs from cluster to cluster and from run to run; with ids of one digit less a table is narrower. Standard
 * output comes with a character per byte, what went to standard error does not: its sign for a millionth is lost here.
 */
function masked(text: string, endpoint: string): string {
  return plainTable(Buffer.from(text, 'latin1').toString())
    .replaceAll(endpoint, '<endpoint>')
    .replace(/127\.0\.0\.1:\d+/g, '<address>')
    .replace(/("(?:cluster_?id|member_?id)" ?): ?\d+/gi, '$1:<id>')
    .replace(/\b\d{15,}\b/g, '<id>')
    .replace(/\b[0-9a-f]{12,16}\b/g, '<hex>')
    .replace(/^[+|].*$/gm, (line) => line.replace(/-+/g, '-').replace(/ +/g, ' '))
    .replace(/(took[^\d]*)[\d.]+([\u00b5\ufffd]s|ms|s)/gi, '$1<time>')
    .replace(/("raft_?[tT]erm"|"RaftTerm" ):? ?\d+/g, '$1:<term>')
    .replace(/("hash"|"Hash" ):? ?\d+/g, '$1:<hash>');
}

/** The simple form of health went to stderr before 3.5, ids in protobuf have lengths of their own, help is our own. */
function ownWords({ args }: Line, { out, code, err }: Said): Said {
  const command = args.join(' ');
  if (/^endpoint health(?!.*-w)/.test(command))
    return { out: out + err.replace(/^(?!.*healthy).*\n/gm, ''), code, err: '' };
  if (command === 'defrag') return { out: out.replace(/\. took .*/, ''), code, err };
  if (command.includes('-w protobuf') && out !== '') return { out: '<protobuf>', code, err };
  if (/nonsense|^lease$/.test(command)) return { out: '', code, err };
  if (args[0] === 'txn')
    return { out: out.replace(/"Response(Range|Put|DeleteRange|Txn)"/g, lower), code, err };
  return { out, code, err };
}

/** Names within a txn's answers are what etcdctl has called them since 3.5. */
function lower(name: string): string {
  return name.replace(/(?<=[a-z])[A-Z]/g, '_$&').toLowerCase();
}

/** Members may tell changes one at a time or several at once. */
function oneByOne(text: string): string {
  return text
    .replace(/^"(ClusterID|MemberID|Revision|RaftTerm)" ?:.*\n/gm, '')
    .replace(/"(revision|Revision)":\d+/g, '"$1":<revision>')
    .replace(/^\{"Header":.*?"Events":\[(.*)\],"CompactRevision".*\n/gm, '$1,');
}

/** The refusal itself: etcdctl logs around it, prints its help behind it, and says a little more since 3.5. */
function refusal(err: string): string {
  const lines = err.split('\n').filter((line) => /^(Error:|Failed|.*unhealthy)/.test(line));
  const [line = ''] = lines;
  return line
    .replace('Error: Error', 'Error: error')
    .replace(/(txn compare request: .*) \(strconv\..*/, '$1');
}

const simple = (command: string, input?: string): Line => ({
  args: command.split(' '),
  ...(input === undefined ? {} : { input }),
});

const inFormats = (line: Line): Line[] =>
  ['simple', 'json', 'fields', 'protobuf', 'table'].map((format) => ({
    ...line,
    args: [...line.args, '-w', format],
  }));

const txn = (text: string): Line => ({ args: ['txn'], input: text });

/** Run in this order, on both; ids of leases are given, so that they are the same. */
const lines: readonly Line[] = [
  { args: ['put', 'a', '1'] },
  { args: ['put', 'a', '2', '--prev-kv'] },
  { args: ['put', 'with space', 'tab\tquote"\n'] },
  simple('put from-input', 'some text\nof two lines'),
  simple('--dial-timeout=0s --keepalive-time=0s --keepalive-timeout=0s put b/0 for-ever'),
  simple('del b/0'),
  simple('put b/1 x'),
  simple('put b/2 y'),
  simple('put b/3 z'),
  { args: ['put', '--', '-dash', '-value'] },
  simple('put bin', 'grüße 世界'),
  ...inFormats(simple('get a')),
  ...inFormats(simple('get --prefix b/')),
  ...inFormats(simple('get none')),
  simple('get bin -w fields'),
  simple('get bin --hex'),
  { args: ['get', 'with space', '-w', 'fields'] },
  { args: ['get', '--', '-dash'] },
  simple('get b/1 b/3'),
  simple('get --from-key b/2'),
  { args: ['get', '', '--prefix', '--keys-only'] },
  simple('get b/ --prefix --limit 1'),
  simple('get b/ --prefix --limit=2 -wjson'),
  simple('get b/ --prefix --order=DESCEND'),
  simple('get b/ --prefix --order=descend --sort-by=create'),
  simple('get b/ --prefix --sort-by MODIFY --print-value-only'),
  simple('get a --rev=2'),
  simple('get a --rev=1000'),
  simple('get a --consistency=s'),
  simple('get a --consistency=x'),
  simple('get a --order=x'),
  simple('get a --sort-by=x'),
  simple('get a --prefix --from-key'),
  simple('get a b --prefix'),
  simple('get'),
  simple('put a'),
  simple('put a --ignore-value'),
  simple('put a b --ignore-value'),
  simple('put none --ignore-value'),
  simple('put a b --lease=zz'),
  simple('put a b --lease=123abc'),
  simple('del'),
  simple('del a b c'),
  ...inFormats(simple('del none')),
  ...inFormats(simple('put p 1')).slice(0, 3),
  ...inFormats(simple('put p 2 --prev-kv')).slice(0, 3),
  simple('del p --prev-kv'),
  simple('del b/ --prefix --prev-kv -w fields'),
  ...inFormats(txn('value("a") = "2"\n\nput q 1\nget a\ndel none\n\nget b/1\n\n')).slice(0, 4),
  ...inFormats(txn('value("a") = "no"\n\nput q 1\n\nget a\n\n')).slice(0, 3),
  txn('mod("a") > "0"\nversion("a") < "9"\ncreate("none") = "0"\n\nput "r s" "x y"\nget "r s"\n\n\n'),
  txn('mod("a") = "0"\n\n\ndel q\n\n'),
  txn('\nput q 2\nput q 3\n\n\n'),
  { args: ['txn', '-i'], input: 'ver("a") < "1"\n\n\nget b/ --prefix --order=DESCEND --keys-only\n\n' },
  txn('val("a") != "\\xff"\n\nput "\\xffkey" "v\\376"\nget "\\xffkey" --hex\n\n\n'),
  txn('\nput "\\xffkey" "v\\376"\nget "\\xffkey"\ndel --from-key "\\xff"\n\n\n'),
  txn('mod("a") > "0"\n\nput q 4\n'),
  txn('nonsense\n'),
  txn('mod("a" > "0"\n'),
  txn('mod(a) > "0"\n'),
  txn('mod("a") > 0\n'),
  txn('mod("a") = "x"\n'),
  txn('other("a") = "1"\n'),
  txn('\nq\n'),
  txn('\nnonsense q\n'),
  txn('\nget a b --prefix\n'),
  simple('txn x'),
  simple('watch'),
  simple('watch a b --prefix'),
  { args: ['watch', 'a', '--'] },
  { args: ['watch', 'a'], env: { ETCDCTL_WATCH_KEY: 'a' } },
  { args: ['watch'], env: { ETCDCTL_WATCH_RANGE_END: 'a' } },
  { args: ['watch', '-i'], input: '' },
  simple('lock'),
  simple('elect'),
  simple('elect a'),
  simple('elect a b c'),
  simple('elect a b -l'),
  simple('make-mirror'),
  simple('make-mirror a --dest-prefix x --no-dest-prefix'),
  simple('check perf --load=none'),
  simple('check datascale --load=none'),
  simple('snapshot save'),
  simple('snapshot save a b'),
  simple('snapshot status'),
  simple('snapshot status no-such-file'),
  simple('snapshot restore'),
  ...inFormats(simple('lease list')),
  simple('lease timetolive 1234 --keys'),
  simple('lease timetolive 1234 -w json'),
  simple('lease revoke 1234'),
  simple('lease revoke'),
  simple('lease revoke xyz'),
  simple('lease grant'),
  simple('lease grant x'),
  simple('lease grant 10000000000'),
  ...inFormats(simple('lease grant 60')).slice(0, 3),
  simple('lease keep-alive --once 1234'),
  ...inFormats(simple('member list')),
  simple('member add'),
  simple('member add x'),
  simple('member remove 1234'),
  simple('member remove xyz'),
  simple('member promote 1234'),
  simple('endpoint health'),
  simple('endpoint health -w json'),
  simple('endpoint health -w fields'),
  simple('endpoint health --cluster'),
  simple('alarm list'),
  simple('alarm list -w json'),
  simple('alarm disarm'),
  simple('defrag'),
  simple('move-leader 1234'),
  simple('move-leader'),
  ...inFormats(simple('user add one:pw')).slice(0, 1),
  simple('user add one:pw'),
  simple('user add two:pw -w json'),
  ...inFormats(simple('user list')).slice(0, 3),
  ...inFormats(simple('role add r1')).slice(0, 1),
  simple('role grant-permission r1 readwrite p --prefix'),
  simple('role grant-permission r1 read x'),
  simple('role grant-permission r1 write y z'),
  simple('role grant-permission r1 READ w --from-key'),
  simple('role grant-permission r1 nonsense w'),
  ...inFormats(simple('role get r1')).slice(0, 3),
  simple('role get none'),
  simple('role list'),
  simple('role list -w fields'),
  simple('user grant-role one r1'),
  simple('user grant-role one none'),
  simple('user get one'),
  simple('user get one -w json'),
  simple('user get one -w fields'),
  simple('user get one --detail'),
  simple('role revoke-permission r1 p --prefix'),
  simple('role revoke-permission r1 x'),
  simple('role revoke-permission r1 w --from-key'),
  // An empty key, with all behind it.
  simple('role grant-permission r1 read  --from-key'),
  simple('role get r1'),
  simple('role revoke-permission r1  --from-key'),
  simple('role revoke-permission r1 none'),
  simple('user revoke-role one r1'),
  simple('role delete r1'),
  simple('user passwd two --interactive=false', 'new\n'),
  simple('user delete one'),
  simple('user delete two'),
  simple('user delete two'),
  simple('auth enable'),
  simple('compact 5'),
  simple('compaction 5'),
  simple('compaction 5000'),
  simple('compaction'),
  simple('compaction x'),
  simple('get a -w nonsense'),
  simple('get a --nonsense'),
  simple('lease'),
  simple('mem li'),
  simple('ge a'),
  simple('lea gr'),
  simple('l'),
  simple('co 5'),
];

t.test(
  'every command line says what etcdctl says',
  { skip: missingPrograms('etcd', 'etcdctl') },
  async (t) => {
    const workplace = new Workplace();
    t.teardown(() => workplace.close());
    const [ours, theirs] = (await Promise.all([
      startServers('etcd', 1, workplace),
      startServers('etcd', 1, workplace),
    ])) as [Servers, Servers];
    const [here, there] = [ours.endpoints[0]!, theirs.endpoints[0]!];
    for (const line of lines) {
      const shown = line.args.join(' ');
      const both = await Promise.all([ctl(here, line), etcdctl(workplace, there, line)]);
      const [said, expected] = both.map((one) => ownWords(line, one)) as [Said, Said];
      t.same(
        { out: masked(said.out, here), code: said.code, refusal: masked(refusal(said.err), here) },
        {
          out: masked(expected.out, there),
          code: expected.code,
          refusal: masked(refusal(expected.err), there),
        },
        shown,
      );
    }

    await t.test('a watch tells what etcdctl tells, until it is interrupted', async (t) => {
      const echo =
        'echo $ETCD_WATCH_EVENT_TYPE $ETCD_WATCH_KEY $ETCD_WATCH_VALUE; test $ETCD_WATCH_REVISION -gt 1';
      for (const { flags, done } of [
        { flags: ['--prev-kv'], done: /DELETE\nwatched\/a\n2\nwatched\/a\n/ },
        { flags: ['-w', 'fields', '--prev-kv'], done: /"Type" : DELETE\n(?:".*\n){11}".*\n/ },
        { flags: ['-w', 'json'], done: /"type":1.*\n/ },
        { flags: ['--hex'], done: /DELETE\n.*\n\n/ },
        { flags: ['--', 'sh', '-c', echo], done: /"DELETE" "watched\/a" ""\n/ },
      ]) {
        const line = { args: ['watch', 'watched/', '--prefix', '--rev=1000', ...flags] };
        const revision = Number(
          /"Revision" : (\d+)/.exec((await ctl(here, simple('get a -w fields'))).out)![1],
        );
        const from = [...line.args];
        from[3] = `--rev=${revision + 1}`;
        const both = [
          ctlRunning(here, { args: from }),
          etcdctlRunning(workplace, there, { args: from }),
        ] as const;
        for (const endpoint of [here, there]) {
          await ctl(endpoint, simple('put watched/a 1'));
          await ctl(endpoint, simple('put watched/a 2'));
          await ctl(endpoint, simple('del watched/a'));
        }
        await Promise.all(both.map((one) => one.until(done)));
        for (const one of both) one.interrupt();
        const [said, expected] = await Promise.all([both[0].ended, both[1].ended]);
        t.equal(said.code, 130);
        const [ours, theirs] = [oneByOne(masked(said.out, here)), oneByOne(masked(expected.out, there))];
        // Commands run behind the changes that came with theirs: how many came at once is chance.
        const inOrder = (text: string) => (flags[0] === '--' ? text.split('\n').sort() : text.split('\n'));
        t.same(inOrder(ours), inOrder(theirs), flags.join(' '));
      }
    });

    await t.test('a watch of what is compacted ends as that of etcdctl', async (t) => {
      for (const format of ['simple', 'json']) {
        const args = ['watch', 'a', '--rev=2', '-w', format];
        const [said, expected] = await Promise.all([
          ctl(here, { args }),
          etcdctl(workplace, there, { args }),
        ]);
        const plain = (text: string) => text.replace(/"Header":\{[^}]*\}/g, '"Header":{}');
        t.equal(plain(said.out), plain(expected.out));
        t.equal(said.err, expected.err);
        t.equal(said.code, expected.code);
      }
    });

    await t.test('locks and elections of ctl and etcdctl exclude each other', async (t) => {
      const holding = ctlRunning(there, simple('lock mutex'));
      await holding.until(/^mutex\/[0-9a-f]{8,16}\n\n$/);
      const waiting = etcdctlRunning(workplace, there, simple('lock mutex'));
      const places = async () => (await ctl(there, simple('get mutex/ --prefix --keys-only'))).out;
      while ((await places()).split('mutex/').length < 3);
      t.equal(waiting.out(), '');
      holding.interrupt();
      t.equal((await holding.ended).code, 0);
      await waiting.until(/^mutex\/[0-9a-f]{8,16}\n\n$/);
      waiting.interrupt();
      await waiting.ended;

      const leading = etcdctlRunning(workplace, there, simple('elect vote theirs'));
      await leading.until(/^vote\/[0-9a-f]+\ntheirs\n/);
      const listening = ctlRunning(there, simple('elect vote -l'));
      await listening.until(/^vote\/[0-9a-f]+\ntheirs\n$/);
      leading.interrupt();
      await leading.ended;
      listening.interrupt();
      t.equal((await listening.ended).code, 0);
    });

    await t.test('a lock is held while a command runs, whose end is that of the line', async (t) => {
      const script = 'echo $ETCD_LOCK_KEY | sed s/[0-9a-f]*$//; test $ETCD_LOCK_REV -gt 1 && exit 3';
      const line = { args: ['lock', 'job', '--', 'sh', '-c', script] };
      const [said, expected] = await Promise.all([ctl(here, line), etcdctl(workplace, there, line)]);
      t.same(said, { code: 3, out: 'job/\n', err: 'Error: exit status 3\n' });
      // Before 3.5 etcdctl ended with 1, whatever the command's code.
      t.same([said.out, refusal(said.err)], [expected.out, refusal(expected.err)]);
      t.match(await ctl(here, { args: ['lock', 'job', 'no-such-program'] }), {
        code: 1,
        err: 'Error: exec: "no-such-program": executable file not found in $PATH\n',
      });
      t.equal((await ctl(here, simple('get job/ --prefix'))).out, '', 'the lock is free again');
    });

    await t.test('the environment sets what no flag sets, and a conflict is refused', async (t) => {
      const said: string[] = [];
      const io = {
        env: { ETCDCTL_ENDPOINTS: here, ETCDCTL_WRITE_OUT: 'fields' },
        out: (text: string | Uint8Array) => said.push(Buffer.from(text).toString()),
        err: (text: string) => said.push(text),
        input: (async function* () {})(),
        signal: new AbortController().signal,
      };
      t.equal(await runCtlWith(['get', 'a'], io), 0);
      t.match(said.join(''), /"Key" : "a"/);
      t.equal(await runCtlWith(['get', 'a', `--endpoints=${here}`], io), 1);
      t.match(said.at(-1), /conflicting environment variable "ETCDCTL_ENDPOINTS"/);
    });

    await t.test('nobody there is an error in time, with the exit code of etcdctl', async (t) => {
      const said = await ctl('127.0.0.1:1', simple('get a --command-timeout=300ms'));
      t.same([said.code, said.out], [1, '']);
      // Why, where an attempt has ended by then.
      t.match(said.err, /^(Warning: .*127\.0\.0\.1:1.*\n)?Error: context deadline exceeded\n$/);
      const status = await ctl(`127.0.0.1:1,${here}`, simple('endpoint health --command-timeout=2s'));
      t.equal(status.code, 1);
      t.match(status.out, /is healthy/);
      t.match(
        status.err,
        /127.0.0.1:1 is unhealthy: failed to commit proposal: .*\nError: unhealthy cluster\n/,
      );
    });

    await t.test('a snapshot that is saved is one for etcdctl', async (t) => {
      const file = join(workplace.folder, 'backup.db');
      const saved = await ctl(here, { args: ['snapshot', 'save', file] });
      t.same(saved, { code: 0, out: `Snapshot saved at ${file}\n`, err: '' });
      const status = await etcdctl(workplace, here, { args: ['snapshot', 'status', file, '-w', 'json'] });
      t.equal(status.code, 0, status.err);
      t.equal(readFileSync(file).length % 512, 32);
    });
  },
);

t.test('the state of a member is told in the columns of etcdctl 3.6', async (t) => {
  const cluster = await startCluster({ members: 1, listen: true });
  t.teardown(() => cluster.close());
  const endpoint = cluster.clientUrls[0]!;
  const table = await ctl(endpoint, simple('endpoint status -w table'));
  t.equal(table.code, 0, table.err);
  const [rule, head, , row] = table.out.split('\n');
  t.equal(head!.length, rule!.length);
  t.same(
    head!.split('|').map((title) => title.trim()),
    [
      '',
      'ENDPOINT',
      'ID',
      'VERSION',
      'STORAGE VERSION',
      'DB SIZE',
      'IN USE',
      'PERCENTAGE NOT IN USE',
      'QUOTA',
      'IS LEADER',
      'IS LEARNER',
      'RAFT TERM',
      'RAFT INDEX',
      'RAFT APPLIED INDEX',
      'ERRORS',
      'DOWNGRADE TARGET VERSION',
      'DOWNGRADE ENABLED',
      '',
    ],
  );
  const cells = row!.split('|').map((cell) => cell.trim());
  t.equal(cells[1], endpoint);
  t.match(cells[7], /^\d+%$/);
  t.equal(cells[9], 'true');
  const [first] = JSON.parse((await ctl(endpoint, simple('endpoint status -w json'))).out);
  t.match(first, { Endpoint: endpoint, Status: { version: cells[3] } });
  const fields = await ctl(endpoint, simple('endpoint status -w fields'));
  t.match(fields.out, /^"DBSizeQuota" : \d+$/m);
  t.match(
    (await ctl(endpoint, simple('version'))).out,
    /^etcdctl version: \d+\.\d+\.\d+\nAPI version: \d+\.\d+\n$/,
  );
});

t.test('help names every command and every flag', async (t) => {
  const { out, code } = await ctl('unused', simple('--help'));
  t.equal(code, 0);
  for (const name of Object.keys(tool.commands)) {
    t.ok(out.includes(`  ${name} `), name);
    const help = await ctl('unused', simple(`${name} --help`));
    for (const flag of Object.keys(tool.commands[name]!.flags ?? {}))
      t.ok(help.out.includes(`--${flag} `), flag);
  }
  t.match(await ctl('unused', simple('nonsense')), { code: 1, err: /unknown command "nonsense"/ });
});

t.test('sizes, durations and quoted text are those of Go', async (t) => {
  t.same([5, 999, 1000, 20_480, 2_147_483_648].map(humanBytes), [
    '5 B',
    '999 B',
    '1.0 kB',
    '20 kB',
    '2.1 GB',
  ]);
  t.same([0.0005, 0.5, 1.013823, 1500, 61_000, 3_661_500].map(goDuration), [
    '500ns',
    '500µs',
    '1.013823ms',
    '1.5s',
    '1m1s',
    '1h1m1.5s',
  ]);
  t.equal(quoted('a"b\\c\n\t\x01é世'), '"a\\"b\\\\c\\n\\t\\x01é世"');
  t.equal(quoted(Uint8Array.of(0xff, 0x61, 0xc3)), '"\\xffa\\xc3"');
});
