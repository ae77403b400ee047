/** Handlers of subresources and of resources that are not stored; see `dispatch.ts` for the keys. */

import type { SubresourceHandlers } from './dispatch.ts';
import { scaleHandlers } from './scale.ts';

export const subresourceHandlers: SubresourceHandlers = new Map([['/scale', scaleHandlers]]);
