/** What the write-ahead log stores and gives back. It knows nothing of elections; entries are opaque to it. */

export interface WalEntry {
  readonly index: number;
  readonly term: number;
  readonly type: number;
  readonly data: Uint8Array;
}

export interface WalHardState {
  readonly term: number;
  /** UTF-8, at most 64 bytes; empty for none. */
  readonly vote: string;
  readonly commit: number;
}

export interface WalBase {
  /** The log holds the entries after this index; the entry at it had this term. */
  readonly index: number;
  readonly term: number;
}

export interface WalRecovered {
  /** The opaque identity written when the log was created (cluster and member id); checked by the caller. */
  readonly metadata: Uint8Array;
  readonly base: WalBase;
  readonly hardState: WalHardState;
  readonly entries: readonly WalEntry[];
  /** Bytes cut from a torn tail, 0 when the log was whole. */
  readonly tornBytes: number;
  /** There are others who have what the log leads to, as its owner said in a part of it; or it goes on behind a state. */
  readonly hasOthers: boolean;
  /** There was no log; this one is new. */
  readonly created: boolean;
}

/**
 * Called exactly once, never before the call it belongs to returns. An error is a Failure: 'diskFailed' when the log
 * can no longer promise anything, 'stopped' after `close`.
 */
export type WalDone = (error: Error | null) => void;

/**
 * Rules that a positive control switches off, one at a time, to prove that the tests and the simulator would notice:
 * acknowledging before the sync, leaving directories unsynced, taking any broken end for a torn one, not comparing
 * the checksums of bodies, going on after an error of the disk.
 */
export type WalMutant =
  | 'ackBeforeSync'
  | 'skipDirectorySync'
  | 'noTornCheck'
  | 'noChecksum'
  | 'goOnAfterError';
