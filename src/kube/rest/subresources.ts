/** Handlers of subresources and of resources that are not stored; see `dispatch.ts` for the keys. */

import type { Access } from '../auth/access.ts';
import { bindingHandlers } from './binding.ts';
import { componentStatusHandlers } from './component-statuses.ts';
import { connectHandlers } from './connect.ts';
import type { SubresourceHandlers, VerbHandlers } from './dispatch.ts';
import { evictionHandlers } from './eviction.ts';
import { reviewHandlers } from './reviews.ts';
import { scaleHandlers } from './scale.ts';
import { tokenHandlers } from './token.ts';

export function subresourceHandlers(access: Access): SubresourceHandlers {
  return new Map<string, VerbHandlers>([
    ['/scale', scaleHandlers],
    ...reviewHandlers(access),
    ...connectHandlers,
    ...componentStatusHandlers,
    ...bindingHandlers,
    ...evictionHandlers,
    ...tokenHandlers(access.tokens),
  ]);
}
