/**
 * How a member whose log is damaged comes back: as a new one. It may have forgotten a vote, or an entry that it had
 * acknowledged, so it must never again speak under its id.
 *
 *     entry 7 is on a and b, and acknowledged; a forgets it and goes on; c, which lacks 7, asks a for its vote, gets it,
 *     and leads without 7
 *
 * It asks the other members (peer port, `/keelson/replace`) to take its id out and to take its address in again, as a
 * learner that gets its vote when it has the log. The leader does both in one entry, and only while everybody else is
 * there (`member/reconfiguration.ts`). Until then the damaged member stays away, and asks again.
 */

import { decodeLogIdentity, decodeStateMeta } from '../member/state-meta.ts';
import type { ClusterOrigin, JoinOptions, MemberRecord } from '../member/types.ts';
import { endpointOf } from '../rpc/address.ts';
import { type Dialer, dialer } from '../rpc/dial.ts';
import { getText, type PeerAnswer, postText } from '../rpc/peer-request.ts';
import type { Disk } from '../util/disk.ts';
import { Failure } from '../util/failure.ts';
import type { Runtime } from '../util/runtime.ts';
import { readLogMetadata } from '../wal/metadata.ts';
import type { ResolvedOptions } from './options.ts';

const firstPauseMs = 500;
const longestPauseMs = 10_000;

/** Who a damaged member was, as far as its files tell. */
export interface FormerSelf {
  /** Empty when no file tells. */
  readonly clusterId: string;
  readonly memberId: string;
}

/** @param stateMeta of the state beside the log; empty where there is none */
export function formerSelf(disk: Disk, walDirectory: string, stateMeta: Uint8Array): FormerSelf {
  const metadata = readLogMetadata(disk, walDirectory);
  if (metadata !== null) {
    const { clusterId, memberId } = decodeLogIdentity(metadata);
    return { clusterId, memberId };
  }
  return { clusterId: stateMeta.length === 0 ? '' : decodeStateMeta(stateMeta).clusterId, memberId: '' };
}

/** What is asked of a member's peer port. */
export interface ReplaceRequest {
  readonly clusterId: string;
  readonly memberId: string;
}

/** What it answers: as whom to come back. */
export type ReplaceAnswer = JoinOptions;

/** Why there is no answer yet; the next attempt may have one. */
class NotYet extends Error {}

export class Replacement {
  readonly #options: ResolvedOptions;
  readonly #runtime: Runtime;
  readonly #self: FormerSelf;
  readonly #dial: Dialer;
  readonly #peerUrls: readonly string[];
  readonly #ownUrls: readonly string[];

  constructor(options: ResolvedOptions, runtime: Runtime, self: FormerSelf) {
    const { name, initialCluster } = options;
    const own = initialCluster.find((member) => member.name === name);
    this.#options = options;
    this.#runtime = runtime;
    this.#self = self;
    this.#dial = dialer(options.peerTls, runtime.log);
    this.#ownUrls = own?.peerUrls ?? [];
    this.#peerUrls = initialCluster.filter((member) => member !== own).flatMap((member) => member.peerUrls);
  }

  /**
   * Resolves when the cluster has taken this member in anew.
   * @param damage what is told as long as it has not
   * @param waits told after each attempt that came to nothing
   * @throws Failure 'memberRemoved', or `damage` where there is nobody to ask, or too few others to agree
   */
  async run(damage: Failure, waits: (why: string) => void): Promise<JoinOptions> {
    const { log } = this.#runtime;
    if (this.#peerUrls.length === 0 || this.#self.clusterId === '') throw damage;
    const told =
      'the log is damaged: this member cannot know what it has promised, and asks to be replaced by itself';
    log.error(told, { damage: damage.message });
    let lastWhy = '';
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        const origin = await this.#origin();
        return await this.#replace(this.#recordIn(origin, damage));
      } catch (error) {
        if (!(error instanceof NotYet)) throw error;
        const why = error.message;
        const say = why === lastWhy ? log.debug : log.warn;
        say.call(log, 'this member is not replaced yet, and does not serve', { why, damage: damage.message });
        lastWhy = why;
        waits(`the log is damaged, and this member is not replaced yet: ${why}`);
      }
      await new Promise<void>((resolve) => this.#runtime.clock.setTimer(pauseMs, resolve));
    }
  }

  async #origin(): Promise<ClusterOrigin> {
    const { status, body } = await this.#ask((endpoint) => getText(this.#dial, endpoint, '/keelson/cluster'));
    if (status !== 200) throw new NotYet(`HTTP ${status}: ${body}`);
    return JSON.parse(body) as ClusterOrigin;
  }

  /** What the cluster knows under this member's former id, or under its address: an answer may have been lost. */
  #recordIn({ clusterId, members }: ClusterOrigin, damage: Failure): MemberRecord {
    const { clusterId: ownCluster, memberId } = this.#self;
    if (clusterId !== ownCluster) {
      const told = `the damaged log is of cluster ${ownCluster}, the other members are of cluster ${clusterId}`;
      throw new Failure('dataDirForeign', told, { cause: damage });
    }
    const urls = [...this.#ownUrls].sort().join();
    const record =
      members.find(({ id }) => id === memberId) ??
      members.find(({ peerUrls }) => [...peerUrls].sort().join() === urls);
    if (record === undefined) {
      throw new Failure(
        'memberRemoved',
        'this member was removed from the cluster: its data is of no more use',
      );
    }
    const others = members.filter(({ id, isLearner }) => id !== record.id && !isLearner);
    const voters = members.filter(({ isLearner }) => !isLearner).length;
    // Of two members the other one cannot decide anything alone.
    if (others.length < Math.floor(voters / 2) + 1) throw damage;
    return record;
  }

  async #replace({ id }: MemberRecord): Promise<JoinOptions> {
    const { clusterId } = this.#self;
    const asked: ReplaceRequest = { clusterId, memberId: id };
    const { status, body } = await this.#ask((endpoint) =>
      postText(this.#dial, endpoint, '/keelson/replace', JSON.stringify(asked), this.#patienceMs),
    );
    if (status !== 200) throw new NotYet(`HTTP ${status}: ${body.trim()}`);
    const join = JSON.parse(body) as ReplaceAnswer;
    const { log } = this.#runtime;
    log.warn('the cluster has taken this member in anew', { before: id, now: join.memberId });
    return join;
  }

  /** Longer than the member that is asked waits for its leader. */
  get #patienceMs(): number {
    return 6000 + 2 * this.#options.limits.electionMs;
  }

  /** The first member that answers at all. */
  async #ask(
    call: (endpoint: NonNullable<ReturnType<typeof endpointOf>>) => Promise<PeerAnswer>,
  ): Promise<PeerAnswer> {
    const problems: string[] = [];
    for (const url of this.#peerUrls) {
      const endpoint = endpointOf(url);
      if (endpoint === null) continue;
      try {
        const answer = await call(endpoint);
        if (answer.status === 200) return answer;
        problems.push(`${url}: HTTP ${answer.status} ${answer.body.trim()}`);
      } catch (error) {
        problems.push(`${url}: ${(error as Error).message}`);
      }
    }
    throw new NotYet(problems.join('; '));
  }
}
