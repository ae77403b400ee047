/**
 * One member of the cluster, as a loop that works in turns.
 *
 * A turn: step everything that arrived, propose everything that waits, start a read round, then carry out what the
 * core decided — one log write, one frame per peer, apply what is committed — feed the watches, answer. Batching
 * falls out of the turn: what arrives while a turn runs or a write is under way is the next turn's batch.
 *
 *     frames ─┐                      ┌─► wal.append ──(durable)──► raft.written ─┐
 *     requests┼─► turn ─► raft.ready ┼─► network.send                            ├─► next turn
 *     reads ──┤                      └─► apply ─► answers, watches               │
 *     ticks ──┘◄─────────────────────────────────────────────────────────────────┘
 *
 * Durable before visible: an answer is given at apply, and the core hands out an entry for apply only when a quorum,
 * this member included, has it on disk. An error of the disk is fatal to the member (`onFatal`).
 */

import type { Backend } from '../backend/backend.ts';
import type { MvccStore, WatchHub } from '../mvcc/types.ts';
import { RaftNode } from '../raft/raft-node.ts';
import type { Message, Ready } from '../raft/types.ts';
import { MessageType, nobody, Role } from '../raft/types.ts';
import type { PeerHandler } from '../rpc/peer.ts';
import { Failure } from '../util/failure.ts';
import type { Timer } from '../util/runtime.ts';
import type { Wal } from '../wal/wal.ts';
import { Applier, encodePublish } from './applier.ts';
import { EnvelopeCodec, envelopeOverheadBytes } from './envelope.ts';
import { Flusher } from './flusher.ts';
import { Outbox } from './outbox.ts';
import { decodeRaftFrame, FrameKind } from './peer-codec.ts';
import { type PendingRequest, PendingRequests } from './pending.ts';
import { ReadRounds } from './reads.ts';
import type { Recovered } from './recovery.ts';
import { decodeAck, decodeChunk, decodeOffer } from './snapshot-frames.ts';
import { SnapshotTransfers } from './snapshot-transfers.ts';
import { reopenState } from './state.ts';
import { encodeStateMeta } from './state-meta.ts';
import { requestTimeoutMs, timeoutFailure } from './timeouts.ts';
import {
  type MemberDependencies,
  type MemberOptions,
  type MemberRecord,
  type MemberStatus,
  type ProposeDone,
  type ReadDone,
  RequestKind,
} from './types.ts';
