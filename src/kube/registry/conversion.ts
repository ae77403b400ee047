/**
 * Versions of one kind: objects are stored in one of them and converted when they are read and written in another.
 * Conversion stands at the edge of the storage, so that everything above sees one version only: decoding,
 * defaults, validation, patches and selectors work in the version of the request, watches give it too.
 *
 * A conversion must lose nothing: what the other version cannot say goes through annotations.
 */

import type { ApiObject } from '../api/objects.ts';
import { groupVersionText } from '../api/objects.ts';
import type { CustomType } from '../crd/types.ts';
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

/** Custom resources convert by name alone, strategy `None`, and are read by the schema that they have now. */
function renaming(resource: ResourceType, custom: CustomType): Conversion {
  const stored = groupVersionText(resource.group, resource.storageVersion);
  return {
    toStorage: (object) => (object.apiVersion === stored ? object : { ...object, apiVersion: stored }),
    fromStorage: (object) => custom.fromStorage(object),
  };
}

/** What stands above a conversion by webhook: objects come in the version that is served. */
export function readingOf(custom: CustomType): Conversion {
  return { toStorage: (object) => object, fromStorage: (object) => custom.fromStorage(object) };
}

/** Null: objects are stored as they are served. */
export function conversionOf(resource: ResourceType): Conversion | null {
  if (resource.custom !== null) return renaming(resource, resource.custom);
  return conversions.get(`${resource.group}/${resource.version}/${resource.kind}`) ?? null;
}
