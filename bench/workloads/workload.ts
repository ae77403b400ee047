/** What a workload of the suite is: the loads it consists of, and what is counted. */

import type { RequestKind } from '../requests.ts';

/** One line of a report: a load that is measured by itself. */
export interface Case {
  readonly label: string;
  readonly request?: RequestKind;
  /** @default 1 */
  readonly keysPerRange?: number;
  readonly connections: number;
  /** In flight per connection; for watches, streams of watchers. */
  readonly streams: number;
  /** @default what the flag says */
  readonly valueBytes?: number;
  /** Only of watches. */
  readonly watchers?: number;
  /** Why h2load cannot make this load; it is never used then. */
  readonly ownGeneratorOnly?: string;
}

export interface Workload {
  readonly summary: string;
  /** What one of the counted things is, in the plural. */
  readonly unit: string;
  /** Whether the figure of a case is MiB per second rather than a count. */
  readonly isInBytes: (one: Case) => boolean;
  /** Whether keys are put before anything is measured. */
  readonly isFilled: boolean;
  readonly cases: readonly Case[];
}

export const never = (): boolean => false;
