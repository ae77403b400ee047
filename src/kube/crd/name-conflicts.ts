/** Names that another definition of the group has already (the naming rules of apiextensions). */

import type { ApiObject } from '../api/objects.ts';
import { type DefinedNames, specOf, statusOf } from './definition.ts';

export interface NameConflict {
  readonly reason: string;
  readonly message: string;
}

interface Taken {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

function takenBy(names: DefinedNames, resources: Set<string>, kinds: Set<string>): void {
  for (const name of [names.plural, names.singular ?? '', ...(names.shortNames ?? [])]) resources.add(name);
  for (const kind of [names.kind, names.listKind ?? '']) kinds.add(kind);
}

function takenByOthers(definition: ApiObject, all: Iterable<ApiObject>): Taken {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const other of all) {
    if (other.metadata.name === definition.metadata.name) continue;
    if (specOf(other).group !== specOf(definition).group) continue;
    const { acceptedNames } = statusOf(other);
    if (acceptedNames !== undefined) takenBy(acceptedNames, resources, kinds);
  }
  resources.delete('');
  kinds.delete('');
  return { resources, kinds };
}

/** Null: every name is free. */
export function nameConflict(definition: ApiObject, all: Iterable<ApiObject>): NameConflict | null {
  const { names } = specOf(definition);
  const { resources, kinds } = takenByOthers(definition, all);
  const inUse = (name: string): string => `${JSON.stringify(name)} is already in use`;
  if (resources.has(names.plural)) return { reason: 'PluralConflict', message: inUse(names.plural) };
  const { singular = '', listKind = '', shortNames = [] } = names;
  if (resources.has(singular)) return { reason: 'SingularConflict', message: inUse(singular) };
  const short = shortNames.filter((name) => resources.has(name));
  if (short.length === 1) return { reason: 'ShortNamesConflict', message: inUse(short[0]!) };
  if (short.length > 1) {
    return { reason: 'ShortNamesConflict', message: `[${short.map(inUse).join(', ')}]` };
  }
  if (kinds.has(names.kind)) return { reason: 'KindConflict', message: inUse(names.kind) };
  return kinds.has(listKind) ? { reason: 'ListKindConflict', message: inUse(listKind) } : null;
}
