/**
 * Admission: plugins that change or refuse a write after it was decoded and before it is stored. They run in
 * the order of the chain. A plugin refuses by throwing a StatusError.
 */

import type { ApiObject } from '../api/objects.ts';
import type { UserInfo } from '../api/user.ts';
import type { ResourceType } from '../registry/types.ts';
import type { DeleteOptions } from '../rest/delete.ts';
import type { Endpoint } from '../rest/endpoint.ts';

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
  /** The request that it is part of. */
  readonly endpoint: Endpoint;
  /** What a delete was asked with; null: it is none, or part of another write. */
  readonly deletion: DeleteOptions | null;
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
  /** Before anything else, also of what is not written as it is sent: bindings, evictions, tokens, connections. */
  check?(attributes: AdmissionAttributes): void | Promise<void>;
  mutate?(attributes: AdmissionAttributes): void | Promise<void>;
  validate?(attributes: AdmissionAttributes): void | Promise<void>;
  /**
   * Runs last, never in a dry run; on delete only when the object goes now. May change the object (an allocated address).
   * Null: nothing was taken.
   */
  reserve?(attributes: AdmissionAttributes): Reservation | null | Promise<Reservation | null>;
}

/** What users configure while the server runs: webhooks and policies. While there is none, nothing is asked. */
export interface DynamicAdmission {
  readonly mayMutate: boolean;
  readonly mayValidate: boolean;
  /** @param again runs the plugins once more, after something changed the object @throws StatusError */
  mutate(attributes: AdmissionAttributes, again: () => Promise<void>): Promise<void>;
  /** @throws StatusError */
  validate(attributes: AdmissionAttributes): Promise<void>;
}
