/** The patches that are served. */

import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { strategicMergePatch } from './strategic-merge-patch.ts';
import type { Patches } from './types.ts';

export const patches: Patches = { merge: mergePatch, json: jsonPatch, strategic: strategicMergePatch };
