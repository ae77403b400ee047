/** What a watch hub is given, and every limit it keeps. */

import type { History } from './types.ts';

export interface HubOptions {
  readonly history: History;
  /** Asks for a `pump` soon: there is catch-up work to go on with. Not called for changes: each turn ends with a pump. */
  readonly wake: () => void;
  /** Bytes of newest changes kept for watchers that are a little behind. Those further behind read from the state. @default 16 MiB */
  readonly ringBytes?: number;
  /** Number of newest changes kept at most. @default 32,768 */
  readonly ringChanges?: number;
  /**
   * Size from which on a notice is split between events for a watcher with `fragment`, bytes on the wire.
   * @default 2 MiB: etcd's largest request (1.5 MiB) and 512 KiB more
   */
  readonly maxNoticeBytes?: number;
  /** Revisions are merged into one notice until it holds about so many bytes; one revision is never split. @default 1 MiB */
  readonly batchBytes?: number;
  /** Revisions merged into one notice at most. @default 1000, as etcd's catch-up */
  readonly batchRevisions?: number;
  /** Bytes read from the state at a time, and told in one turn. @default 512 KiB */
  readonly historyReadBytes?: number;
  /** Changes looked at for watchers that are behind, per pump; the rest has to wait for the next one. @default 8000 */
  readonly pumpChanges?: number;
  /**
   * Answers to create and cancel kept for a stream that is full. A service that stops reading requests from a full stream
   * never comes near; beyond it `create` and `cancel` throw Failure 'tooManyRequests' and have no effect.
   * @default 1024
   */
  readonly maxQueuedAnswers?: number;
  /** Watchers of all streams. One more is refused in band. @default 1,000,000 */
  readonly maxWatchers?: number;
}

export type WatchLimits = Required<Omit<HubOptions, 'history' | 'wake'>>;

const mebibyte = 1024 * 1024;

export function watchLimits(options: HubOptions): WatchLimits {
  return {
    ringBytes: options.ringBytes ?? 16 * mebibyte,
    ringChanges: options.ringChanges ?? 32_768,
    maxNoticeBytes: options.maxNoticeBytes ?? 2 * mebibyte,
    batchBytes: options.batchBytes ?? mebibyte,
    batchRevisions: options.batchRevisions ?? 1000,
    historyReadBytes: options.historyReadBytes ?? mebibyte / 2,
    pumpChanges: options.pumpChanges ?? 8000,
    maxQueuedAnswers: options.maxQueuedAnswers ?? 1024,
    maxWatchers: options.maxWatchers ?? 1_000_000,
  };
}
