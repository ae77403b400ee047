/** Defaults of roles and bindings. */

import { type ApiObject, asJson, type JsonObject } from '../api/objects.ts';
import { fill, inner, items } from './pod-volumes.ts';

const rbac = 'rbac.authorization.k8s.io';

export function fillRole(role: ApiObject): void {
  const json = asJson(role);
  json['rules'] ??= null;
  for (const rule of items(json, 'rules')) rule['verbs'] ??= null;
}

function fillSubject(subject: JsonObject): void {
  const kind = subject['kind'];
  if ((subject['apiGroup'] ?? '') === '' && (kind === 'User' || kind === 'Group')) subject['apiGroup'] = rbac;
  if (kind === 'ServiceAccount' && subject['apiGroup'] === '') delete subject['apiGroup'];
}

export function fillBinding(binding: ApiObject): void {
  const json = asJson(binding);
  fill(json, { roleRef: {} });
  const role = inner(json, 'roleRef');
  if (role !== null) {
    if ((role['apiGroup'] ?? '') === '') role['apiGroup'] = rbac;
    fill(role, { kind: '', name: '' });
  }
  for (const subject of items(json, 'subjects')) fillSubject(subject);
}
