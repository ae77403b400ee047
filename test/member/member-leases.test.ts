/** Leases of one member: what it asks of the log, of the leader and of a read round before it answers. */

import t from 'tap';
import { decodeCheckpoints, decodeExpiry } from '../../src/lease/commands.ts';
import type { Leases } from '../../src/lease/leases.ts';
import type { LeaderReply } from '../../src/member/leader-calls.ts';
import { MemberLeases } from '../../src/member/member-leases.ts';
import { defaultLimits, type ProposeDone, type ReadDone, RequestKind } from '../../src/member/types.ts';
import type { RaftNode } from '../../src/raft/raft-node.ts';
import { Role } from '../../src/raft/types.ts';
import { Failure } from '../../src/util/failure.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { decodeLeaseGrantRequest, decodeLeaseRevokeRequest } from '../../src/wire/lease-codec.ts';
import { freshRig } from '../lease/rig.ts';

interface Proposal {
  readonly kind: RequestKind;
  readonly body: Uint8Array;
  readonly done: ProposeDone<unknown>;
}

class Rig {
  readonly leases: Leases;
  readonly member: MemberLeases;
  readonly raft = { role: Role.Leader as Role, term: 5, appliedIndex: 9, termAt: () => this.appliedTerm };
  appliedTerm = 5;
  now = 0;
  readonly reads: ReadDone[] = [];
  readonly proposals: Proposal[] = [];
  readonly asked: { readonly body: unknown; readonly reply: LeaderReply }[] = [];
  /** What was replied, as `reason` or the result. */
  readonly replies: unknown[] = [];

  private constructor(leases: Leases) {
    this.leases = leases;
    const propose = <T>(kind: RequestKind, body: Uint8Array, done: ProposeDone<T>): void => {
      this.proposals.push({ kind, body, done: done as ProposeDone<unknown> });
    };
    const runtime = nodeRuntime();
    this.member = new MemberLeases({
      leases,
      raft: this.raft as unknown as RaftNode,
      runtime: { ...runtime, clock: { ...runtime.clock, now: () => this.now } },
      limits: defaultLimits,
      propose: (kind, body, _request, done) => propose(kind, body, done),
      proposeOwn: (kind, body, done) => propose(kind, body, done),
      callLeader: (_method, body, _repeatable, reply) => this.asked.push({ body, reply }),
      linearize: (done) => this.reads.push(done),
    });
  }

  static async leading(): Promise<Rig> {
    const rig = new Rig((await freshRig()).leases);
    rig.member.tick();
    return rig;
  }

  readonly reply: LeaderReply = (failure, result) => {
    this.replies.push(failure?.reason ?? result);
  };

  confirm(): void {
    for (const done of this.reads.splice(0)) done(null);
  }

  run(ms: number): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += 100;
      this.member.tick();
    }
  }
}

t.test('a grant goes into the log with an id and a TTL that may be applied', async (t) => {
  const { member, proposals } = await Rig.leading();
  member.grant(0n, -5, () => {});
  member.grant(77n, 60, () => {});
  member.revoke(77n, () => {});
  const [drawn, given, revoked] = proposals;
  const { id, ttl } = decodeLeaseGrantRequest(drawn!.body);
  t.ok(id > 0n);
  t.equal(ttl, 2);
  t.same(decodeLeaseGrantRequest(given!.body), { id: 77n, ttl: 60 });
  t.same([drawn!.kind, revoked!.kind], [RequestKind.LeaseGrant, RequestKind.LeaseRevoke]);
  t.equal(decodeLeaseRevokeRequest(revoked!.body), 77n);
});

t.test('a renewal is answered when this member is known to have led after it, and not before', async (t) => {
  const rig = await Rig.leading();
  rig.leases.grant(1n, 60);
  rig.member.serveRenewal(1n, rig.reply);
  t.same(rig.replies, []);
  rig.confirm();
  t.same([rig.replies, rig.proposals], [[60], []]);
});

t.test('a member that was deposed does not answer, although the new leader confirms its read', async (t) => {
  for (const [role, term] of [
    [Role.Follower, 6],
    [Role.Leader, 7],
    [Role.Candidate, 5],
  ] as const) {
    const rig = await Rig.leading();
    rig.leases.grant(1n, 60);
    rig.member.serveRenewal(1n, rig.reply);
    rig.member.serveRenewal(2n, rig.reply);
    rig.member.serveTimeToLive({ id: '1' }, rig.reply);
    // No tick comes in between.
    rig.raft.role = role;
    rig.raft.term = term;
    rig.confirm();
    t.same(rig.replies, ['notLeader', 'notLeader', 'notLeader'], `${role} in term ${term}`);
  }
});

t.test('the leader tells the time of a lease, and its keys are those here when that was told', async (t) => {
  const rig = await Rig.leading();
  const answers: unknown[] = [];
  const ask = (wantsKeys: boolean, told: unknown): void => {
    rig.member.timeToLive(1n, wantsKeys, (failure, left) => answers.push(failure?.reason ?? left));
    const { body, reply } = rig.asked.pop()!;
    t.same(body, { id: '1' });
    reply(null, told);
  };
  const told = { ttl: 50, grantedTtl: 60 };
  rig.leases.grant(1n, 60);
  rig.leases.attach(1n, 'b');
  ask(false, told);
  ask(true, null);
  t.same([answers.splice(0), rig.reads.length], [[{ ...told, keys: [] }, null], 0]);
  ask(true, told);
  t.same(answers, []);
  rig.leases.attach(1n, 'a');
  rig.confirm();
  t.same(answers.splice(0), [{ ...told, keys: ['a', 'b'] }]);
  ask(true, told);
  rig.leases.revoke(1n);
  rig.confirm();
  ask(true, told);
  rig.reads.pop()!(new Failure('timeout'));
  t.same(answers, [null, 'timeout']);
});

t.test(
  'a renewal of a lease that was checkpointed is answered when that was taken back in the same term',
  async (t) => {
    const rig = await Rig.leading();
    rig.leases.grant(1n, 60);
    rig.leases.checkpoint(1n, 20);
    rig.member.serveRenewal(1n, rig.reply);
    rig.member.serveRenewal(1n, rig.reply);
    const [first, second] = rig.proposals;
    t.same(decodeCheckpoints(first!.body), { term: 5, checkpoints: [{ id: 1n, remainingTtl: 0 }] });
    t.same([rig.replies, rig.reads.length], [[], 0]);
    rig.leases.checkpoint(1n, 0);
    first!.done(null, true);
    second!.done(null, false);
    t.same(rig.replies, [60, 'notLeader'], 'one that stands in the log under another term does not count');
  },
);

t.test(
  'a lease that is over is proposed with the term, and its renewals are answered when it is gone',
  async (t) => {
    const rig = await Rig.leading();
    rig.leases.grant(1n, 2);
    rig.run(2200);
    const [expiry] = rig.proposals;
    t.equal(expiry!.kind, RequestKind.LeaseExpire);
    t.same(decodeExpiry(expiry!.body), { term: 5, ids: [1n] });
    rig.member.serveRenewal(1n, rig.reply);
    t.same(rig.replies, []);
    rig.leases.revoke(1n);
    t.same(rig.replies, [0]);
    rig.member.serveRenewal(1n, rig.reply);
    rig.confirm();
    t.same(rig.replies, [0, 0]);
  },
);

t.test(
  'the time begins when everything of the terms before is applied, and ends with the leadership',
  async (t) => {
    const rig = await Rig.leading();
    rig.leases.grant(1n, 2);
    rig.raft.term = 6;
    rig.run(5000);
    t.same(rig.proposals, [], 'leads, but has applied nothing of its term');
    rig.member.serveRenewal(1n, rig.reply);
    t.same(rig.replies, ['notLeader']);
    rig.appliedTerm = 6;
    rig.run(3000);
    t.same(rig.proposals, [], 'two seconds and an election timeout');
    rig.run(200);
    t.same(decodeExpiry(rig.proposals[0]!.body), { term: 6, ids: [1n] });
    rig.member.serveRenewal(1n, rig.reply);
    rig.raft.role = Role.Follower;
    rig.run(100);
    t.same(rig.replies, ['notLeader', 'notLeader'], 'who waited is sent on');
    rig.run(9000);
    t.equal(rig.proposals.length, 1);
  },
);

t.test('a checkpoint that never reached the log asks nothing of later renewals', async (t) => {
  const rig = await Rig.leading();
  rig.leases.grant(1n, 60);
  rig.run(24_200);
  const [checkpoint] = rig.proposals;
  t.same(decodeCheckpoints(checkpoint!.body), { term: 5, checkpoints: [{ id: 1n, remainingTtl: 36 }] });
  checkpoint!.done(new Failure('deadlineExceeded'), null);
  rig.member.serveRenewal(1n, rig.reply);
  rig.confirm();
  t.same([rig.replies, rig.proposals.length], [[60], 1]);
});
