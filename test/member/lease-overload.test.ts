/** Leases of members that have more to do than they can: none ends early, and each ends. */

import t from 'tap';
import type { Member } from '../../src/member/member.ts';
import { until } from '../waiting.ts';
import { put, TestCluster } from './cluster.ts';

const ttlSeconds = 1;
/** In time: far more than it takes where the machine is busy with other things, and less than for ever. */
const patienceMs = 40_000;

function ended(member: Member, id: bigint): Promise<void> {
  return until('the lease is over', () => !member.leases.list().includes(id), patienceMs);
}

function grant(member: Member): Promise<bigint> {
  return new Promise((resolve, reject) => {
    member.leases.grant(0n, ttlSeconds, (failure, result) =>
      failure === null ? resolve(result!.id) : reject(failure),
    );
  });
}

function renew(member: Member, id: bigint): Promise<number> {
  return new Promise((resolve, reject) => {
    member.leases.renew(id, (failure, ttl) => (failure === null ? resolve(ttl) : reject(failure)));
  });
}

/** Keeps the queue of a member full: whenever one of its requests is answered, there is another. */
class Flood {
  refused = 0;
  answered = 0;
  #isOver = false;
  readonly #ended: Promise<void>[];

  constructor(member: Member, count: number) {
    this.#ended = Array.from({ length: count }, (_, index) => this.#run(member, `flood ${index}`));
  }

  async #run(member: Member, key: string): Promise<void> {
    while (!this.#isOver) {
      try {
        await put(member, key, 'v'.repeat(100));
        this.answered++;
      } catch {
        this.refused++;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#ended);
  }
}

t.test(
  'while its queue is full, a leader ends no lease early and each in time, and keeps those that are renewed',
  async (t) => {
    const cluster = await new TestCluster(3, { maxPendingRequests: 300 }).startAll();
    t.teardown(() => cluster.close());
    const leader = await cluster.leader();
    const grantedAt = performance.now();
    const left = await grant(leader);
    const kept = await grant(leader);
    const flood = new Flood(leader, 400);
    let renewedAt = performance.now();
    let isOver = false;
    const renewing = (async () => {
      while (!isOver) {
        const asked = performance.now();
        // 0: it has ended, which is looked at below.
        if ((await renew(leader, kept)) === 0) return;
        renewedAt = asked;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    await ended(leader, left);
    const lived = performance.now() - grantedAt;
    const silentMs = performance.now() - renewedAt;
    const isKept = leader.leases.list().includes(kept);
    isOver = true;
    await renewing;
    await flood.end();
    t.ok(lived >= ttlSeconds * 1000 - 1, `it lived for ${lived.toFixed(0)} ms`);
    t.ok(
      isKept || silentMs >= ttlSeconds * 1000,
      `the other one was not renewed for ${silentMs.toFixed(0)} ms`,
    );
    t.ok(flood.refused > 0, 'the queue was full');
    t.ok(flood.answered > 0, 'and moved on');
  },
);

t.test(
  'a leader that takes over goes on with what is left of a lease, neither less nor for ever',
  async (t) => {
    const cluster = await new TestCluster(3).startAll();
    t.teardown(() => cluster.close());
    const leader = await cluster.leader();
    const grantedAt = performance.now();
    const id = await grant(leader);
    await cluster.stop(cluster.indexOf(leader));
    const next = await cluster.leader();
    const flood = new Flood(next, 200);
    await ended(next, id);
    const lived = performance.now() - grantedAt;
    await flood.end();
    t.ok(lived >= ttlSeconds * 1000 - 1, `it lived for ${lived.toFixed(0)} ms`);
  },
);
