/**
 * A cluster under random faults, and what is remembered of it: who led which term, what was committed where. All chance
 * comes from the seed.
 */

import { decodeConfigEntry } from '../../src/raft/conf-codec.ts';
import { isVoter } from '../../src/raft/configuration.ts';
import type { Entry, Message } from '../../src/raft/types.ts';
import { EntryType, MessageType, nobody } from '../../src/raft/types.ts';
import { conf, diskWith, type NodeOptions, TestCluster, type TestNode, text } from './cluster.ts';

/** A small, good enough generator (mulberry32): a seed is a history. */
class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  uint32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return (x ^ (x >>> 14)) >>> 0;
  }

  below(n: number): number {
    return this.uint32() % n;
  }

  /** True in `percent` of a hundred cases. */
  hit(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

interface CommittedEntry {
  readonly entry: Entry;
  readonly term: number;
}

const readSlack = 1_000_000;

export class RandomWorld {
  readonly cluster: TestCluster = new TestCluster();
  readonly #chance: Chance;
  readonly #ids: string[];
  readonly #leaders = new Map<number, string>();
  readonly #committed: CommittedEntry[] = [];
  readonly #grants = new Map<string, string>();
  readonly #readFloors = new Map<string, number>();
  #network: Message[] = [];
  #blocked = new Set<string>();
  #proposals = 0;
  #reads = 0;
  readonly #dropPercent: number;
  readonly #repeatPercent: number;
  /** Draw changes of configuration, too. */
  reconfigures = true;
  steps = 0;

  constructor(seed: number, nodes: number, options: NodeOptions) {
    this.#chance = new Chance(seed);
    this.#dropPercent = this.#chance.below(20);
    this.#repeatPercent = this.#chance.below(20);
    this.#ids = Array.from({ length: nodes }, (_, i) => String(i + 1));
    const base = { index: 0, term: 0, conf: conf(this.#ids) };
    for (const id of this.#ids) {
      const node = this.cluster.add(id, diskWith(base), { random: () => this.#chance.uint32(), ...options });
      node.autoWrite = false;
      node.autoApply = false;
    }
  }

  get committedCount(): number {
    return this.#committed.length;
  }

  get leaderCount(): number {
    return this.#leaders.size;
  }

  step(): void {
    this.steps++;
    const node = this.cluster.node(this.#chance.pick(this.#ids));
    const dice = this.#chance.below(1000);
    if (dice < 300) node.raft.tick();
    else if (dice < 650) this.#deliverOne();
    else if (dice < 800) this.#completeWrites(node);
    else if (dice < 900) this.#propose(node);
    else if (dice < 930) this.#apply(node);
    else if (dice < 955) this.#read(node);
    else if (dice < 965) node.restart();
    else if (dice < 972) this.#partition();
    else if (dice < 980) this.#compact(node);
    else if (dice < 985) node.raft.transferLeadership(this.#chance.pick(this.#ids));
    else if (dice < 997) this.#reconfigure(node);
    else node.raft.campaign();
    this.#collect();
    for (const id of this.#ids) this.#check(this.cluster.node(id));
  }

  #collect(): void {
    for (const node of this.cluster.nodes.values()) {
      for (const message of node.turn()) {
        this.#checkSent(node, message);
        this.#network.push(message);
      }
      for (const id of node.snapshotsWanted.splice(0)) this.#sendSnapshot(node, id);
      for (const read of node.reads.splice(0)) this.#checkRead(node, read.context, read.index);
    }
  }

  #deliverOne(): void {
    if (this.#network.length === 0) return;
    // Mostly in order, sometimes not.
    const at = this.#chance.hit(80) ? 0 : this.#chance.below(this.#network.length);
    const message = this.#network[at]!;
    if (!this.#chance.hit(this.#repeatPercent)) this.#network.splice(at, 1);
    if (this.#chance.hit(this.#dropPercent) || this.#isBlocked(message)) return;
    this.#deliver(message);
  }

  #deliver(message: Message): void {
    const node = this.cluster.node(message.to);
    node.raft.step(message);
    if (message.type !== MessageType.Snapshot) return;
    const installed = this.#chance.hit(80);
    if (installed)
      this.cluster.node(message.from).raft.reportSnapshot(message.to, message.snapshot!.index, true);
  }

  #isBlocked(message: Message): boolean {
    return this.#blocked.has(`${message.from}>${message.to}`);
  }

  #completeWrites(node: TestNode): void {
    if (node.writes.length > 0) node.completeWrites(1 + this.#chance.below(node.writes.length));
  }

  #propose(node: TestNode): void {
    const count = 1 + this.#chance.below(4);
    const datas = Array.from({ length: count }, () => text(`p${++this.#proposals}`));
    node.raft.propose(datas);
  }

  #apply(node: TestNode): void {
    node.apply();
    // Sometimes the state is flushed, so that a restart begins there.
    if (this.#chance.hit(50) && node.raft.pendingSnapshot === null) {
      node.flushed = Math.max(node.flushed, node.raft.appliedIndex);
    }
  }

  #read(node: TestNode): void {
    const context = ++this.#reads;
    if (node.raft.readIndex(context)) this.#readFloors.set(`${node.id}:${context}`, this.#committed.length);
  }

  #checkRead(node: TestNode, context: number, index: number): void {
    const floor = this.#readFloors.get(`${node.id}:${context}`) ?? readSlack;
    if (index < floor)
      throw new Error(`read ${context} of ${node.id} at ${index}, ${floor} was committed before it`);
  }

  #partition(): void {
    this.#blocked.clear();
    if (this.#chance.hit(40)) return;
    for (const from of this.#ids) {
      for (const to of this.#ids) if (this.#chance.hit(30)) this.#blocked.add(`${from}>${to}`);
    }
  }

  #compact(node: TestNode): void {
    const index = Math.min(node.flushed, node.raft.appliedIndex);
    if (index < node.raft.firstIndex || node.raft.pendingSnapshot !== null || node.writes.length > 0) return;
    const base = node.raft.snapshotMeta(index);
    node.raft.compact(index);
    node.disk.entries.splice(0, index - node.disk.base.index);
    node.disk.base = base;
  }

  #sendSnapshot(node: TestNode, to: string): void {
    const index = node.raft.appliedIndex;
    const snapshot = node.raft.snapshotMeta(index);
    node.raft.snapshotStarted(to, index);
    this.#network.push({
      type: MessageType.Snapshot,
      from: node.id,
      to,
      term: node.raft.term,
      index: 0,
      logTerm: 0,
      commit: 0,
      entries: [],
      reject: false,
      hint: 0,
      context: 0,
      snapshot,
    });
  }

  #reconfigure(node: TestNode): void {
    if (!this.reconfigures) return;
    const named = this.#ids.filter(() => this.#chance.hit(30));
    const add: string[] = [];
    const addLearners: string[] = [];
    const remove: string[] = [];
    for (const id of named) this.#chance.pick([add, add, addLearners, remove]).push(id);
    const transition = this.#chance.pick(['auto', 'auto', 'implicit', 'explicit'] as const);
    node.raft.proposeConfig({ add, addLearners, remove, context: text(''), transition });
  }

  /** What a message promises must be on disk when it leaves. */
  #checkSent(node: TestNode, message: Message): void {
    if (message.type === MessageType.VoteResponse && !message.reject) {
      const key = `${node.id}@${message.term}`;
      const granted = this.#grants.get(key) ?? message.to;
      if (granted !== message.to) throw new Error(`${key} voted for ${granted} and ${message.to}`);
      this.#grants.set(key, message.to);
      const { term, vote } = node.disk.hardState;
      if (term < message.term || (term === message.term && vote !== message.to)) {
        throw new Error(`${key} granted a vote that is not on disk`);
      }
    }
    if (message.type === MessageType.AppendResponse && !message.reject) {
      const last = node.disk.base.index + node.disk.entries.length;
      if (message.index > last)
        throw new Error(`${node.id} acknowledges ${message.index}, its disk ends at ${last}`);
    }
  }

  #check(node: TestNode): void {
    const { raft } = node;
    if (raft.role === 'leader') {
      const known = this.#leaders.get(raft.term);
      if (known === undefined) this.#newLeader(node);
      else if (known !== node.id) throw new Error(`${known} and ${node.id} both lead term ${raft.term}`);
    }
    for (let index = this.#committed.length + 1; index <= raft.commit; index++) {
      const entry = raft.entryAt(index);
      if (entry === undefined) throw new Error(`${node.id} compacted ${index} before it was seen committed`);
      this.#committed.push({ entry, term: raft.term });
      this.#checkDurable(index, entry, node);
    }
    const from = Math.max(raft.firstIndex, raft.commit - 20);
    for (let index = from; index <= raft.commit; index++) this.#checkEntry(node, index);
    if (this.steps % 8 === 0) this.#checkConfiguration(node);
    for (const entry of node.unapplied) {
      if (this.#committed[entry.index - 1]?.entry !== entry) this.#compare(node, entry);
      if (node.disk.base.index + node.disk.entries.length < entry.index) {
        throw new Error(`${node.id} is to apply ${entry.index}, which is not on its disk`);
      }
    }
  }

  /** The configuration in effect is the last one in the log. */
  #checkConfiguration(node: TestNode): void {
    const { raft, disk } = node;
    for (let index = raft.lastIndex; index >= raft.firstIndex; index--) {
      const entry = raft.entryAt(index)!;
      if (entry.type !== EntryType.Config) continue;
      const expected = JSON.stringify(decodeConfigEntry(entry.data).conf);
      if (JSON.stringify(raft.conf) !== expected)
        throw new Error(`${node.id} is not configured as ${index} says`);
      return;
    }
    if (raft.pendingSnapshot !== null || disk.base.index !== raft.firstIndex - 1) return;
    if (JSON.stringify(raft.conf) !== JSON.stringify(disk.base.conf)) {
      throw new Error(`${node.id} is configured otherwise than the base of its log`);
    }
  }

  /** Leader Completeness: whoever is elected holds everything that was committed in an earlier term. */
  #newLeader(node: TestNode): void {
    this.#leaders.set(node.raft.term, node.id);
    for (const { entry, term } of this.#committed) {
      if (term >= node.raft.term || entry.index < node.raft.firstIndex) continue;
      if (node.raft.termAt(entry.index) !== entry.term) {
        throw new Error(`${node.id} leads term ${node.raft.term} without committed entry ${entry.index}`);
      }
    }
  }

  /** A committed entry is on a majority of disks, counted naively. */
  #checkDurable(index: number, entry: Entry, node: TestNode): void {
    const holders = this.#ids.filter((id) => {
      const { disk } = this.cluster.node(id);
      if (disk.base.index >= index) return true;
      return disk.entries[index - disk.base.index - 1]?.term === entry.term;
    });
    for (const voters of [node.raft.conf.voters, node.raft.conf.votersOutgoing]) {
      const holding = voters.filter((id) => holders.includes(id)).length;
      // A follower that hears of a commit may still have an older configuration than the one it was committed in.
      if (node.raft.role === 'leader' && voters.length > 0 && holding * 2 <= voters.length) {
        throw new Error(`entry ${index} committed by ${node.id} is on the disks of ${holders.join()} only`);
      }
    }
  }

  #checkEntry(node: TestNode, index: number): void {
    const known = this.#committed[index - 1]!.entry;
    const entry = node.raft.entryAt(index);
    if (entry !== undefined && entry !== known) this.#compare(node, entry);
  }

  #compare(node: TestNode, entry: Entry): void {
    const known = this.#committed[entry.index - 1]?.entry;
    const same = known?.term === entry.term && Buffer.compare(known.data, entry.data) === 0;
    if (!same) throw new Error(`${node.id} has another entry ${entry.index} than was committed`);
  }

  /** Everything heals: within some election timeouts there is a leader, and all its members hold the same. */
  converge(): void {
    this.#blocked.clear();
    this.#network = [];
    for (const node of this.cluster.nodes.values()) {
      for (const [id, peer] of node.raft.status().progress) {
        if (peer.state === 'snapshot') node.raft.reportSnapshot(id, peer.pendingSnapshot, false);
      }
    }
    for (let round = 0; round < 400; round++) {
      for (const id of this.#ids) {
        const node = this.cluster.node(id);
        if (round % 2 === 0) node.raft.tick();
        node.completeWrites();
        node.apply();
        node.flushed = Math.max(node.flushed, node.raft.appliedIndex);
      }
      this.#collect();
      for (const message of this.#network.splice(0)) this.#deliver(message);
      for (const id of this.#ids) this.#check(this.cluster.node(id));
    }
    this.#checkConverged();
  }

  #checkConverged(): void {
    const leader = this.#ids.map((id) => this.cluster.raft(id)).find((raft) => raft.role === 'leader');
    if (leader === undefined) throw new Error('no leader after healing');
    if (leader.conf.votersOutgoing.length > 0 && leader.conf.autoLeave) throw new Error('joint for ever');
    for (const id of this.#ids) {
      const raft = this.cluster.raft(id);
      if (!isVoter(leader.conf, id) && !leader.conf.learners.includes(id)) continue;
      if (raft.leader === nobody) throw new Error(`${id} follows nobody after healing`);
      if (raft.appliedIndex !== leader.lastIndex) {
        throw new Error(`${id} applied ${raft.appliedIndex}, the leader's log ends at ${leader.lastIndex}`);
      }
    }
  }
}
