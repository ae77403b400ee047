/** Conflicts of managers, as the 409 that kubectl takes apart. */

import { applyConflict, type StatusCause, type StatusError } from '../api/status.ts';
import { eachMember, type FieldSet } from './field-set.ts';
import type { Manager } from './managers.ts';
import { pathText } from './path-elements.ts';

/** Fields that an apply changes and another manager owns. */
export interface Conflict {
  readonly manager: Manager;
  readonly set: FieldSet;
}

/** Without its time, which belongs to the entry and not to the manager. */
function managerText({ manager, subresource, operation, apiVersion }: Manager): string {
  let text = JSON.stringify(manager);
  if (subresource !== '') text += ` with subresource ${JSON.stringify(subresource)}`;
  return operation === 'Update' ? `${text} using ${apiVersion}` : text;
}

function pathsOf(set: FieldSet): string[] {
  const paths: string[] = [];
  eachMember(set, (path) => paths.push(pathText(path)));
  return paths;
}

/** @param conflicts at least one */
export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const causes: StatusCause[] = [];
  const byManager = new Map<string, string[]>();
  const sorted = [...conflicts].sort((a, b) => (managerText(a.manager) < managerText(b.manager) ? -1 : 1));
  for (const { manager, set } of sorted) {
    const name = managerText(manager);
    for (const field of pathsOf(set)) {
      causes.push({ reason: 'FieldManagerConflict', message: `conflict with ${name}`, field });
      byManager.set(name, [...(byManager.get(name) ?? []), field]);
    }
  }
  if (causes.length === 1) {
    const { message, field } = causes[0]!;
    return applyConflict(`Apply failed with 1 conflict: ${message}: ${field}`, causes);
  }
  const lines: string[] = [];
  for (const [name, fields] of byManager) {
    lines.push(`conflicts with ${name}:`, ...fields.map((field) => `- ${field}`));
  }
  return applyConflict(`Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`, causes);
}
