/**
 * Tables: a printer per kind gives the columns and, for an object, the cells. Without one a kind is printed
 * by name and age.
 */

import type { ApiObject, Json } from '../api/objects.ts';

export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  /** 'name' on the name column. */
  readonly format: string;
  readonly description: string;
  /** Above 0: shown with `-o wide` only. */
  readonly priority: number;
}

export interface RowCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface Printer {
  readonly columns: readonly Column[];
  /** One cell per column. @param nowMs wall time, for ages */
  cells(object: ApiObject, nowMs: number): readonly Json[];
  /** @default none */
  conditions?(object: ApiObject): readonly RowCondition[];
}
