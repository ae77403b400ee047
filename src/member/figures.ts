/** What a member can tell about its work, for metrics: numbers of this run, nothing of it is replicated. */

import type { LeaseFigures } from '../lease/leases.ts';
import type { Histogram } from '../util/metrics.ts';
import type { WalFigures } from '../wal/wal.ts';
import type { ApplyTimes } from './apply-figures.ts';
import type { CompactionFigures } from './compaction-pacer.ts';
import type { PeerTransfers } from './transfer-figures.ts';

export interface MemberFigures {
  /** How often a member came to lead, as seen from here. */
  readonly leaderChanges: number;
  readonly proposalsPending: number;
  /** Proposals that ended without being applied, as far as is known. */
  readonly proposalsFailed: number;
  /** Read rounds that had to be asked again, and reads that no round confirmed in time. */
  readonly slowReads: number;
  readonly failedReads: number;
  /** Times that entries took more than 100 ms to apply. */
  readonly slowApplies: number;
  /** How long requests took to be applied, by etcd's word for what they ask for. */
  readonly applies: ReadonlyMap<string, ApplyTimes>;
  /** States sent to other members and received from them, by the member. */
  readonly sends: ReadonlyMap<string, PeerTransfers>;
  readonly receipts: ReadonlyMap<string, PeerTransfers>;
  /** Times that this member led and its heartbeats left late. */
  readonly lateHeartbeats: number;
  /** True while a state received from the leader is put in force. */
  readonly isInstalling: boolean;
  readonly wal: WalFigures;
  /** Flushes of the state, in seconds. */
  readonly flushSeconds: Histogram;
  readonly compaction: CompactionFigures;
  readonly leases: LeaseFigures;
  readonly leasesRenewed: number;
  readonly leasesExpired: number;
}
