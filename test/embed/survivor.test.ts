/** A majority is lost for good: what is left is looked at, named, and goes on alone or as a new cluster. */

import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { connect } from '../../src/client/index.ts';
import { goOnAlone, inspectSurvivor, longestLog } from '../../src/embed/survivor.ts';
import { startCluster, startMember } from '../../src/index.ts';
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
