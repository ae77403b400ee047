/**
 * DaemonSets. An annotation counts the changes of the template: old clients tell revisions apart by it, so it is the
 * server's alone.
 */

import type { ApiObject } from '../api/objects.ts';
import type { Strategy } from '../registry/types.ts';
import { validateDaemonSet, validateDaemonSetStatus, validateSameSelector } from '../validation/apps.ts';
import { hasNewTemplate } from '../validation/apps-parts.ts';
import { templateWarningsOf } from './pod-template-warnings.ts';

const templateGeneration = 'deprecated.daemonset.template.generation';

/** Maps are sorted by key. */
function annotate(object: ApiObject, value: string): void {
  const annotations = { ...object.metadata.annotations, [templateGeneration]: value };
  object.metadata.annotations = Object.fromEntries(
    Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

export const daemonSetStrategy: Strategy = {
  prepareForCreate(object) {
    object.status = {
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
    };
    annotate(object, '1');
  },
  prepareForUpdate(object, old, { subresource }) {
    const count = Number(old.metadata.annotations?.[templateGeneration] ?? '1');
    const isNew = subresource === '' && hasNewTemplate(object.spec ?? {}, old.spec ?? {});
    annotate(object, String(isNew ? count + 1 : count));
  },
  validateCreate: (object) => validateDaemonSet(object),
  validateUpdate(object, old, { subresource }) {
    if (subresource === 'status') return validateDaemonSetStatus(object, old);
    return [...validateSameSelector(object, old), ...validateDaemonSet(object)];
  },
  warnings: templateWarningsOf,
};
