/** A majority is lost for good: what is left is looked at, named, and goes on alone or as a new cluster. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { freePorts } from '../../bench/ports.ts';
import { connect } from '../../src/client/index.ts';
import { goOnAlone, inspectSurvivor, longestLog } from '../../src/embed/survivor.ts';
import { type Member, startCluster, startMember } from '../../src/index.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { ctl } from '../cli/ctl-harness.ts';

t.setTimeout(600_000);

const runtime = nodeRuntime();
const timing = { heartbeatMs: 20, electionMs: 200 };

interface Lost {
  readonly folder: string;
  /** Directory of the member that led last. It has an entry that nobody else has. */
  readonly leader: string;
  readonly others: readonly string[];
  readonly clusterId: string;
}

/** A cluster of three that has ended: `acknowledged` is on all of them, `unsure` was written without a majority. */
async function lostCluster(t: Test): Promise<Lost> {
  const folder = mkdtempSync(join(tmpdir(), 'k-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  // The leader must still lead when the others are gone, however slow the machine is.
  await using cluster = await startCluster({
    dataDir: folder,
    listen: true,
    heartbeatMs: 20,
    electionMs: 10_000,
  });
  await Promise.all(cluster.members.map(({ ready }) => ready));
  await using client = connect({ endpoints: cluster.clientUrls });
  for (let at = 0; at < 20; at++) await client.put('acknowledged', `${at}`);
  const { header } = await client.range('acknowledged');
  const leader = cluster.leader()!;
  for (const member of cluster.members) {
    while (member.served.store.revision < header.revision) await client.get('acknowledged');
  }
  const others = cluster.members.filter((member) => member !== leader);
  await Promise.all(others.map((member) => member.close()));
  await using alone = connect({ endpoints: leader.clientUrls });
  await alone.get('acknowledged', { serializable: true }); // It is connected now.
  const unsure = await alone.put('unsure', 'kept', { timeoutMs: 300 }).catch((error: unknown) => error);
  t.match(unsure, { mayHaveHappened: true });
  const place = ({ name }: { readonly name: string }) => join(folder, name);
  return { folder, leader: place(leader), others: others.map(place), clusterId: leader.clusterId };
}

t.test('the longest log is the one with the later term, then with the later entry', async (t) => {
  const one = (lastTerm: number, lastIndex: number) => ({ lastTerm, lastIndex }) as never;
  t.equal(longestLog([]), null);
  t.match(longestLog([one(2, 90), one(3, 10), one(3, 11), one(3, 9)]), { lastTerm: 3, lastIndex: 11 });
});

t.test('a member goes on alone with all that is in its log, and the others are out for good', async (t) => {
  const { leader, others, clusterId } = await lostCluster(t);
  const seen = await Promise.all([leader, ...others].map((dir) => inspectSurvivor(dir, null, runtime)));
  t.equal(longestLog(seen)!.dataDir, leader);
  for (const { members, revision, commit, lastIndex, clusterId: own } of seen) {
    t.equal(members.length, 3);
    t.equal(revision, 21);
    t.equal(own, clusterId);
    t.ok(commit <= lastIndex);
  }
  const removed = await goOnAlone(leader, null, runtime);
  t.same(
    removed,
    seen
      .map(({ memberId }) => memberId)
      .filter((id) => id !== seen[0]!.memberId)
      .sort(),
  );
  const { name, peerUrls } = seen[0]!;
  const initialCluster = { [name]: [...peerUrls] };
  const start = () =>
    startMember({
      dataDir: leader,
      name,
      initialCluster,
      listenClientUrls: ['http://127.0.0.1:0'],
      ...timing,
    });
  for (let round = 0; round < 2; round++) {
    await using member = await start();
    await member.ready;
    t.equal(member.clusterId, clusterId);
    t.same(
      member.members().map(({ id }) => id),
      [member.id],
    );
    await using client = connect(member.clientUrls[0]!);
    t.equal((await client.get('acknowledged'))?.text, '19');
    t.equal((await client.get('unsure'))?.text, 'kept');
    t.ok(await client.put('after', `${round}`));
  }
});

t.test('what runs, and what is no data, is not looked at', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'k-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const dataDir = join(folder, 'running');
  await using member = await startMember({ dataDir });
  await member.ready;
  t.match(await inspectSurvivor(dataDir, null, runtime).catch((error) => error), { reason: 'dataDirLocked' });
  t.match(await goOnAlone(join(folder, 'none'), null, runtime).catch((error) => error), {
    reason: 'badConfig',
  });
  t.notOk(existsSync(join(folder, 'none')), 'and nothing is made there');
});

t.test('recover says what it would do, and begins a new cluster that clients can tell', async (t) => {
  const { folder, leader, others, clusterId } = await lostCluster(t);
  const target = join(folder, 'new');
  const run = (...args: string[]) => ctl('unused', { args: ['recover', ...args] });

  t.match(await run(), { code: 128, err: /data directory of every member/ });
  t.match(await run(leader, others[0]!), { code: 1, err: /2 of 3 voting members are here.*start them/ });
  t.match(await run(leader, leader), { code: 128, err: /the same member is given twice/ });
  t.match(await run(join(folder, 'none')), { code: 1, err: /none of them can be read/ });

  const before = readdirSync(folder);
  const dry = await run(leader, join(folder, 'none'), '--to', target);
  t.equal(dry.code, 0, dry.err);
  t.match(
    Buffer.from(dry.out, 'latin1').toString(),
    /longest log(.*\n)*.*holds no log(.*\n)*Nothing has been changed\./u,
  );
  t.same(readdirSync(folder), before);
  const [shown] = JSON.parse((await run(leader, '-w', 'json')).out);
  t.match(shown, { clusterId, revision: 21, longest: true });

  // The log may be elsewhere.
  const wal = join(folder, 'log');
  renameSync(join(leader, 'wal'), wal);
  t.match(await run(leader), { code: 1, err: /none of them can be read/ });
  t.match(await run(leader, '--wal-dir', `${wal},${wal}`), {
    code: 128,
    err: /1 data directories and 2 of logs/,
  });

  const done = await run(leader, '--wal-dir', wal, '--to', target, '--confirm', '--bump-revision=1000');
  t.equal(done.code, 0, done.err);
  t.notOk(existsSync(`${target}.recovering`), 'nothing is left over');
  t.match(await run(leader, '--wal-dir', wal, '--to', target, '--confirm'), {
    code: 128,
    err: /is not empty/,
  });
  renameSync(wal, join(leader, 'wal'));
  await using member = await startMember({
    dataDir: target,
    listenClientUrls: ['http://127.0.0.1:0'],
    ...timing,
  });
  await member.ready;
  t.not(member.clusterId, clusterId);
  t.equal(member.members().length, 1);
  await using client = connect(member.clientUrls[0]!);
  const found = await client.range({ prefix: '' });
  t.same(
    found.pairs.map(({ keyText, text }) => `${keyText}=${text}`),
    ['acknowledged=19', 'unsure=kept'],
  );
  t.equal(found.header.revision, 22 + 1000);
  const old = client.watch({ prefix: '' }, { startRevision: 22 });
  const told = await old
    .messages()
    .next()
    .catch((error) => error);
  t.match(told, { reason: 'watchCompacted' }, 'a watch of before is told');
  t.equal((await inspectSurvivor(leader, null, runtime)).revision, 21, 'the old data is as it was');
});

t.test(
  'the longest log without a state, and a state without the end of that log, come together',
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'k-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const place = (name: string): string => join(folder, name);
    const ports = await freePorts(3);
    const initialCluster = Object.fromEntries(
      ports.map((port, at) => [`m${at}`, [`http://127.0.0.1:${port}`]]),
    );
    const begin = (name: string): Promise<Member> =>
      startMember({
        ...{ name, dataDir: place(name), initialCluster, listenPeerUrls: initialCluster[name]! },
        ...{ listenClientUrls: ['http://127.0.0.1:0'], heartbeatMs: 50, electionMs: 500, catchUpEntries: 1 },
      });
    const all = Object.keys(initialCluster);
    const members = await Promise.all(all.map(begin));
    t.teardown(() => Promise.all(members.map((member) => member.close())));
    await Promise.all(members.map(({ ready }) => ready));
    const logs = (): string[][] => all.map((name) => readdirSync(join(place(name), 'wal')));
    while (logs().some((files) => files.includes('0000000000000001.wal'))) {
      await members[0]!.client.put('large', 'v'.repeat(200_000));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    // The third is behind, the second is gone, and the first has lost its state.
    await members[2]!.close();
    for (let at = 0; at < 20; at++) await members[0]!.client.put('acknowledged', `${at}`);
    await Promise.all(members.map((member) => member.close()));
    rmSync(join(place('m0'), 'state'), { recursive: true });
    const lost = await inspectSurvivor(place('m0'), null, runtime);
    t.ok(lost.applied < lost.logBase, `${lost.applied} < ${lost.logBase}`);

    const advised = await ctl('unused', { args: ['recover', place('m0'), place('m2')] });
    t.equal(advised.code, 1);
    t.match(advised.err, /the state of .* is lost, and its log is the longest(.|\n)*Nothing is lost/);
    const alone = await ctl('unused', { args: ['recover', place('m0')] });
    t.match(alone, { code: 1, err: /no state that is left reaches there/ });

    const forced = ['recover', place('m0'), place('m2'), '--force', '--confirm', '--to', place('new')];
    const done = await ctl('unused', { args: forced });
    t.equal(done.code, 0, done.err);
    t.match(done.out, /Its own state is lost: that of m2 is taken/);
    {
      await using member = await startMember({
        dataDir: place('new'),
        listenClientUrls: ['http://127.0.0.1:0'],
        ...timing,
      });
      await member.ready;
      t.equal(
        (await member.client.get('acknowledged'))?.text,
        '19',
        'a new cluster has what was acknowledged',
      );
    }

    const commands = advised.err.split('\n').filter((line) => line.startsWith('  '));
    t.equal(commands.length, 2);
    // Word for word.
    for (const command of commands) execFileSync('sh', ['-c', command]);
    const back = await Promise.all(['m0', 'm2'].map(begin));
    t.teardown(() => Promise.all(back.map((member) => member.close())));
    await Promise.all(back.map(({ ready }) => ready));
    t.equal(back[0]!.clusterId, members[0]!.clusterId);
    t.equal(
      (await back[1]!.client.get('acknowledged'))?.text,
      '19',
      'and so has the old one, by its own majority',
    );
    t.ok(await back[1]!.client.put('after', 'it serves'));
  },
);
