/** LimitRanges: fill in what containers leave out, and refuse what is below, above or out of proportion. */

import type { ApiObject, JsonObject } from '../api/objects.ts';
import { forbidden } from '../api/status.ts';
import type { ResourceType } from '../registry/types.ts';
import { compareQuantities, parseQuantity, quantityText } from '../schema/quantity.ts';
import { mapOf, objectOf, objectsOf, textOf } from '../validation/members.ts';
import type { Lookup } from './lookup.ts';
import { type Amounts, podAmounts } from './pod-usage.ts';
import { allContainers, newPod, podSpec, settlePod, writableSpec } from './pods.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts';

const annotation = 'kubernetes.io/limit-ranger';

function limitsOf(range: ApiObject, type: string): readonly JsonObject[] {
  return objectsOf(range.spec ?? {}, 'limits').filter((limit) => textOf(limit, 'type') === type);
}

/** @returns names of what was filled in, sorted */
function fillSide(container: JsonObject, side: string, defaults: Record<string, string>): string[] {
  const resources = { ...objectOf(container, 'resources') };
  const given = mapOf(resources, side);
  const added = Object.keys(defaults)
    .filter((name) => given[name] === undefined)
    .sort();
  if (added.length === 0) return added;
  for (const name of added) given[name] = defaults[name]!;
  resources[side] = Object.fromEntries(Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1)));
  container['resources'] = resources;
  return added;
}

/** @returns what was filled in, in words */
function fillContainer(container: JsonObject, what: string, limit: JsonObject): string[] {
  const name = textOf(container, 'name');
  const requests = fillSide(container, 'requests', mapOf(limit, 'defaultRequest'));
  const limits = fillSide(container, 'limits', mapOf(limit, 'default'));
  const notes: string[] = [];
  if (requests.length > 0) notes.push(`${requests.join(', ')} request for ${what} ${name}`);
  if (limits.length > 0) notes.push(`${limits.join(', ')} limit for ${what} ${name}`);
  return notes;
}

function fillPod(pod: ApiObject, ranges: readonly ApiObject[]): void {
  const spec = writableSpec(pod);
  const notes: string[] = [];
  for (const limit of ranges.flatMap((range) => limitsOf(range, 'Container'))) {
    for (const container of objectsOf(spec, 'containers'))
      notes.push(...fillContainer(container, 'container', limit));
    for (const container of objectsOf(spec, 'initContainers'))
      notes.push(...fillContainer(container, 'init container', limit));
  }
  if (notes.length === 0) return;
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [annotation]: `LimitRanger plugin set: ${notes.join('; ')}`,
  };
  settlePod(pod);
}

/** What one limit is held against. */
interface Observed {
  /** 'Container', 'Pod', 'PersistentVolumeClaim'. */
  readonly type: string;
  readonly requests: Record<string, string>;
  readonly limits: Record<string, string>;
}

function ratioOf(limit: string, request: string): string {
  const [high, low] = [parseQuantity(limit).nanos, parseQuantity(request).nanos];
  return (Number(high) / Number(low)).toFixed(6);
}

function problemsOf(limit: JsonObject, { type, requests, limits }: Observed): string[] {
  const problems: string[] = [];
  const say = (kind: string, name: string, bound: string, what: string): void => {
    problems.push(`${kind} ${name} usage per ${type} is ${bound}${what}`);
  };
  for (const [name, min] of Object.entries(mapOf(limit, 'min'))) {
    const [request, most] = [requests[name], limits[name]];
    if (request === undefined) say('minimum', name, min, '.  No request is specified');
    else if (compareQuantities(request, min) < 0) say('minimum', name, min, `, but request is ${request}`);
    else if (most !== undefined && compareQuantities(most, min) < 0) {
      say('minimum', name, min, `, but limit is ${most}`);
    }
  }
  for (const [name, max] of Object.entries(mapOf(limit, 'max'))) {
    const [request, most] = [requests[name], limits[name]];
    if (type === 'PersistentVolumeClaim') {
      if (request !== undefined && compareQuantities(request, max) > 0) {
        say('maximum', name, max, `, but request is ${request}`);
      }
    } else if (most === undefined) say('maximum', name, max, '.  No limit is specified');
    else if (compareQuantities(most, max) > 0) say('maximum', name, max, `, but limit is ${most}`);
    else if (request !== undefined && compareQuantities(request, max) > 0) {
      say('maximum', name, max, `, but request is ${request}`);
    }
  }
  for (const [name, ratio] of Object.entries(mapOf(limit, 'maxLimitRequestRatio'))) {
    const [request, most] = [requests[name], limits[name]];
    const text = `${name} max limit to request ratio per ${type} is ${ratio}, but `;
    if (request === undefined || parseQuantity(request).nanos === 0n) {
      problems.push(`${text}no request is specified or request is 0`);
    } else if (most === undefined || parseQuantity(most).nanos === 0n) {
      problems.push(`${text}no limit is specified or limit is 0`);
    } else if (
      parseQuantity(most).nanos * 1_000_000_000n >
      parseQuantity(ratio).nanos * parseQuantity(request).nanos
    ) {
      problems.push(`${text}provided ratio is ${ratioOf(most, request)}`);
    }
  }
  return problems;
}

function texts(amounts: Amounts): Record<string, string> {
  return Object.fromEntries(
    [...amounts].map(([name, nanos]) => [
      name,
      quantityText({ nanos, format: name === 'memory' ? 'binary' : 'decimal' }),
    ]),
  );
}

function podProblems(pod: ApiObject, ranges: readonly ApiObject[]): string[] {
  const spec = podSpec(pod);
  const problems: string[] = [];
  const containers = allContainers(spec).map((container) => {
    const resources = objectOf(container, 'resources');
    return { requests: mapOf(resources, 'requests'), limits: mapOf(resources, 'limits') };
  });
  for (const range of ranges) {
    for (const limit of limitsOf(range, 'Container')) {
      for (const container of containers)
        problems.push(...problemsOf(limit, { type: 'Container', ...container }));
    }
    for (const limit of limitsOf(range, 'Pod')) {
      const requests = texts(podAmounts(spec, 'requests'));
      const limits = texts(podAmounts(spec, 'limits'));
      problems.push(...problemsOf(limit, { type: 'Pod', requests, limits }));
    }
  }
  return problems;
}

function claimProblems(claim: ApiObject, ranges: readonly ApiObject[]): string[] {
  const type = 'PersistentVolumeClaim';
  const requests = mapOf(objectOf(claim.spec ?? {}, 'resources'), 'requests');
  return ranges.flatMap((range) =>
    limitsOf(range, type).flatMap((limit) => problemsOf(limit, { type, requests, limits: {} })),
  );
}

/** Several problems as one text. */
function joined(problems: readonly string[]): string {
  const all = [...new Set(problems)];
  return all.length === 1 ? all[0]! : `[${all.join(', ')}]`;
}

export function limitRanger(lookup: Lookup, ranges: ResourceType): AdmissionPlugin {
  function newClaim({ operation, resource, subresource, object }: AdmissionAttributes): ApiObject | null {
    const isClaim = resource.group === '' && resource.plural === 'persistentvolumeclaims';
    return isClaim && subresource === '' && operation !== 'delete' ? object : null;
  }
  function fill(pod: ApiObject, found: readonly ApiObject[]): void {
    if (found.length > 0) fillPod(pod, found);
  }
  function check(
    { resource, name }: AdmissionAttributes,
    pod: ApiObject | null,
    claim: ApiObject | null,
    found: readonly ApiObject[],
  ): void {
    if (found.length === 0) return;
    const problems = pod === null ? claimProblems(claim!, found) : podProblems(pod, found);
    if (problems.length > 0) throw forbidden(resource, name, joined(problems));
  }
  function withRanges(
    { namespace }: AdmissionAttributes,
    use: (found: readonly ApiObject[]) => void,
  ): Promise<void> | undefined {
    const known = lookup.knownList(ranges, namespace);
    if (known === undefined) return lookup.list(ranges, namespace).then(use);
    use(known);
    return undefined;
  }
  return {
    name: 'LimitRanger',
    mutate(attributes) {
      const pod = newPod(attributes);
      return pod === null ? undefined : withRanges(attributes, (found) => fill(pod, found));
    },
    validate(attributes) {
      const pod = newPod(attributes);
      const claim = newClaim(attributes);
      if (pod === null && claim === null) return undefined;
      return withRanges(attributes, (found) => check(attributes, pod, claim, found));
    },
  };
}
