/** What a store and its watch hub have done since they were opened, for metrics. Nothing of it is replicated. */

export interface StoreFigures {
  /** Ranges, puts, deletions by request, alone and inside txns. */
  ranges: number;
  puts: number;
  deletes: number;
  txns: number;
  /** Bytes of the keys and values that were put. */
  putBytes: number;
  /** Records that compactions have removed. */
  compactedRecords: number;
}

export function noStoreFigures(): StoreFigures {
  return { ranges: 0, puts: 0, deletes: 0, txns: 0, putBytes: 0, compactedRecords: 0 };
}

export interface WatchFigures {
  readonly streams: number;
  /** Watchers that are behind. */
  readonly slowWatchers: number;
  /** Events told to watchers so far. */
  readonly sentEvents: number;
}

export const noWatchFigures: WatchFigures = { streams: 0, slowWatchers: 0, sentEvents: 0 };
