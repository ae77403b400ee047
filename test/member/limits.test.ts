/** What a member bounds, at the edges. */

import t from 'tap';
import type { Backend, BackendEntry } from '../../src/backend/backend.ts';
import { memoryBackend } from '../../src/backend/memory-backend.ts';
import { Alarms, loadAlarms } from '../../src/member/alarms.ts';
import { CorruptionWatch } from '../../src/member/corruption.ts';
import { Departure } from '../../src/member/departure.ts';
import type { ExportedState } from '../../src/member/etcd-snapshot.ts';
import { LeaderCalls, LeaderMethod } from '../../src/member/leader-calls.ts';
import { loadMembership, type Membership, memberEntry } from '../../src/member/membership.ts';
import { ReadRounds } from '../../src/member/reads.ts';
import { type RebuiltMember, StateRebuild } from '../../src/member/rebuild.ts';
import { AckStatus, decodeAck } from '../../src/member/snapshot-frames.ts';
import { SnapshotReceiver } from '../../src/member/snapshot-receiver.ts';
import { SnapshotTransfers } from '../../src/member/snapshot-transfers.ts';
import { StateExports } from '../../src/member/state-exports.ts';
import { Testimony } from '../../src/member/testimony.ts';
import { defaultLimits } from '../../src/member/types.ts';
import type { Disk } from '../../src/util/disk.ts';
import { Failure } from '../../src/util/failure.ts';
import { memoryDisk } from '../../src/util/memory-disk.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import type { Scheduler } from '../../src/util/runtime.ts';
import { TestClock } from '../auth/rig.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const scheduler = { defer: (job: () => void): void => job() };
const newBackend = (): Backend => memoryBackend({ scheduler });

t.test('maxAlarms of member/alarms: as many are raised and read again, and none more', async (t) => {
  const max = 1000;
  const backend = newBackend();
  const alarms = new Alarms(backend, []);
  for (let at = 0; at < max; at++) alarms.raise(`m${at}`, 1);
  t.equal(alarms.raise('m0', 1).memberId, 'm0', 'one that is there may be raised again');
  t.throws(() => alarms.raise('one more', 1), new Failure('tooManyRequests'));
  const read = await new Promise<Alarms>((resolve) => {
    loadAlarms(backend, (_error, found) => resolve(found!));
  });
  t.equal(read.list().length, max);
  alarms.clear('m0', 1);
  t.equal(alarms.raise('one more', 1).memberId, 'one more');
});

t.test(
  'maxMembers of member/membership, maxRemoved of member/membership: more than these are damage, and never cut',
  async (t) => {
    const load = (backend: Backend, limits?: { members: number; removed: number }) =>
      new Promise<Membership | Error>((resolve) => {
        const done = (error: Error | null, found: Membership | null): void => resolve(error ?? found!);
        if (limits === undefined) loadMembership(backend, done);
        else loadMembership(backend, done, limits);
      });
    const backend = newBackend();
    const add = (at: number): void => {
      const id = at.toString(16).padStart(16, '0');
      const member = { id, name: '', peerUrls: [], clientUrls: [], isLearner: false };
      const { key, value } = memberEntry(member);
      backend.put(key, value);
    };
    for (let at = 0; at < 1000; at++) add(at);
    t.equal(((await load(backend)) as Membership).list().length, 1000);
    add(1000);
    t.match(await load(backend), { reason: 'backendDamaged', message: /more than 1000 members/ });
    for (const id of ['a', 'b', 'c']) backend.put(`d${id}`, new Uint8Array(0));
    t.ok(((await load(backend, { members: 1001, removed: 3 })) as Membership).wasRemoved('c'));
    const told = await load(backend, { members: 1001, removed: 2 });
    t.match(told, { reason: 'backendDamaged', message: /more than 2 removed members/ });
  },
);

t.test('maxCalls of member/leader-calls: so many wait for the leader, and one more is refused', async (t) => {
  let leader = '';
  const calls = new LeaderCalls({
    id: 'a',
    run: 1,
    leader: () => leader,
    send: () => true,
    now: () => 0,
    serve: (_method, _body, reply) => reply(null, null),
  });
  const call = () => calls.call(LeaderMethod.RenewLease, null, true, () => {});
  for (let at = 0; at < 20_000; at++) if (call() !== null) t.fail(`refused at ${at}`);
  t.match(call(), { reason: 'tooManyRequests' });
  leader = 'a';
  calls.pump();
  t.notOk(calls.isWaiting);
  t.equal(call(), null, 'and again');
});

t.test('maxDigests of member/corruption: so many are told to the leader, the newest of them', async (t) => {
  const rings: number[][] = [];
  const clock = new TestClock();
  const limits = { ...defaultLimits, digestCheckMs: 10, hashCheckMs: 0, compactHashCheckMs: 0 };
  const watch = new CorruptionWatch(
    {
      id: 'b',
      leader: 'a',
      isReady: true,
      digest: 7,
      compactRevision: 0,
      members: () => [{ id: 'a' }, { id: 'b' }],
      hashKv: () => {},
      callLeader: (_method, body, done) => {
        const { ring } = body as { ring?: number[] };
        if (ring !== undefined) rings.push(ring);
        done(null, { isSame: false });
      },
      raise: () => {},
      giveUp: () => {},
    },
    limits,
    clock,
    silent,
  );
  const told = (): number[] => {
    clock.turn(10);
    watch.tick();
    clock.turn(10);
    watch.tick();
    return rings.at(-1)!.filter((_, at) => at % 2 === 0);
  };
  for (let index = 16; index <= 256 * 16; index += 16) watch.applied(index);
  t.match(told(), { length: 256, 0: 16 });
  watch.applied(257 * 16);
  t.match(told(), { length: 256, 0: 32, 255: 257 * 16 });
});

t.test(
  'maxTold of member/departure: of more members the one that was told first is told again',
  async (t) => {
    const told: string[] = [];
    const clock = new TestClock();
    const send = (to: string): boolean => told.push(to) > 0;
    const departure = new Departure({ clock, log: silent, electionMs: 1000, send, fail: () => {} });
    for (let at = 0; at < 100; at++) departure.heard(`m${at}`);
    departure.heard('m0');
    t.equal(told.length, 100, 'all are remembered');
    departure.heard('m100');
    departure.heard('m1');
    departure.heard('m0');
    t.same(told.slice(100), ['m100', 'm0'], 'the first one was forgotten');
  },
);

t.test('maxRounds of member/reads: so many rounds are under way, and the next reads wait', async (t) => {
  const reads = new ReadRounds();
  const asked: number[] = [];
  const begin = (): void => {
    reads.add(0, () => {});
    reads.begin(0, (context) => asked.push(context) > 0);
  };
  for (let at = 0; at < 4; at++) begin();
  t.equal(asked.length, 4);
  begin();
  t.equal(asked.length, 4);
  t.ok(reads.hasWaiting);
  reads.confirmed(asked[0]!, 1);
  reads.begin(0, (context) => asked.push(context) > 0);
  t.equal(asked.length, 5);
  t.notOk(reads.hasWaiting);
});

t.test('maxPlaces of member/testimony: the oldest place is forgotten, and no newer one', async (t) => {
  // The others agree with each other at place 1 alone: whether it is remembered decides who is wrong.
  const judged = (places: number): readonly string[] => {
    const testimony = new Testimony();
    for (const id of ['b', 'c']) {
      const values = [1, 100];
      const own = id === 'b' ? 1000 : 2000;
      for (let place = 2; place <= places; place++) values.push(place, own + place);
      testimony.give(id, false, values, () => 0);
    }
    return testimony.judge(['a', 'b', 'c'], 'a').wrong;
  };
  t.same(judged(256), ['a']);
  t.same(judged(257), []);
});

t.test('maxWaiting of member/snapshot-receiver: so many chunks wait, the next is dropped', async (t) => {
  const added: number[] = [];
  let proceed: ((error: Error | null) => void) | null = null;
  const acks: number[] = [];
  const backend = {
    beginRestore: () => ({
      add: (entries: readonly BackendEntry[], done: (error: Error | null) => void) => {
        added.push(entries.length);
        proceed = done;
      },
      commit: () => {},
      abort: () => {},
    }),
  } as unknown as Backend;
  const receiver = new SnapshotReceiver(backend, {
    send: (_to, frame) => {
      const { status, next } = decodeAck(frame);
      if (status === AckStatus.Continue) acks.push(next);
      return true;
    },
    complete: () => {},
    begins: () => () => {},
  });
  const conf = { voters: ['a', 'b'], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
  const snapshot = { index: 9, term: 1, conf };
  receiver.onOffer('a', { transfer: 7, term: 1, snapshot, meta: Buffer.alloc(0) }, 1);
  const chunk = (sequence: number): void =>
    receiver.onChunk('a', { transfer: 7, sequence, last: false, entries: [] });
  // One is being added, 16 wait.
  for (let sequence = 0; sequence <= 17; sequence++) chunk(sequence);
  const drain = (): void => {
    while (proceed !== null) {
      const next: (error: Error | null) => void = proceed;
      proceed = null;
      next(null);
    }
  };
  drain();
  t.equal(added.length, 17);
  t.equal(acks.at(-1), 17, 'the sender is told which one comes next');
  chunk(17);
  drain();
  t.equal(added.length, 18);
});

t.test('maxSenders of member/snapshot-transfers: two states are sent at once, the third waits', async (t) => {
  const begun: string[] = [];
  const figures = { begin: (peer: string) => begun.push(peer) > 0 && (() => {}) };
  const options = {
    raft: { term: 1, isHollow: false, appliedIndex: 1, snapshotStarted() {}, reportSnapshot() {} },
    backend: { snapshot: () => {} },
    network: { isConnected: () => true, send: () => true },
    runtime: { ...nodeRuntime(), log: silent },
    mark: () => {},
    complete: () => {},
    changed: () => {},
    sends: figures,
    receipts: figures,
  };
  const transfers = new SnapshotTransfers(options as never);
  transfers.send(['b', 'c', 'd']);
  t.same(begun, ['b', 'c']);
});

function exportsOnHand(disk: (queue: Scheduler) => Disk = memoryDisk) {
  const jobs: (() => void)[] = [];
  const queue = { defer: (job: () => void): void => void jobs.push(job) };
  const drain = (): void => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) job();
  };
  const backend = memoryBackend({ scheduler: queue });
  const runtime = { ...nodeRuntime(), scheduler };
  const exports = new StateExports({
    ...{ backend, runtime, directory: 'exports', mark: () => {} },
    disk: disk(queue),
  });
  const outcomes: string[] = [];
  const made: ExportedState[] = [];
  const begin = (name: string): void =>
    exports.begin((error, state) => {
      outcomes.push(`${name} ${error === null ? 'ok' : error.message}`);
      if (state !== null) made.push(state);
    });
  return { begin, drain, outcomes, made };
}

const tooMany = new Failure('tooManyRequests').message;

t.test('maxExports of member/state-exports: two are written at once, the third is refused', async (t) => {
  const { begin, drain, outcomes } = exportsOnHand();
  for (const name of ['a', 'b', 'c']) begin(name);
  t.same(outcomes, [`c ${tooMany}`]);
  drain();
  begin('d');
  drain();
  t.same(outcomes.slice(1).sort(), ['a ok', 'b ok', 'd ok']);
});

t.test(
  'maxFiles of member/state-exports: sixteen may wait for slow clients, one more is refused',
  async (t) => {
    const { begin, drain, outcomes, made } = exportsOnHand();
    const next = (): string | undefined => {
      begin('');
      drain();
      return outcomes.pop()?.trim();
    };
    for (let at = 0; at < 16; at++) t.equal(next(), 'ok');
    t.equal(next(), tooMany);
    made[3]!.close();
    t.equal(next(), 'ok');
    t.equal(next(), tooMany);
  },
);

t.test('a snapshot whose file cannot be made is refused, and leaves its place to others', async (t) => {
  let isFull = true;
  const { begin, drain, outcomes } = exportsOnHand((queue) => {
    const disk: Disk = memoryDisk(queue);
    const create = disk.create.bind(disk);
    disk.create = (path) => {
      if (isFull) throw new Error('EMFILE: too many open files');
      return create(path);
    };
    return disk;
  });
  for (let at = 0; at < 20; at++) {
    begin('a');
    drain();
  }
  t.same(new Set(outcomes), new Set(['a EMFILE: too many open files']));
  isFull = false;
  begin('b');
  drain();
  t.equal(outcomes.at(-1), 'b ok');
});

t.test(
  'maxAttempts of member/rebuild: a member that differs again is rebuilt three times, and no more',
  async (t) => {
    let discarded = 0;
    let isHollow = false;
    const member: RebuiltMember = {
      id: 'b',
      leader: 'a',
      get isHollow() {
        return isHollow;
      },
      isReplacingState: false,
      isNamed: (id) => id === 'b',
      handOver: () => {},
      stepDown: () => {},
      discardState: (done) => {
        discarded++;
        isHollow = true;
        done();
      },
      callLeader: (_method, _body, done) => done(null, null),
      compareKeys: (done) => done(false),
      clearAlarm: () => {},
    };
    const clock = new TestClock();
    const rebuild = new StateRebuild(member, true, clock, silent);
    for (let at = 0; at < 50; at++) {
      clock.turn(60_000);
      rebuild.tick();
      if (at % 5 === 4) isHollow = false; // A state has come from the leader.
    }
    t.equal(discarded, 3);
  },
);
