/**
 * A cluster in one process and in memory, from `startCluster` to its first accepted write. Run by `bench startup` in a
 * process of its own; prints one line of JSON. Argument: the number of members.
 */

export interface InProcessStart {
  /** `startCluster` called to the first write accepted. */
  readonly startMs: number;
  /** Loading the library before that. */
  readonly importMs: number;
}
