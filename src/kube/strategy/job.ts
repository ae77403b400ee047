/** Jobs: a new one gets a selector that no other Job can have, unless its author takes care of that. */

import { type ApiObject, asJson, type JsonObject } from '../api/objects.ts';
import { fillJobLabels } from '../defaults/batch.ts';
import { settle } from '../defaults/pod.ts';
import type { Strategy } from '../registry/types.ts';
import {
  legacyNameLabel,
  legacyUidLabel,
  nameLabel,
  uidLabel,
  validateJob,
  validateJobUpdate,
} from '../validation/batch.ts';
import { validateJobStatus } from '../validation/batch-status.ts';
import type { JobSpec } from '../validation/batch-types.ts';
import { templateWarningsOf } from './pod-template-warnings.ts';

function sortedMap(map: Record<string, string>): JsonObject {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Labels that are there stay: where they are wrong, validation says so. */
function generateSelector(object: ApiObject): void {
  const spec = (object.spec ?? {}) as JobSpec;
  if (spec.manualSelector === true) return;
  const { uid = '', name = '' } = object.metadata;
  const { template = {}, selector = {} } = spec;
  const generated = { [legacyUidLabel]: uid, [legacyNameLabel]: name, [uidLabel]: uid, [nameLabel]: name };
  const labels = sortedMap({ ...generated, ...template.metadata?.labels });
  const json = asJson(spec);
  json['template'] = { ...(template as JsonObject), metadata: { ...template.metadata, labels } };
  json['selector'] = {
    ...(selector as JsonObject),
    matchLabels: sortedMap({ [uidLabel]: uid, ...selector.matchLabels }),
  };
  settle(object, 'batch.v1.Job');
}

export const jobStrategy: Strategy = {
  prepareForCreate(object) {
    object.status = {};
    generateSelector(object);
    fillJobLabels(object);
  },
  validateCreate: (object) => validateJob(object),
  validateUpdate(object, old, { subresource }) {
    return subresource === 'status' ? validateJobStatus(object, old) : validateJobUpdate(object, old);
  },
  warnings: templateWarningsOf,
};
