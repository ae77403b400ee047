/**
 * Three members with leases over one log, without a network: leaders come and go as the test wants, an old leader goes on
 * believing in itself for a while, and what it proposed may be lost or be passed on to the next one.
 *
 * The oracle knows nothing of how leases work, only what was promised to clients: `safeUntil`.
 */

import { MemoryImage } from '../../src/backend/memory-backend.ts';
import {
  type Checkpoint,
  decodeCheckpoints,
  decodeExpiry,
  encodeCheckpoints,
  encodeExpiry,
} from '../../src/lease/commands.ts';
import { LeaseClock, type LeaseClockOptions, Renewal } from '../../src/lease/lease-clock.ts';
import { flush, freshRig, type Rig, show } from './rig.ts';

export const EXTEND = 1000;

type Entry = { readonly term: number } & (
  | { readonly kind: 'begin' }
  | { readonly kind: 'grant'; readonly id: bigint; readonly ttl: number }
  | { readonly kind: 'expire' | 'checkpoint'; readonly body: Uint8Array; readonly proposedAt: number }
);

interface Ack {
  readonly id: bigint;
  /** When the renewal came in. */
  readonly at: number;
  readonly term: number;
  /** Length of the log that must be applied first; 0 when the leadership has to be confirmed instead. */
  readonly afterIndex: number;
}

export interface Switches {
  /** Applies expiries and checkpoints whatever their term: the mistake of etcd #15247. */
  readonly ignoresTerm?: boolean;
  /** Acknowledges renewals without taking back checkpoints. */
  readonly skipsReset?: boolean;
  /** Acknowledges renewals without looking whether it still leads. */
  readonly skipsConfirm?: boolean;
}

class Node {
  rig: Rig;
  clock: LeaseClock;
  applied = 0;
  /** The term in which it believes to lead; 0: it does not. */
  believes = 0;
  isPaused = false;
  /** Proposed and not in the log yet. */
  proposals: Entry[] = [];
  acks: Ack[] = [];

  constructor(rig: Rig, clock: LeaseClock) {
    this.rig = rig;
    this.clock = clock;
  }
}

export class World {
  readonly nodes: Node[];
  readonly log: Entry[] = [];
  readonly #switches: Switches;
  readonly #options: Partial<LeaseClockOptions>;
  term = 0;
  leader = 0;
  now = 5000;
  /** By lease: until when a client may rely on it. */
  readonly safeUntil = new Map<bigint, number>();
  /** By lease: when it was gone. */
  readonly goneAt = new Map<bigint, number>();
  /** Renewals that were acknowledged. */
  acknowledged = 0;
  checkpoints = 0;
  fenced = 0;
  #lastId = 0n;

  private constructor(nodes: Node[], switches: Switches, options: Partial<LeaseClockOptions>) {
    this.nodes = nodes;
    this.#switches = switches;
    this.#options = options;
  }

  static async open(switches: Switches = {}, options: Partial<LeaseClockOptions> = {}): Promise<World> {
    const nodes: Node[] = [];
    for (let i = 0; i < 3; i++) {
      const rig = await freshRig(new MemoryImage());
      nodes.push(new Node(rig, new LeaseClock(rig.leases, options)));
    }
    const world = new World(nodes, switches, options);
    world.elect(0, true);
    return world;
  }

  /** Makes `place` the leader of the next term. The one before learns of it with `dethrone`. */
  elect(place: number, passesOn: boolean): void {
    const old = this.nodes[this.leader]!;
    this.term++;
    this.leader = place;
    const node = this.nodes[place]!;
    const left = old.proposals;
    old.proposals = [];
    node.clock.demote();
    node.acks = [];
    node.believes = this.term;
    node.proposals = [{ kind: 'begin', term: this.term }];
    if (passesOn) this.#takeOver(left);
    this.commit();
    // A leader holds all that is committed.
    this.apply(place, this.log.length);
  }

  /**
   * All who believe wrongly learn that they do not lead. What they had not acknowledged they never will; what they had
   * proposed they may pass on to the one they follow now.
   */
  dethrone(passesOn: boolean): void {
    for (const [place, node] of this.nodes.entries()) {
      if (place === this.leader) continue;
      if (passesOn) this.#takeOver(node.proposals);
      node.believes = 0;
      node.acks = [];
      node.proposals = [];
      node.clock.demote();
    }
  }

  /** Forwarded by one that was deposed, entries stand in the log under the new term. */
  #takeOver(entries: readonly Entry[]): void {
    const node = this.nodes[this.leader]!;
    for (const entry of entries)
      if (entry.kind !== 'begin') node.proposals.push({ ...entry, term: this.term });
  }

  /** What the leader proposed is in the log. */
  commit(): void {
    const node = this.nodes[this.leader]!;
    this.log.push(...node.proposals);
    node.proposals = [];
  }

  grant(ttl: number): bigint {
    this.#lastId++;
    this.nodes[this.leader]!.proposals.push({ kind: 'grant', id: this.#lastId, ttl, term: this.term });
    return this.#lastId;
  }

  /** A client renews a lease at a member that believes to lead. */
  renew(place: number, id: bigint): void {
    const node = this.nodes[place]!;
    if (node.believes === 0) return;
    const renewal = node.clock.renew(id, this.now);
    const ack = { id, at: this.now, term: node.believes };
    const needsReset = renewal === Renewal.NeedsReset && this.#switches.skipsReset !== true;
    if (needsReset) {
      this.#propose(
        place,
        'checkpoint',
        encodeCheckpoints({ term: ack.term, checkpoints: [{ id, remainingTtl: 0 }] }),
      );
      // Where the entry will stand if it is committed at all.
      node.acks.push({ ...ack, afterIndex: this.log.length + node.proposals.length });
    } else if (renewal === Renewal.Renewed || renewal === Renewal.NeedsReset) {
      if (this.#switches.skipsConfirm) this.#acknowledge(ack);
      else node.acks.push({ ...ack, afterIndex: 0 });
    }
  }

  /** The leader, and nobody else, is confirmed: the renewals that came before are acknowledged. */
  confirm(): void {
    const node = this.nodes[this.leader]!;
    const isReady = (ack: Ack): boolean => node.applied >= ack.afterIndex;
    const ready = node.acks.filter(isReady);
    node.acks = node.acks.filter((ack) => !isReady(ack));
    for (const ack of ready) {
      if (ack.term !== this.term) throw new Error('an acknowledgement outlived its term');
      // It came so late that the lease is gone: the answer is TTL 0.
      if (node.rig.leases.exists(ack.id)) this.#acknowledge(ack);
    }
  }

  #acknowledge({ id, at }: { readonly id: bigint; readonly at: number }): void {
    this.acknowledged++;
    const ttl = this.#ttlOf(id);
    const gone = this.goneAt.get(id);
    if (gone !== undefined && gone < at + ttl * 1000) {
      throw new Error(`early: lease ${id} is gone since ${gone}, and its renewal at ${at} is acknowledged`);
    }
    this.safeUntil.set(id, Math.max(this.safeUntil.get(id) ?? 0, at + ttl * 1000));
  }

  #ttlOf(id: bigint): number {
    for (const entry of this.log) if (entry.kind === 'grant' && entry.id === id) return entry.ttl;
    throw new Error(`no grant of ${id}`);
  }

  #propose(place: number, kind: 'expire' | 'checkpoint', body: Uint8Array): void {
    const node = this.nodes[place]!;
    node.proposals.push({ kind, body, term: node.believes, proposedAt: this.now });
  }

  tick(dtMs: number): void {
    this.now += dtMs;
    for (const [place, node] of this.nodes.entries()) {
      if (node.isPaused || node.believes === 0) continue;
      const ids = node.clock.takeExpired(this.now, 1000);
      if (ids.length > 0) this.#propose(place, 'expire', encodeExpiry({ term: node.clock.term, ids }));
      const checkpoints: Checkpoint[] = node.clock.takeCheckpoints(this.now, 1000);
      this.checkpoints += checkpoints.length;
      if (checkpoints.length > 0) {
        this.#propose(place, 'checkpoint', encodeCheckpoints({ term: node.clock.term, checkpoints }));
      }
    }
  }

  /** Applies up to `upTo` entries. */
  apply(place: number, upTo: number): void {
    const node = this.nodes[place]!;
    while (node.applied < Math.min(upTo, this.log.length)) {
      const index = node.applied;
      this.#applyEntry(node, this.log[index]!, index);
      node.applied = index + 1;
    }
  }

  #applyEntry(node: Node, entry: Entry, index: number): void {
    const { leases } = node.rig;
    if (entry.kind === 'begin') {
      if (node.believes === entry.term && entry.term === this.term) {
        node.clock.promote(entry.term, this.now, EXTEND);
      }
      return;
    }
    if (entry.kind === 'grant') {
      leases.grant(entry.id, entry.ttl);
      // The client is told by the one it asked. Whoever is told later, by another, has to count from before.
      if (node.believes === entry.term && entry.term === this.term) {
        this.safeUntil.set(entry.id, this.now + entry.ttl * 1000);
      }
      return;
    }
    const command = entry.kind === 'expire' ? decodeExpiry(entry.body) : decodeCheckpoints(entry.body);
    if (command.term !== entry.term && this.#switches.ignoresTerm !== true) {
      this.fenced++;
      return;
    }
    if ('checkpoints' in command) {
      for (const { id, remainingTtl } of command.checkpoints) leases.checkpoint(id, remainingTtl);
      return;
    }
    for (const id of command.ids) {
      if (!leases.exists(id)) continue;
      leases.revoke(id);
      if (!this.goneAt.has(id)) this.#gone(id, index);
    }
  }

  #gone(id: bigint, index: number): void {
    this.goneAt.set(id, this.now);
    const safe = this.safeUntil.get(id);
    if (safe !== undefined && this.now < safe) {
      throw new Error(`early: lease ${id} is gone at ${this.now} by entry ${index}, promised until ${safe}`);
    }
  }

  /** Stops a member and opens it on what it had applied; it has to be elected again to lead. */
  async restart(place: number): Promise<void> {
    const node = this.nodes[place]!;
    if (place === this.leader) return;
    await flush(node.rig);
    const before = [show(node.rig.leases).join(), node.rig.leases.digest];
    node.rig = await freshRig(node.rig.image);
    node.clock = new LeaseClock(node.rig.leases, this.#options);
    node.believes = 0;
    node.acks = [];
    node.proposals = [];
    const after = [show(node.rig.leases).join(), node.rig.leases.digest];
    if (String(before) !== String(after)) throw new Error(`a restart made ${after} of ${before}`);
  }

  /** Brings every member to the end of the log and compares them. */
  compare(): void {
    for (const place of this.nodes.keys()) this.apply(place, this.log.length);
    const states = this.nodes.map(({ rig }) => `${show(rig.leases).join()} ${rig.leases.digest}`);
    if (new Set(states).size !== 1) throw new Error(`the members differ: ${states.join('\n')}`);
  }

  /** Lets a healthy cluster run until `until`, with a leader who knows it. */
  settle(until: number): void {
    this.dethrone(true);
    for (const node of this.nodes) node.isPaused = false;
    while (this.now < until) {
      this.tick(100);
      this.commit();
      this.apply(this.leader, this.log.length);
      this.confirm();
    }
  }

  get count(): number {
    return this.nodes[this.leader]!.rig.leases.count;
  }
}
