/**
 * Containers that may do to a machine whatever they like, where whoever runs the server has forbidden them: `--allow-privileged=false` of
 * kube-apiserver, whose texts these are.
 */

import { type FieldError, forbiddenValue } from '../api/field-errors.ts';
import { type ApiObject, asJson, type JsonObject } from '../api/objects.ts';
import type { ResourceType } from '../registry/types.ts';
import { objectOf, objectsOf } from './members.ts';

const templateOwners: ReadonlySet<string> = new Set([
  'replicationcontrollers',
  'daemonsets.apps',
  'deployments.apps',
  'replicasets.apps',
  'statefulsets.apps',
  'jobs.batch',
]);

/** Where a kind has the spec of a pod; null: nowhere. */
function podSpecPath({ group, plural }: ResourceType): string | null {
  const name = group === '' ? plural : `${plural}.${group}`;
  if (name === 'pods') return 'spec';
  if (name === 'podtemplates') return 'template.spec';
  if (name === 'cronjobs.batch') return 'spec.jobTemplate.spec.template.spec';
  return templateOwners.has(name) ? 'spec.template.spec' : null;
}

function isHostProcess(context: JsonObject, otherwise: boolean): boolean {
  const said = objectOf(context, 'windowsOptions')['hostProcess'];
  return typeof said === 'boolean' ? said : otherwise;
}

/** What is privileged in the object of a kind with pods; nothing in others. */
export function privilegedErrors(resource: ResourceType, object: ApiObject): FieldError[] {
  const path = podSpecPath(resource);
  if (path === null) return [];
  const spec = path.split('.').reduce(objectOf, asJson(object));
  const isOfHost = isHostProcess(objectOf(spec, 'securityContext'), false);
  const errors: FieldError[] = [];
  let processes = 0;
  for (const list of ['initContainers', 'containers', 'ephemeralContainers']) {
    objectsOf(spec, list).forEach((container, at) => {
      const context = objectOf(container, 'securityContext');
      if (isHostProcess(context, isOfHost)) processes++;
      if (context['privileged'] !== true) return;
      const place = `${path}.${list}[${at}].securityContext.privileged`;
      errors.push(forbiddenValue(place, 'disallowed by cluster policy'));
    });
  }
  if (processes > 0) {
    errors.push(forbiddenValue(path, 'hostProcess containers are disallowed by cluster policy'));
  }
  return errors;
}
