/** Handlers of subresources and of resources that are not stored; see `dispatch.ts` for the keys. */

import type { Authenticator, Authorizer } from '../auth/types.ts';
import { bindingHandlers } from './binding.ts';
import { connectHandlers } from './connect.ts';
import type { SubresourceHandlers, VerbHandlers } from './dispatch.ts';
import { evictionHandlers } from './eviction.ts';
import { reviewHandlers } from './reviews.ts';
import { scaleHandlers } from './scale.ts';

/** Who decides about requests: reviews are answered by the same. */
export interface Access {
  readonly authenticators: readonly Authenticator[];
  readonly authorizer: Authorizer;
}

export function subresourceHandlers(access: Access): SubresourceHandlers {
  return new Map<string, VerbHandlers>([
    ['/scale', scaleHandlers],
    ...reviewHandlers(access),
    ...connectHandlers,
    ...bindingHandlers,
    ...evictionHandlers,
  ]);
}
