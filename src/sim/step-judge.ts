/**
 * Looks at what a step has done: which members it may have changed, what they sent, and whether all invariants hold.
 *
 * Only members that an event ran on, or that somebody called, are looked at, and of those only what differs from what was
 * seen before is checked: a step changes one member of five, and most steps change nothing that an invariant sees.
 */

import { decodeRaftFrame, FrameKind, frameHolds } from '../member/peer-codec.ts';
import { MessageType } from '../raft/types.ts';
import { checkInvariants } from './invariants/index.ts';
import type { Violation } from './invariants/invariant.ts';
import type { Memory } from './memory.ts';
import type { SimClock } from './sim-clock.ts';
import { confOfEntry, requestsIn } from './sim-member.ts';
import { maxPathBytes, type SimNetwork } from './sim-network.ts';
import type { SimNode } from './sim-node.ts';
import type { Trace } from './trace.ts';
import type { Delta, Limits, NodeView, SentMessage, World } from './view.ts';

/** How many steps go by between two looks at the disks. */
const deepEvery = 2048;

const limits: Omit<Limits, 'electionTicks'> = {
  windowMessages: 256,
  windowBytes: 16 << 20,
  uncommittedBytes: 64 << 20,
  logEntries: 20_000,
  pathBytes: maxPathBytes,
};

/** What invariants look at of what is sent. */
const judgedTypes: ReadonlySet<MessageType> = new Set([
  MessageType.VoteResponse,
  MessageType.AppendResponse,
  MessageType.PreVoteResponse,
  MessageType.TimeoutNow,
]);

const noDeltas: readonly Delta[] = [];

export interface StepJudgeOptions {
  readonly clock: SimClock;
  readonly network: SimNetwork;
  readonly nodes: readonly SimNode[];
  readonly memory: Memory;
  readonly trace: Trace;
  readonly electionTicks: number;
  /** A member has begun to put a state from elsewhere in force. */
  readonly installs: () => void;
}

export class StepJudge {
  private readonly options: StepJudgeOptions;
  private readonly views: readonly NodeView[];
  private readonly limits: Limits;
  /** By node, and the nodes in the order in which they were touched. */
  private readonly isTouched: boolean[];
  private readonly touched: number[] = [];
  private sent: SentMessage[] = [];
  private failure: Violation | null = null;

  constructor(options: StepJudgeOptions) {
    this.options = options;
    this.views = options.nodes.map(({ view }) => view);
    this.limits = { ...limits, electionTicks: options.electionTicks };
    this.isTouched = options.nodes.map(() => false);
    options.network.isRepeatable = (frame) =>
      frame[0] !== FrameKind.Raft || !frameHolds(frame, MessageType.Propose, MessageType.Propose);
    options.network.onSent = (from, to, frame) => this.noteSent(from, to, frame);
  }

  /** Look at this node after the step. */
  touch(index: number): void {
    if (this.isTouched[index]) return;
    this.isTouched[index] = true;
    this.touched.push(index);
  }

  /** What was found outside a step; the next look throws it. */
  fail(violation: Violation): void {
    this.failure ??= violation;
  }

  /** @throws Violation */
  judge(): void {
    if (this.failure !== null) throw this.failure;
    const isDeep = this.options.clock.steps % deepEvery === 0;
    const deltas = this.touched.length === 0 ? noDeltas : this.compareTouched();
    if (deltas.length === 0 && this.sent.length === 0 && !isDeep) return;
    const { clock, network, memory } = this.options;
    const world: World = {
      now: clock.now,
      nodes: this.views,
      deltas,
      sent: this.sent,
      deep: isDeep,
      limits: this.limits,
      fullestPathBytes: isDeep ? network.fullestPathBytes() : 0,
      confOf: confOfEntry,
      requestsIn,
    };
    checkInvariants(world, memory);
    if (this.sent.length > 0) this.sent = [];
  }

  private compareTouched(): readonly Delta[] {
    const { nodes, memory, installs } = this.options;
    let deltas: Delta[] | null = null;
    for (const index of this.touched) {
      this.isTouched[index] = false;
      const node = nodes[index]!;
      const { view } = node;
      const { installing } = view;
      // A member that installs a state is judged when it has: until then its log is ahead of what it has applied.
      if (installing && !node.installing) installs();
      node.installing = installing;
      const delta = installing || !view.up ? null : memory.compare(view);
      if (delta === null) continue;
      if (deltas === null) deltas = [delta];
      else deltas.push(delta);
    }
    this.touched.length = 0;
    return deltas ?? noDeltas;
  }

  private noteSent(from: number, to: number, frame: Uint8Array): void {
    const { trace, nodes } = this.options;
    trace.mixBytes(frame);
    if (frame[0] !== FrameKind.Raft) return;
    const { VoteResponse, AppendResponse, PreVoteResponse, TimeoutNow } = MessageType;
    const isOfInterest =
      frameHolds(frame, VoteResponse, AppendResponse) || frameHolds(frame, PreVoteResponse, TimeoutNow);
    if (!trace.verbose && !isOfInterest) return;
    for (const message of decodeRaftFrame(frame, nodes[from]!.id, nodes[to]!.id)) {
      if (judgedTypes.has(message.type)) this.sent.push({ from, message });
      if (!trace.verbose) continue;
      const { type, term, index, logTerm, commit, reject, entries, hint, context } = message;
      const detail = `to n${to + 1} type ${type} term ${term} index ${index}/${logTerm} commit ${commit} entries ${entries.length} reject ${reject} hint ${hint} context ${context}`;
      trace.note(this.options.clock.now, 'send', from, frame.length, detail);
    }
  }
}
