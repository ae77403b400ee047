/** Turns objects and lists into Tables and PartialObjectMetadata. */

import { invalidValue } from '../api/field-errors.ts';
import type { ApiList, ApiObject, Json, ListMeta } from '../api/objects.ts';
import { badRequest } from '../api/status.ts';
import type { ResourceType } from '../registry/types.ts';
import { printerOf } from './printers.ts';
import type { Column, RowCondition } from './types.ts';

export type IncludeObject = 'Metadata' | 'Object' | 'None';

export interface TableRow {
  readonly cells: readonly Json[];
  readonly conditions?: readonly RowCondition[];
  readonly object: ApiObject | null;
}

export interface Table {
  readonly kind: 'Table';
  readonly apiVersion: string;
  readonly metadata: Partial<ListMeta>;
  /** Null: as in the frame before. */
  readonly columnDefinitions: readonly Column[] | null;
  readonly rows: readonly TableRow[];
}

/** @throws StatusError 400 */
export function includeObject(query: URLSearchParams): IncludeObject {
  const given = query.get('includeObject') ?? '';
  if (given === '') return 'Metadata';
  if (given === 'Metadata' || given === 'Object' || given === 'None') return given;
  const { field, message } = invalidValue(
    'includeObject',
    given,
    "must be 'Metadata', 'Object', 'None', or empty",
  );
  throw badRequest(`Unable to convert to Table as requested: ${field}: ${message}`);
}

export interface TableRequest {
  readonly resource: ResourceType | null;
  /** `v1` or `v1beta1`. */
  readonly version: string;
  readonly include: IncludeObject;
  readonly nowMs: number;
  /** False: a later frame of a watch. */
  readonly hasColumns: boolean;
}

/** Lists of custom resources say so when they are whole; tables of them do not. */
function withoutEmptyToken<Meta extends Partial<ListMeta>>(metadata: Meta): Meta {
  if (metadata.continue !== '') return metadata;
  const { continue: _none, ...rest } = metadata;
  return rest as Meta;
}

export function partialMetadata(object: ApiObject, version: string): ApiObject {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: object.metadata,
  };
}

export function partialMetadataList(list: ApiList, version: string): ApiList {
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: withoutEmptyToken(list.metadata),
    items: list.items.map((item) => partialMetadata(item, version)),
  };
}

export function tableOf(
  metadata: Partial<ListMeta>,
  items: readonly ApiObject[],
  request: TableRequest,
): Table {
  const isScale = items[0]?.kind === 'Scale' && items[0].apiVersion === 'autoscaling/v1';
  const printer = printerOf(request.resource, isScale);
  const rows = items.map((object): TableRow => {
    const conditions = printer.conditions?.(object) ?? [];
    const cells = printer.cells(object, request.nowMs);
    const shown = shownObject(object, request);
    return conditions.length === 0 ? { cells, object: shown } : { cells, conditions, object: shown };
  });
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${request.version}`,
    metadata: withoutEmptyToken(metadata),
    columnDefinitions: request.hasColumns ? printer.columns : null,
    rows,
  };
}

function shownObject(object: ApiObject, { include, version }: TableRequest): ApiObject | null {
  if (include === 'None') return null;
  return include === 'Object' ? object : partialMetadata(object, version);
}
