/**
 * What the invariants remember of a run: who led, what was voted, what was committed, what each log held.
 *
 * Invariant: the ledger only grows, and what it says of an index never changes. It holds each committed entry from the
 * moment the first member knew it committed, so that nothing is forgotten when logs are compacted.
 */

import type { ConfState, Entry, NodeId } from '../raft/types.ts';
import { EntryType } from '../raft/types.ts';
import type { Delta, NodeView, Seen, World } from './view.ts';

export interface LedgerEntry {
  readonly entry: Entry;
  /** Hash of type and data. */
  readonly hash: number;
  /** Term of the member that first knew it committed. */
  readonly committedInTerm: number;
}

/** What was once seen at one index and term of some log. */
export interface Sighting {
  readonly term: number;
  readonly previousTerm: number;
  readonly hash: number;
}

export interface AppliedState {
  readonly digest: number;
  readonly revision: number;
}

/** Durable facts at the moment a life ended. */
export interface Testament {
  readonly term: number;
  readonly vote: NodeId;
}

/** The terms of a log as it was last seen. */
class Shadow {
  seen: Seen | null = null;
  /** `terms[i]` is the term at index `i`; 0 where it was never seen. */
  terms: number[] = [0];
  /** Indexes of the Config entries in the log, ascending. */
  configs: number[] = [];
}

export class Memory {
  /** Term → node id and life of who led it. */
  readonly leaders: Map<number, string> = new Map();
  /** `candidate/term` → who said that it would vote for it in that term, or that it should campaign at once. */
  readonly encouraged: Map<string, NodeId[]> = new Map();
  /** `voter/term` → candidate. */
  readonly votes: Map<string, NodeId> = new Map();
  /** By index; index 0 is empty. */
  readonly ledger: (LedgerEntry | undefined)[] = [undefined];
  /** Every (index, term) seen in any log. */
  readonly sightings: (Sighting[] | undefined)[] = [];
  /** Applied index → state. */
  readonly states: Map<number, AppliedState> = new Map();
  readonly testaments: (Testament | null)[];
  readonly shadows: readonly Shadow[];
  /** The configuration that the cluster began with. */
  readonly firstConf: ConfState;
  /** Index and content of each committed configuration. */
  readonly confs: { readonly index: number; readonly conf: ConfState }[];
  private acknowledgements = 0;

  constructor(nodeCount: number, firstConf: ConfState) {
    this.testaments = Array.from({ length: nodeCount }, () => null);
    this.shadows = Array.from({ length: nodeCount }, () => new Shadow());
    this.firstConf = firstConf;
    this.confs = [{ index: 0, conf: firstConf }];
  }

  /** The highest index known to be committed. */
  get committed(): number {
    return this.ledger.length - 1;
  }

  confAt(index: number): ConfState {
    return this.confs.findLast(({ index: at }) => at <= index)?.conf ?? this.firstConf;
  }

  /** Index of the entry that brought the configuration in force at `index`; 0 for the first one. */
  confIndexAt(index: number): number {
    return this.confs.findLast(({ index: at }) => at <= index)?.index ?? 0;
  }

  /** True for one of `every` acknowledgements: checking one against the disk is dear. */
  sampleAcknowledgement(every: number): boolean {
    this.acknowledgements = (this.acknowledgements + 1) % every;
    return this.acknowledgements === 0;
  }

  /** Compares a node with what was seen of it; null when nothing that the invariants look at has changed. */
  compare(node: NodeView): Delta | null {
    const shadow = this.shadows[node.index]!;
    const seen = shadow.seen !== null && shadow.seen.life === node.life ? shadow.seen : null;
    const changedFrom = firstChange(node, shadow);
    if (
      seen !== null &&
      changedFrom > node.last &&
      seen.last === node.last &&
      seen.role === node.role &&
      seen.term === node.term &&
      seen.vote === node.vote &&
      seen.leader === node.leader &&
      !isTimerSetBack(seen, node) &&
      seen.commit === node.commit &&
      seen.applied === node.applied &&
      seen.compacted === node.compacted &&
      seen.revision === node.revision &&
      seen.conf === node.conf
    ) {
      seen.electionElapsedBefore = seen.electionElapsed;
      seen.electionElapsed = node.electionElapsed;
      return null;
    }
    const led = seen !== null && seen.role === 'leader' && seen.term === node.term;
    return { node, before: seen, changedFrom, becameLeader: node.role === 'leader' && !led };
  }

  /** Takes over what the step showed, after all checks have passed. */
  learn(world: World): void {
    for (const delta of world.deltas) {
      this.learnLog(delta);
      this.learnCommits(delta, world);
      const { node } = delta;
      this.shadows[node.index]!.seen = {
        life: node.life,
        role: node.role,
        term: node.term,
        vote: node.vote,
        leader: node.leader,
        electionElapsed: node.electionElapsed,
        electionElapsedBefore: node.electionElapsed,
        commit: node.commit,
        applied: node.applied,
        compacted: node.compacted,
        last: node.last,
        revision: node.revision,
        conf: node.conf,
      };
    }
  }

  private learnLog({ node, changedFrom }: Delta): void {
    const shadow = this.shadows[node.index]!;
    shadow.terms.length = Math.min(shadow.terms.length, Math.max(1, changedFrom));
    while (shadow.configs.length > 0 && shadow.configs.at(-1)! >= changedFrom) shadow.configs.pop();
    while (shadow.terms.length < changedFrom) shadow.terms.push(0);
    for (let index = changedFrom; index <= node.last; index++) {
      shadow.terms[index] = node.termAt(index);
      if (node.entryAt(index)?.type === EntryType.Config) shadow.configs.push(index);
    }
    shadow.terms.length = node.last + 1;
    // After an installed snapshot the base may lie beyond what was seen.
    if (node.compacted > 0) shadow.terms[node.compacted] = node.termAt(node.compacted);
  }

  private learnCommits({ node }: Delta, world: World): void {
    for (let index = this.committed + 1; index <= node.commit; index++) {
      const entry = node.entryAt(index);
      // A member that installed a snapshot knows of commits that it cannot show; another one will.
      if (entry === null) return;
      this.ledger.push({ entry, hash: hashEntry(entry), committedInTerm: node.term });
      if (entry.type === EntryType.Config) this.confs.push({ index, conf: world.confOf(entry) });
    }
  }
}

/** With a leader it is set back by each of his words, and there is nothing to see in that. */
function isTimerSetBack(seen: Seen, node: NodeView): boolean {
  return seen.leader === '' && node.electionElapsed < seen.electionElapsed;
}

/** The first index at which the log differs from its shadow; `last + 1` when it nowhere does. */
function firstChange(node: NodeView, shadow: Shadow): number {
  const terms = shadow.terms;
  let index = Math.min(node.last, terms.length - 1);
  // Equal terms at one index mean equal prefixes (I3, which is checked on each new entry), so the walk may stop there.
  while (index > node.compacted && terms[index] !== node.termAt(index)) index--;
  return Math.max(index, node.compacted) + 1;
}

/** 32 bits over type and data. */
export function hashEntry(entry: { readonly type: number; readonly data: Uint8Array }): number {
  const data = entry.data;
  let hash = Math.imul(entry.type + 1, 0x9e3779b1) ^ data.length;
  for (let at = 0; at < data.length; at++) hash = Math.imul(hash ^ data[at]!, 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
