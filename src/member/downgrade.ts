/**
 * The cluster's wish to go back to an older version (etcd's `downgrade`): replicated, kept on the backend under table `v`,
 * changed by applied entries only. It is on record for clients and operators; nothing here acts on it.
 */

import type { Backend } from '../backend/backend.ts';
import { Failure } from '../util/failure.ts';
import type { DowngradeRecord } from './types.ts';

const recordKey = 'vdowngrade';
const noDowngrade: DowngradeRecord = { enabled: false, targetVersion: '' };

export class Downgrade {
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  get record(): DowngradeRecord {
    const bytes = this.#backend.get(recordKey);
    return bytes === undefined
      ? noDowngrade
      : { enabled: true, targetVersion: Buffer.from(bytes).toString() };
  }

  /** @throws Failure 'downgradeInProgress' */
  enable(targetVersion: string): DowngradeRecord {
    if (this.record.enabled) throw new Failure('downgradeInProgress');
    this.#backend.put(recordKey, Buffer.from(targetVersion));
    return this.record;
  }

  /** Without one under way it does nothing. */
  cancel(): DowngradeRecord {
    if (this.record.enabled) this.#backend.delete(recordKey);
    return noDowngrade;
  }
}
