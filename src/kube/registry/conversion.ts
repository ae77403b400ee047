/**
 * Versions of one kind: objects are stored in one of them and converted when they are read and written in another
 * (reference §9.44). Conversion stands at the edge of the storage, so that everything above sees one version only: decoding,
 * defaults, validation, patches and selectors work in the version of the request, watches give it too.
 *
 * A conversion must lose nothing: what the other version cannot say goes through annotations.
 */

import type { ApiObject } from '../api/objects.ts';
import { groupVersionText } from '../api/objects.ts';
import { hpaFromV1, hpaToV1 } from './convert-autoscaling.ts';
import { eventFromEvents, eventToEvents } from './convert-events.ts';
import type { ResourceType } from './types.ts';

export interface Conversion {
  /** The object as it is stored; the argument stays as it is. */
  toStorage(object: ApiObject): ApiObject;
  /** The stored object in the version of the resource; the argument may be changed. */
  fromStorage(object: ApiObject): ApiObject;
}

const conversions: ReadonlyMap<string, Conversion> = new Map<string, Conversion>([
  ['autoscaling/v1/HorizontalPodAutoscaler', { toStorage: hpaFromV1, fromStorage: hpaToV1 }],
  ['events.k8s.io/v1/Event', { toStorage: eventFromEvents, fromStorage: eventToEvents }],
]);

/** Custom resources convert by name alone: strategy `None`. */
function renaming(resource: ResourceType): Conversion {
  const stored = groupVersionText(resource.group, resource.storageVersion);
  const served = groupVersionText(resource.group, resource.version);
  return {
    toStorage: (object) => (object.apiVersion === stored ? object : { ...object, apiVersion: stored }),
    fromStorage: (object) => {
      if (object.apiVersion !== undefined) object.apiVersion = served;
      return object;
    },
  };
}

/** Null: objects are stored as they are served. */
export function conversionOf(resource: ResourceType): Conversion | null {
  if (resource.custom !== null) return renaming(resource);
  return conversions.get(`${resource.group}/${resource.version}/${resource.kind}`) ?? null;
}
