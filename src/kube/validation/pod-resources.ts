/** Requests and limits: which resources there are, and that no request is above its limit. */

import { type FieldError, forbiddenValue, invalidValue, required } from '../api/field-errors.ts';
import { qualifiedNameProblems } from '../meta/names.ts';
import { compareQuantities, parseQuantity, quantityText } from '../schema/quantity.ts';
import { notNegativeText, problemsAt } from './pod-fields.ts';
import type { Resources } from './pod-types.ts';

const hugePages = 'hugepages-';
const containerResources = new Set(['cpu', 'memory', 'ephemeral-storage']);
const standardResources = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'storage',
  'requests.storage',
  'services.nodeports',
  'services.loadbalancers',
]);

/** Of Kubernetes itself: a name without a domain, or with its own. */
function isNative(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

/** What a device plugin offers: counted in whole numbers, and a request equals its limit. */
function isExtended(name: string): boolean {
  if (isNative(name) || name.startsWith('requests.')) return false;
  return qualifiedNameProblems(`requests.${name}`).length === 0;
}

function allowsOvercommit(name: string): boolean {
  return isNative(name) && !name.startsWith(hugePages);
}

function validateName(field: string, name: string): FieldError[] {
  const problems = qualifiedNameProblems(name);
  if (problems.length > 0) return problemsAt(field, name, problems);
  const errors: FieldError[] = [];
  if (!name.includes('/')) {
    const isHuge = name.startsWith(hugePages);
    if (!standardResources.has(name) && !isHuge && !name.startsWith(`requests.${hugePages}`)) {
      errors.push(invalidValue(field, name, 'must be a standard resource type or fully qualified'));
    }
    if (!containerResources.has(name) && !isHuge) {
      errors.push(invalidValue(field, name, 'must be a standard resource for containers'));
    }
  } else if (!isNative(name) && !isExtended(name)) {
    errors.push(invalidValue(field, name, "doesn't follow extended resource name standard"));
  }
  return errors;
}

function validateQuantity(field: string, name: string, text: string): FieldError[] {
  const { nanos } = parseQuantity(text);
  const errors: FieldError[] = [];
  if (nanos < 0n) errors.push(invalidValue(field, text, notNegativeText));
  if (isExtended(name) && nanos % 1_000_000_000n !== 0n) {
    errors.push(invalidValue(field, text, 'must be an integer'));
  }
  if (name.startsWith(hugePages)) errors.push(...validateHugePages(field, name, text));
  return errors;
}

function validateHugePages(field: string, name: string, text: string): FieldError[] {
  let size: bigint;
  try {
    size = parseQuantity(name.slice(hugePages.length)).nanos;
  } catch {
    return [];
  }
  const { nanos, format } = parseQuantity(text);
  if (size > 0n && nanos % size === 0n) return [];
  const sizeText = quantityText({ nanos: size, format });
  return [invalidValue(field, text, `${text} is not positive integer multiple of ${sizeText}`)];
}

function validateRequest(
  field: string,
  name: string,
  request: string,
  limit: string | undefined,
): FieldError[] {
  const path = `${field}.requests`;
  if (limit === undefined) {
    if (allowsOvercommit(name)) return [];
    return [required(`${field}.limits`, 'Limit must be set for non overcommitable resources')];
  }
  const order = compareQuantities(request, limit);
  if (order !== 0 && !allowsOvercommit(name)) {
    return [invalidValue(path, request, `must be equal to ${name} limit of ${limit}`)];
  }
  if (order <= 0) return [];
  return [invalidValue(path, request, `must be less than or equal to ${name} limit of ${limit}`)];
}

/**
 * Of a container, of a pod, or an overhead.
 * @param claims names of the pod's resource claims
 */
export function validateResources(
  field: string,
  { limits = {}, requests = {}, claims = [] }: Resources,
  claimNames: ReadonlySet<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const [name, text] of Object.entries(limits)) {
    const path = `${field}.limits[${name}]`;
    errors.push(...validateName(path, name), ...validateQuantity(path, name, text));
  }
  for (const [name, text] of Object.entries(requests)) {
    const path = `${field}.requests[${name}]`;
    errors.push(...validateName(path, name), ...validateQuantity(path, name, text));
    errors.push(...validateRequest(field, name, text, limits[name]));
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  const hasHugePages = names.some((name) => name.startsWith(hugePages));
  if (hasHugePages && !names.includes('cpu') && !names.includes('memory')) {
    errors.push(forbiddenValue(field, 'HugePages require cpu or memory'));
  }
  claims.forEach(({ name = '' }, at) => {
    const path = `${field}.claims[${at}]`;
    if (name === '') errors.push(required(`${path}.name`));
    else if (!claimNames.has(name)) {
      errors.push({
        reason: 'FieldValueNotFound',
        field: `${path}.name`,
        message: `Not found: ${JSON.stringify(name)}`,
      });
    }
  });
  return errors;
}

const qosResources = ['cpu', 'memory'];

interface QosContainer {
  readonly resources?: Resources;
}

/** The quality of service that containers with these resources get. */
export function qosClassOf(containers: readonly QosContainer[], ofPod: Resources | undefined): string {
  const of = ofPod === undefined ? containers : [{ resources: ofPod }];
  let isGuaranteed = true;
  let hasAny = false;
  for (const { resources = {} } of of) {
    const { limits = {}, requests = {} } = resources;
    for (const name of qosResources) {
      const limit = parseQuantity(limits[name] ?? '0').nanos;
      const request = parseQuantity(requests[name] ?? '0').nanos;
      if (limit > 0n || request > 0n) hasAny = true;
      if (limit <= 0n || request !== limit) isGuaranteed = false;
    }
  }
  if (!hasAny) return 'BestEffort';
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}
