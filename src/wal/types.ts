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
}
