/**
 * Who owns which field. Every write goes through here before it is stored: `recordUpdate` for all but
 * server-side apply, `apply` for that.
 *
 * FieldsV1 is a trie: `f:<member>`, `k:<json of the key members>`, `v:<json>`, `.`; leaves are `{}`.
 */

import type { ApiObject, JsonObject } from '../api/objects.ts';
import type { ResourceType } from '../registry/types.ts';

export interface ManagerInfo {
  /** `fieldManager`, or what stands before the slash of the User-Agent. */
  readonly manager: string;
  /** Empty: the resource itself. */
  readonly subresource: string;
  readonly resource: ResourceType;
  /** Now, as `metav1.Time` shows it. */
  readonly now: string;
}

export interface FieldManagement {
  /**
   * Writes `next.metadata.managedFields`: what `next` has and `live` has not, or otherwise, becomes the manager's.
   * @param live null on create
   */
  recordUpdate(live: ApiObject | null, next: ApiObject, manager: ManagerInfo): void;
  /**
   * The object that applying `intent` makes of `live`, with managedFields.
   * @param live null: it does not exist
   * @throws StatusError 409 on conflicts that are not forced, 400, 422 and 500 as of a real server
   */
  apply(live: ApiObject | null, intent: JsonObject, manager: ManagerInfo, isForced: boolean): ApiObject;
}
