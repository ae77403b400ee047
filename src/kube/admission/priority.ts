/**
 * Priorities: a pod has the priority of its class, of the default class, or none; the number itself is not for
 * users to give. Only one class is the default.
 */

import { type ApiObject, asJson } from '../api/objects.ts';
import { forbidden } from '../api/status.ts';
import type { ResourceType } from '../registry/types.ts';
import { changeSpec } from '../storage/template-specs.ts';
import { numberOf, textOf } from '../validation/members.ts';
import type { Lookup } from './lookup.ts';
import { podSpec, settleSpec, writtenPod } from './pods.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts';

const usualPolicy = 'PreemptLowerPriority';

/** The default class: the one of the least value when there are several; null: there is none. */
function defaultClassOf(all: readonly ApiObject[]): ApiObject | null {
  let found: ApiObject | null = null;
  for (const candidate of all) {
    const json = asJson(candidate);
    if (json['globalDefault'] !== true) continue;
    if (found === null || (numberOf(json, 'value') ?? 0) < (numberOf(asJson(found), 'value') ?? 0)) {
      found = candidate;
    }
  }
  return found;
}

async function defaultClass(lookup: Lookup, classes: ResourceType): Promise<ApiObject | null> {
  return defaultClassOf(await lookup.list(classes, ''));
}

/** The class that a pod has, or gets. */
function classOf(
  className: string,
  lookup: Lookup,
  classes: ResourceType,
): ApiObject | null | Promise<ApiObject | null> {
  if (className !== '') {
    return lookup.known(classes, '', className) ?? lookup.find(classes, '', className);
  }
  const all = lookup.knownList(classes, '');
  return all === undefined ? defaultClass(lookup, classes) : defaultClassOf(all);
}

function setPriority(
  { resource, name }: AdmissionAttributes,
  pod: ApiObject,
  className: string,
  found: ApiObject | null,
): void {
  const spec = podSpec(pod);
  if (found === null && className !== '') {
    throw forbidden(resource, name, `no PriorityClass with name ${className} was found`);
  }
  const json = found === null ? {} : asJson(found);
  const priority = numberOf(json, 'value') ?? 0;
  const policy = textOf(json, 'preemptionPolicy') || usualPolicy;
  const given = numberOf(spec, 'priority');
  if (given !== undefined && given !== priority) {
    const why = `the integer value of priority (${given}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`;
    throw forbidden(resource, name, why);
  }
  const givenPolicy = textOf(spec, 'preemptionPolicy');
  if (givenPolicy !== '' && givenPolicy !== policy) {
    const why = `the string value of PreemptionPolicy (${givenPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`;
    throw forbidden(resource, name, why);
  }
  const foundName = found === null ? className : (found.metadata.name ?? '');
  changeSpec(pod, `Priority ${priority} ${policy} ${foundName}`, (holder) => {
    holder.spec ??= {};
    const own = holder.spec;
    if (foundName !== '') own['priorityClassName'] = foundName;
    own['priority'] = priority;
    own['preemptionPolicy'] = policy;
    settleSpec(holder);
  });
}

/** A pod that is replaced keeps its priority where it says nothing of it. */
function keepPriority(pod: ApiObject, old: ApiObject | null): void {
  const [spec, before] = [podSpec(pod), old?.spec ?? {}];
  let isChanged = false;
  for (const name of ['priority', 'preemptionPolicy']) {
    const known = before[name];
    if (spec[name] !== undefined || known === undefined) continue;
    spec[name] = known;
    isChanged = true;
  }
  if (isChanged) settleSpec(pod);
}

export function priorities(lookup: Lookup, classes: ResourceType): AdmissionPlugin {
  return {
    name: 'Priority',
    mutate(attributes) {
      const pod = writtenPod(attributes);
      if (pod === null) return undefined;
      if (attributes.operation !== 'create') {
        keepPriority(pod, attributes.old);
        return undefined;
      }
      const className = textOf(podSpec(pod), 'priorityClassName');
      const found = classOf(className, lookup, classes);
      if (found instanceof Promise) return found.then((one) => setPriority(attributes, pod, className, one));
      setPriority(attributes, pod, className, found);
      return undefined;
    },
    validate({ operation, resource, object, name }) {
      if (resource !== classes || object === null || operation === 'delete') return undefined;
      if (asJson(object)['globalDefault'] !== true) return undefined;
      return defaultClass(lookup, classes).then((other) => {
        if (other === null || other.metadata.name === name) return;
        const why = `PriorityClass ${other.metadata.name ?? ''} is already marked as default. Only one default can exist`;
        throw forbidden(resource, name, why);
      });
    },
  };
}
