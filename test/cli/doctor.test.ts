/** `keelson doctor`: what is well is said to be well, and what is wrong is named with what to do. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Finding, findingLines, note, ok, problem } from '../../src/cli/ctl/findings.ts';
import { connect } from '../../src/client/index.ts';
import { startCluster, startMember } from '../../src/index.ts';
import { ctl } from './ctl-harness.ts';

t.setTimeout(600_000);

const timing = { heartbeatMs: 100, electionMs: 2000 };
const everything = /./;

function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'k-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** @param endpoint 'unused' for a look at directories alone */
async function examined(
  endpoint: string,
  ...args: string[]
): Promise<{ readonly code: number; readonly err: string; readonly findings: readonly Finding[] }> {
  const { code, out, err } = await ctl(endpoint, { args: ['doctor', '-w', 'json', ...args] });
  return { code, err, findings: out === '' ? [] : JSON.parse(Buffer.from(out, 'latin1').toString()) };
}

/** How many findings of a kind say that. */
function count(findings: readonly Finding[], level: Finding['level'], what: RegExp = everything): number {
  return findings.filter((finding) => finding.level === level && what.test(finding.what)).length;
}

t.test('problems come first, with what to do, and colours on terminals only', async (t) => {
  const findings = [ok('a', 'is well'), note('b', 'is odd', ''), problem('c', 'is bad', 'mend it')];
  t.same(findingLines(findings, false), [
    'problem c: is bad',
    '        → mend it',
    'note    b: is odd',
    'ok      a: is well',
    '',
    '1 problem, 1 note',
  ]);
  t.equal(findingLines([ok('a', 'is well')], false).at(-1), 'all is well');
  t.ok(findingLines(findings, true)[0]!.startsWith('\x1b[31mproblem \x1b[0m'));
});

t.test('a directory is whole, in use, damaged, or none', async (t) => {
  const folder = folderOf(t);
  const dataDir = join(folder, 'data');
  const file = (dir: string, kind: string) => {
    const place = join(dataDir, dir);
    return join(place, readdirSync(place).find((name) => name.endsWith(kind))!);
  };
  await t.test('while a member runs on it', async (t) => {
    await using member = await startMember({ dataDir, listenClientUrls: ['http://127.0.0.1:0'], ...timing });
    await member.ready;
    await using client = connect(member.clientUrls[0]!);
    await client.put('a', '1');
    const { findings } = await examined('unused', dataDir);
    t.equal(count(findings, 'ok', /a running member uses it/), 1);
  });
  const well = await examined('unused', dataDir);
  t.equal(count(well.findings, 'ok', /data of member default \([0-9a-f]+\) of cluster/), 1);
  t.equal(count(well.findings, 'ok', /the log is whole up to entry \d+ .* revision 2$/), 1);
  t.equal(well.findings.filter(({ what }) => /a sync takes/.test(what)).length, 1);
  t.notOk(
    readdirSync(dataDir).some((name) => name.startsWith('doctor-')),
    'nothing is left there',
  );

  const log = file('wal', '.wal');
  const bytes = readFileSync(log);
  const second = 4096;
  writeFileSync(
    log,
    Buffer.concat([bytes.subarray(0, 20), Buffer.alloc(second, 0x55), bytes.subarray(20 + second)]),
  );
  const damaged = await examined('unused', dataDir);
  t.equal(damaged.code, 1);
  // How fast and how full this disk is, is not ours to say.
  const wrong = damaged.findings.filter(
    ({ level, what }) => level === 'problem' && !/a sync takes|are free/.test(what),
  );
  t.match(wrong, { length: 1, 0: { advice: everything } }, JSON.stringify(damaged.findings));
  writeFileSync(log, bytes);
  t.equal(
    count((await examined('unused', dataDir)).findings, 'ok', /the log is whole/),
    1,
    'and whole again',
  );

  t.match(await examined('unused', join(folder, 'none')), {
    code: 1,
    findings: [{ what: /no such directory/ }],
  });
  mkdirSync(join(folder, 'etcd', 'member', 'snap'), { recursive: true });
  writeFileSync(join(folder, 'etcd', 'member', 'snap', 'db'), '');
  const foreign = await examined('unused', join(folder, 'etcd'));
  t.match(foreign.findings[0], { level: 'note', what: /of an etcd/, advice: /keelson restore/ });
});

t.test('a cluster is looked at from one endpoint, all members included', async (t) => {
  await using cluster = await startCluster({ listen: true, ...timing });
  await Promise.all(cluster.members.map(({ ready }) => ready));
  await using client = connect({ endpoints: cluster.clientUrls });
  await client.put('a', '1');
  const well = await examined(cluster.clientUrls[0]!);
  t.equal(well.code, 0, JSON.stringify(well.findings));
  for (const what of [
    /^3 of 3 members answer$/,
    /^m\d \([0-9a-f]+\) leads in term \d+$/,
    /^3 voting members: 1 of them may fail$/,
    /^a read that needs a majority is answered$/,
    /^no alarm is raised$/,
    /^members agree on all keys up to revision \d$/,
  ])
    t.equal(count(well.findings, 'ok', what), 1, String(what));

  await t.test('alarms and members that never started are problems', async (t) => {
    const added = await client.members.add(['http://127.0.0.1:1'], { learner: true });
    await client.call('etcdserverpb.Maintenance/Alarm', Buffer.from([8, 1, 16, 1, 24, 1]));
    const { code, findings } = await examined(cluster.clientUrls[1]!);
    t.equal(code, 1);
    t.equal(count(findings, 'problem', /has never started/), 1);
    t.equal(count(findings, 'problem', /refuses to put/), 1);
    await client.maintenance.disarmAll();
    await client.members.remove(added.id);
  });

  await t.test('so is a member that does not answer', async (t) => {
    await cluster.members[2]!.close();
    const { code, findings } = await examined(cluster.clientUrls[0]!, '--command-timeout=2s');
    t.equal(code, 1);
    t.equal(count(findings, 'problem', /it does not answer/), 1);
  });

  await t.test('and a majority that is gone', async (t) => {
    await cluster.members[1]!.close();
    const { code, findings } = await examined(cluster.clientUrls[0]!, '--command-timeout=2s');
    t.equal(code, 1);
    t.equal(count(findings, 'problem', /a read that needs a majority fails/), 1);
    t.equal(count(findings, 'note', /^1 of 3 members answer$/), 1);
  });
});

t.test('nobody there is one problem per endpoint', async (t) => {
  const { code, findings } = await examined('127.0.0.1:1,127.0.0.1:2', '--command-timeout=300ms');
  t.equal(code, 1);
  t.equal(count(findings, 'problem', /it does not answer/), 2);
  t.equal(findings.length, 2);
});

t.test('several clusters behind the endpoints are told apart', async (t) => {
  await using one = await startMember({ memory: true, listenClientUrls: ['http://127.0.0.1:0'], ...timing });
  await using other = await startMember({
    name: 'other',
    memory: true,
    initialClusterToken: 'other',
    listenClientUrls: ['http://127.0.0.1:0'],
    ...timing,
  });
  await Promise.all([one.ready, other.ready]);
  const { code, findings } = await examined([...one.clientUrls, ...other.clientUrls].join(','));
  t.equal(code, 1);
  t.equal(count(findings, 'problem', /several clusters/), 1);
});
