/**
 * Admission: plugins that change or refuse a write after it was decoded and before it is stored (reference §2.15). They run in
 * the order of the chain. A plugin refuses by throwing a StatusError.
 */

import type { ApiObject } from '../api/objects.ts';
import type { UserInfo } from '../api/user.ts';
import type { ResourceType } from '../registry/types.ts';

export interface AdmissionAttributes {
  readonly operation: 'create' | 'update' | 'delete' | 'connect';
  readonly resource: ResourceType;
  /** Empty: the resource itself. */
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Null on delete. Mutating plugins change it in place. */
  readonly object: ApiObject | null;
  /** Null on create. */
  readonly old: ApiObject | null;
  readonly user: UserInfo;
  readonly isDryRun: boolean;
  readonly warnings: string[];
}

/** Something taken for an object that is about to be written or deleted: an address, a port, a share of a quota. */
export interface Reservation {
  /** The object was written, or is gone. Awaited before the answer; never rejects. */
  commit(): void | Promise<void>;
  /** It was not. Never rejects. */
  release(): void | Promise<void>;
}

export interface AdmissionPlugin {
  readonly name: string;
  mutate?(attributes: AdmissionAttributes): void | Promise<void>;
  validate?(attributes: AdmissionAttributes): void | Promise<void>;
  /**
   * Runs last, never in a dry run; on delete only when the object goes now. May change the object (an allocated address).
   * Null: nothing was taken.
   */
  reserve?(attributes: AdmissionAttributes): Reservation | null | Promise<Reservation | null>;
}
