/** Tables of custom resources: `additionalPrinterColumns`, or the age. */

import { asJson, type Json } from '../api/objects.ts';
import { sinceText } from '../table/age.ts';
import { column, creationText } from '../table/columns.ts';
import type { Column, Printer } from '../table/types.ts';
import type { DefinedColumn } from './definition.ts';
import { findByPath, type JsonPath, parseJsonPath } from './json-path.ts';

const ageColumn: DefinedColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: creationText,
};

const nameColumn: Column = column('Name');

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function cellOf(type: DefinedColumn['type'], found: readonly Json[], nowMs: number): Json {
  const value = found[0];
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'integer':
      if (typeof value === 'number') return Math.trunc(value);
      return typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : null;
    case 'number':
      if (typeof value === 'number') return value;
      return typeof value === 'string' && value !== '' && !Number.isNaN(Number(value)) ? Number(value) : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      if (typeof value !== 'string') return null;
      return Number.isNaN(Date.parse(value)) ? '<invalid>' : sinceText(value, nowMs);
    case 'string':
      // Of several values each is shown.
      return found.length === 1 ? textOf(value) : found.map(textOf).join(',');
    default:
      return null;
  }
}

/** @param given of the version; empty: the age alone */
export function customPrinter(given: readonly DefinedColumn[]): Printer {
  const shown = given.length === 0 ? [ageColumn] : given;
  const paths: readonly (JsonPath | null)[] = shown.map(({ jsonPath }) => parseJsonPath(jsonPath));
  const columns = shown.map(
    ({ name, type, format = '', description = '', priority = 0, jsonPath }): Column => ({
      name,
      type,
      format,
      description:
        description === ''
          ? `Custom resource definition column (in JSONPath format): ${jsonPath}`
          : description,
      priority,
    }),
  );
  return {
    columns: [nameColumn, ...columns],
    cells: (object, nowMs) => [
      object.metadata.name ?? '',
      ...shown.map(({ type }, at) => {
        const path = paths[at]!;
        return path === null ? null : cellOf(type, findByPath(asJson(object), path), nowMs);
      }),
    ],
  };
}
