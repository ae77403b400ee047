/**
 * The printer of each kind, by `<group>/<Kind>`. A kind without a row is printed by name and age.
 */

import type { ResourceType } from '../registry/types.ts';
import { ageOf } from './age.ts';
import type { Column, Printer } from './types.ts';

export function column(name: string, type: Column['type'] = 'string', priority: number = 0): Column {
  return { name, type, format: name === 'Name' ? 'name' : '', description: '', priority };
}

const nameAndAge: Printer = {
  columns: [column('Name'), column('Age')],
  cells: (object, nowMs) => [object.metadata.name ?? '', ageOf(object, nowMs)],
};

const printers: ReadonlyMap<string, Printer> = new Map<string, Printer>();

export function printerOf(resource: ResourceType | null): Printer {
  if (resource === null) return nameAndAge;
  if (resource.custom !== null) return resource.custom.printer;
  return printers.get(`${resource.group}/${resource.kind}`) ?? nameAndAge;
}
