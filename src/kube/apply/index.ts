/** The ownership of fields that is in force. */

import { fieldManager } from './field-manager.ts';
import type { FieldManagement } from './types.ts';

export const fieldManagement: FieldManagement | null = fieldManager;
