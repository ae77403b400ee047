/** The ownership of fields that is in force. Null: managedFields stay as they are, an apply patch is answered with 415. */

import type { FieldManagement } from './types.ts';

export const fieldManagement: FieldManagement | null = null;
