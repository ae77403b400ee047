/** Pods that name a RuntimeClass get its overhead, its node selector and its tolerations. */

import { type ApiObject, asJson, type JsonObject } from '../api/objects.ts';
import { forbidden } from '../api/status.ts';
import type { ResourceType } from '../registry/types.ts';
import { has, mapOf, maybeObject, objectOf, objectsOf, textOf } from '../validation/members.ts';
import { isSame } from '../validation/pod-fields.ts';
import type { Lookup } from './lookup.ts';
import { newPod, podSpec, settlePod, writableSpec } from './pods.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts';

function addScheduling(spec: JsonObject, scheduling: JsonObject, conflict: (why: string) => Error): void {
  const wanted = mapOf(scheduling, 'nodeSelector');
  const selector = mapOf(spec, 'nodeSelector');
  for (const [key, value] of Object.entries(wanted)) {
    if (selector[key] !== undefined && selector[key] !== value) {
      throw conflict(
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${selector[key]}`,
      );
    }
    selector[key] = value;
  }
  if (Object.keys(selector).length > 0) spec['nodeSelector'] = selector;
  const tolerations = [...objectsOf(spec, 'tolerations')];
  for (const toleration of objectsOf(scheduling, 'tolerations')) {
    if (!tolerations.some((other) => isSame(other, toleration)))
      tolerations.push(structuredClone(toleration));
  }
  if (tolerations.length > 0) spec['tolerations'] = tolerations;
}

export function runtimeClasses(lookup: Lookup, classes: ResourceType): AdmissionPlugin {
  async function fill({ resource, name }: AdmissionAttributes, pod: ApiObject): Promise<void> {
    const spec = writableSpec(pod);
    const className = textOf(spec, 'runtimeClassName');
    const refuse = (why: string): Error => forbidden(resource, name, why);
    if (className === '') {
      throw refuse('pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
    }
    const found = await lookup.find(classes, '', className);
    if (found === null) throw refuse(`pod rejected: RuntimeClass ${JSON.stringify(className)} not found`);
    const overhead = maybeObject(objectOf(asJson(found), 'overhead'), 'podFixed');
    if (overhead !== null && !has(spec, 'overhead')) spec['overhead'] = structuredClone(overhead);
    else if (has(spec, 'overhead') && !isSame(spec['overhead'], overhead)) {
      throw refuse("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
    }
    const scheduling = maybeObject(asJson(found), 'scheduling');
    if (scheduling !== null) addScheduling(spec, scheduling, refuse);
    settlePod(pod);
  }
  return {
    name: 'RuntimeClass',
    mutate(attributes) {
      const pod = newPod(attributes);
      if (pod === null) return undefined;
      const spec = podSpec(pod);
      const isConcerned = textOf(spec, 'runtimeClassName') !== '' || has(spec, 'overhead');
      return isConcerned ? fill(attributes, pod) : undefined;
    },
  };
}
