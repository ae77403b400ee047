/**
 * What runs beside the API as long as it is served: loops that watch objects and write others. Each begins after the
 * bootstrap and ends before the listener's store.
 */

import type { ServerParts } from '../rest/parts.ts';

export interface Running {
  /** Ends it; nothing of it runs after this. */
  close(): Promise<void>;
}

/** Begins a loop. It resolves when what it brings is in force. */
export type Controller = (parts: ServerParts) => Promise<Running>;

export const controllers: readonly Controller[] = [];
