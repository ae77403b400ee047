/**
 * Holders of leases: each takes one, renews it for a while, and then lets it end, or gives it back. Keys are attached by the
 * other clients' writes.
 *
 * I37 A lease never ends early: when its end stands in the log, the time that its last grant or renewal promised is over,
 * counted from when it was asked for, on the fastest clock that a leader may have. A renewal that is answered afterwards
 * must not have promised more either. I38, that a lease nobody renews does end, is looked at when the run is healed.
 */

import { Violation } from '../invariants/invariant.ts';
import type { SimClock } from '../sim-clock.ts';
import type { SimRandom } from '../sim-random.ts';
import type { Swarm } from '../swarm.ts';
import type { MemberPort } from './workload.ts';

/** Virtual milliseconds that rounding of clocks may cost. */
const slackMs = 1;

export class LeaseFleet {
  private readonly clock: SimClock;
  private readonly random: SimRandom;
  private readonly swarm: Swarm;
  private readonly portOf: (node: number) => MemberPort | null;
  /** Until when each lease was promised to live. */
  private readonly promised = new Map<bigint, number>();
  private readonly endedAt = new Map<bigint, number>();
  private readonly held: Set<bigint> = new Set();
  private last = 0n;
  private running = false;
  readonly counts = { leasesGranted: 0, leasesRenewed: 0, leasesExpired: 0 };

  constructor(clock: SimClock, random: SimRandom, swarm: Swarm, portOf: (node: number) => MemberPort | null) {
    this.clock = clock;
    this.random = random;
    this.swarm = swarm;
    this.portOf = portOf;
  }

  start(): void {
    this.running = true;
    for (let holder = 0; holder < this.swarm.leases; holder++)
      this.later(500 * this.swarm.pace * this.swarm.stretch, () => this.take());
  }

  /** Nobody takes or renews any more: all leases have to end. */
  stop(): void {
    this.running = false;
  }

  /** One that is held, now and then; 0n otherwise. */
  pick(): bigint {
    if (this.held.size === 0 || !this.random.chance(0.3)) return 0n;
    return this.random.pick([...this.held]);
  }

  /** @throws Violation */
  expired(lease: bigint): void {
    this.counts.leasesExpired++;
    this.held.delete(lease);
    this.endedAt.set(lease, this.clock.now);
    this.judge(lease);
  }

  private judge(lease: bigint): void {
    const [ended, until] = [this.endedAt.get(lease), this.promised.get(lease)];
    if (ended === undefined || until === undefined || ended >= until - slackMs) return;
    throw new Violation(
      'I37',
      `lease ${lease} ended at ${ended.toFixed(3)} ms and was promised until ${until.toFixed(3)} ms`,
    );
  }

  private promise(lease: bigint, askedAt: number, ttl: number): void {
    const until = askedAt + (ttl * 1000) / (1 + this.swarm.clockDrift);
    this.promised.set(lease, Math.max(until, this.promised.get(lease) ?? 0));
    this.judge(lease);
  }

  private later(meanMs: number, what: () => void): void {
    this.clock.schedule(this.random.exponential(meanMs), null, () => {
      if (this.running) what();
    });
  }

  private anyone(): MemberPort | null {
    return this.portOf(this.random.below(this.swarm.nodes + this.swarm.spares));
  }

  private take(): void {
    const port = this.anyone();
    // Whatever becomes of it, this holder goes on after a while.
    this.later(8000 * this.swarm.pace * this.swarm.stretch, () => this.take());
    if (port === null) return;
    const lease = ++this.last;
    const askedAt = this.clock.now;
    port.grant(lease, Math.ceil((1 + this.random.below(4)) * this.swarm.pace), (reason, ttl) => {
      if (reason !== null) return;
      this.counts.leasesGranted++;
      this.held.add(lease);
      this.promise(lease, askedAt, ttl);
      this.hold(lease, ttl);
    });
  }

  private hold(lease: bigint, ttl: number): void {
    this.later(ttl * 300, () => {
      const port = this.anyone();
      if (this.random.chance(0.15)) {
        this.held.delete(lease);
        if (port !== null && this.random.chance(0.5)) port.revoke(lease);
        return;
      }
      if (port !== null) this.renew(port, lease);
      if (this.held.has(lease)) this.hold(lease, ttl);
    });
  }

  private renew(port: MemberPort, lease: bigint): void {
    const askedAt = this.clock.now;
    port.renew(lease, (reason, ttl) => {
      if (reason !== null || ttl === 0) return;
      this.counts.leasesRenewed++;
      this.promise(lease, askedAt, ttl);
    });
  }
}
