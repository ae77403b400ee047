/**
 * Members compare what they have applied, all the time, and what they have on disk, when they are told to (etcd's
 * `--corrupt-check-time` and `--compact-hash-check-enabled`). Whoever differs from the majority is named in a CORRUPT
 * alarm, and nothing more is written until it is gone: the member that is named rebuilds itself from another one and ends
 * it (`rebuild.ts`), or an operator does.
 *
 *     follower                                    leader
 *     digest at every 16th entry (a ring)         the same
 *        │ the newest, every few seconds  ───────►  at the same index, the same digest?
 *        │ hash of the keys at a revision ───────►  hashed at that revision here, the same hash?
 *
 * Only what both have at the same place is compared: an index that the leader has forgotten or not applied yet, or a
 * revision below its compaction, says nothing. One that differs from the leader is not the wrong one for that: with
 * members a, b, c, where the leader a applied something wrong, b and c differ from it and agree with each other, and a is
 * named. That they agree has to be seen: were b and c each wrong in their own way, a would be rebuilt from a wrong one. So
 * a member that differs sends all the digests that it remembers, of which some are of the same index. Where there is
 * no majority to go by, the alarm names nobody (etcd's member 0), and nobody rebuilds himself from anybody.
 */

import type { HashDone } from '../mvcc/hash.ts';
import { type NodeId, nobody } from '../raft/types.ts';
import { Failure } from '../util/failure.ts';
import type { Clock, Logger } from '../util/runtime.ts';
import { LeaderMethod, type LeaderReply } from './leader-calls.ts';
import { Testimony } from './testimony.ts';
import type { MemberLimits } from './types.ts';

/** Entries between two digests; a power of two. */
const digestEvery = 16;
/** Digests that are remembered: 4096 entries reach back far enough for a follower that lags. */
const maxDigests = 256;
/** The alarm that names nobody. */
const unknownMember = '';
const neverCompacted = -1;

interface Checkpoint {
  readonly index: number;
  readonly digest: number;
  /** All that are remembered, index and digest in turn, of a member that was told that it differs. */
  readonly ring?: readonly number[];
}

interface HashReport {
  readonly revision: number;
  readonly compactRevision: number;
  readonly hash: number;
}

type Report = { readonly id: NodeId } & (Checkpoint | HashReport);

/** What the leader says: null where it has nothing to compare with. */
interface Verdict {
  readonly isSame: boolean | null;
}

/** What is compared, of the member that compares. */
export interface ComparedMember {
  readonly id: NodeId;
  /** Itself where it leads; empty while there is none. */
  readonly leader: NodeId;
  /** False while its state must not be read, or has an alarm already. */
  readonly isReady: boolean;
  readonly digest: number;
  readonly compactRevision: number;
  members(): readonly { readonly id: NodeId }[];
  hashKv(revision: number, done: HashDone): void;
  callLeader(method: LeaderMethod, body: unknown, done: LeaderReply): void;
  /** Raises the CORRUPT alarm in the name of a member, or of nobody. */
  raise(memberId: NodeId): void;
  /** The member differs from the others before it has served anybody: it had better not. */
  giveUp(failure: Failure): void;
}

export class CorruptionWatch {
  readonly #member: ComparedMember;
  readonly #limits: MemberLimits;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #log: Logger;
  readonly #digests = new Map<number, number>();
  #newest: Checkpoint | null = null;
  #reportedIndex = 0;
  #digestCheckedAt: number;
  #hashCheckedAt: number;
  #compactionCheckedAt: number;
  #checkedCompaction: number = neverCompacted;
  #isHashing = false;
  #isStartChecked: boolean;
  #leader: NodeId = nobody;
  /** It was told so when it last reported. */
  #differs = false;
  /** On the leader: what the others have reported, by kind. */
  readonly #testimonies = { digest: new Testimony(), hash: new Testimony() };

  constructor(member: ComparedMember, limits: MemberLimits, clock: Pick<Clock, 'now'>, log: Logger) {
    this.#member = member;
    this.#limits = limits;
    this.#clock = clock;
    this.#log = log;
    const now = clock.now();
    this.#digestCheckedAt = now;
    this.#hashCheckedAt = now;
    this.#compactionCheckedAt = now;
    this.#isStartChecked = !limits.hashCheckAtStart;
  }

  /** After each entry. Cheap: the digest is kept while entries are applied. */
  applied(index: number): void {
    if (index % digestEvery !== 0) return;
    const { digest } = this.#member;
    this.#digests.set(index, digest);
    this.#newest = { index, digest };
    if (this.#digests.size > maxDigests) this.#digests.delete(this.#digests.keys().next().value!);
  }

  /** Another state has taken the place of the one that was compared. */
  reset(): void {
    this.#digests.clear();
    this.#newest = null;
    this.#differs = false;
    this.#reportedIndex = 0;
    this.#checkedCompaction = neverCompacted;
  }

  /** Compares a hash of all keys with the leader's, once. @param done null where there was nothing to compare with */
  compareKeys(done: (isSame: boolean | null) => void): void {
    this.#reportHash(0, done);
  }

  /** Now and then. A follower compares itself with its leader; a leader is compared with. */
  tick(): void {
    const member = this.#member;
    const { leader } = member;
    // Who is named already is not to be named again by what he reported before he was rebuilt.
    if (!member.isReady) this.#forgetTestimonies();
    if (!member.isReady || leader === nobody) return;
    if (leader !== this.#leader) this.#follow(leader);
    if (leader === member.id) {
      this.#isStartChecked = true; // It has been elected by a majority: they are compared with it.
      return;
    }
    const now = this.#clock.now();
    const { digestCheckMs, hashCheckMs, compactHashCheckMs } = this.#limits;
    if (digestCheckMs > 0 && now - this.#digestCheckedAt >= digestCheckMs) {
      this.#digestCheckedAt = now;
      this.#reportDigest();
    }
    if (this.#isHashing) return;
    if (!this.#isStartChecked) this.#reportHash(0);
    else if (hashCheckMs > 0 && now - this.#hashCheckedAt >= hashCheckMs) {
      this.#hashCheckedAt = now;
      this.#reportHash(0);
    } else if (compactHashCheckMs > 0 && now - this.#compactionCheckedAt >= compactHashCheckMs) {
      this.#compactionCheckedAt = now;
      const { compactRevision } = member;
      if (compactRevision !== this.#checkedCompaction) this.#reportHash(compactRevision);
    }
  }

  /** What was reported before was compared with another leader; who leads anew has heard of nobody. */
  #follow(leader: NodeId): void {
    this.#leader = leader;
    this.#forgetTestimonies();
    this.#reportedIndex = 0;
    this.#checkedCompaction = neverCompacted;
  }

  #forgetTestimonies(): void {
    this.#testimonies.digest.clear();
    this.#testimonies.hash.clear();
  }

  #reportDigest(): void {
    const newest = this.#newest;
    if (newest === null || (newest.index === this.#reportedIndex && !this.#differs)) return;
    this.#reportedIndex = newest.index;
    const ring = this.#differs ? { ring: [...this.#digests].flat() } : {};
    const report = { id: this.#member.id, ...newest, ...ring };
    this.#member.callLeader(LeaderMethod.CompareDigest, report, (failure, verdict) => {
      this.#differs = failure === null && (verdict as Verdict).isSame === false;
    });
  }

  /** @param revision 0: the newest */
  #reportHash(revision: number, compared: (isSame: boolean | null) => void = () => {}): void {
    const member = this.#member;
    this.#isHashing = true;
    this.#hash(revision, (error, result) => {
      if (error !== null || result === null) {
        this.#isHashing = false;
        compared(null);
        return;
      }
      const report = { id: member.id, ...result };
      member.callLeader(LeaderMethod.CompareHash, report, (failure, verdict) => {
        this.#isHashing = false;
        const { isSame } = failure === null ? (verdict as Verdict) : { isSame: null };
        compared(isSame);
        if (isSame === null) return;
        if (revision === result.compactRevision) this.#checkedCompaction = revision;
        this.#judgeStart(isSame);
      });
    });
  }

  /** A compaction may come in between: then there is nothing to say. */
  #hash(revision: number, done: HashDone): void {
    try {
      this.#member.hashKv(revision, done);
    } catch (error) {
      done(error as Error, null);
    }
  }

  #judgeStart(isSame: boolean): void {
    if (this.#isStartChecked) return;
    this.#isStartChecked = true;
    if (isSame) return;
    const told =
      'this member has other data than its leader: give it a new data directory, from a healthy member';
    this.#member.giveUp(new Failure('corrupt', told));
  }

  /** On the leader: what another member reports. */
  serve(_method: LeaderMethod, body: unknown, reply: LeaderReply): void {
    const report = body as Report;
    const answer = (isSame: boolean | null): void => {
      reply(null, { isSame } satisfies Verdict);
      if (isSame !== null) this.#take(report, isSame);
    };
    if ('index' in report) {
      const digest = this.#digests.get(report.index);
      answer(digest === undefined ? null : digest === report.digest);
      return;
    }
    const { revision, compactRevision, hash } = report;
    if (compactRevision !== this.#member.compactRevision) {
      answer(null);
      return;
    }
    this.#hash(revision, (error, mine) => {
      const isComparable = error === null && mine?.compactRevision === compactRevision;
      answer(isComparable ? mine.hash === hash : null);
    });
  }

  #take(report: Report, isSame: boolean): void {
    if (!this.#member.isReady) return;
    if ('index' in report) {
      const ring = [report.index, report.digest, ...(report.ring ?? [])];
      this.#testimonies.digest.give(report.id, isSame, ring, (index) => this.#digests.get(index));
      this.#judge('digest');
      return;
    }
    // Hashes of one revision and one compaction compare; the leader's own is only known to be another one.
    const place = report.revision * 2 ** 20 + (report.compactRevision % 2 ** 20);
    this.#testimonies.hash.give(report.id, isSame, [place, report.hash], () => undefined);
    this.#judge('hash');
  }

  #judge(kind: 'digest' | 'hash'): void {
    const member = this.#member;
    const ids = member.members().map(({ id }) => id);
    const { wrong, isUndecided } = this.#testimonies[kind].judge(ids, member.id);
    if (wrong.length === 0 && !isUndecided) return;
    this.#log.error('members have applied different things', { kind, members: wrong });
    for (const id of wrong) member.raise(id);
    if (!isUndecided) return;
    const told = 'no majority of the members agrees: nobody can tell who is right, and nothing is rebuilt';
    this.#log.error(told, { kind });
    member.raise(unknownMember);
  }
}
