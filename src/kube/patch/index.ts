/** The patches that are served. Null: answered with 415. */

import { mergePatch } from './merge-patch.ts';
import type { Patches } from './types.ts';

export const patches: Patches = { merge: mergePatch, json: null, strategic: null };
