/** Names and amounts of resources, as nodes, quotas and limits have them. */

import { type FieldError, invalidValue } from '../api/field-errors.ts';
import { parseQuantity, QuantityError } from '../schema/quantity.ts';
import { notNegativeText, validateLabelName } from './pod-fields.ts';

const computeResources = ['cpu', 'memory', 'ephemeral-storage'];

const objectCounts: ReadonlySet<string> = new Set([
  'pods',
  'services',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);

const quotaResources: ReadonlySet<string> = new Set([
  ...computeResources,
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  ...objectCounts,
]);

/** Of plain names, those that mean something. */
const standardResources: ReadonlySet<string> = new Set([...quotaResources, 'storage']);

const standardText = 'must be a standard resource type or fully qualified';

/** Whole numbers only. */
function isCount(name: string): boolean {
  return objectCounts.has(name) || name.startsWith('count/');
}

function validateName(field: string, name: string): FieldError[] {
  const errors = validateLabelName(field, name);
  if (errors.length > 0) return errors;
  if (!name.includes('/') && !standardResources.has(name) && !name.startsWith('hugepages-')) {
    return [invalidValue(field, name, standardText)];
  }
  return [];
}

/** A key of `spec.hard`. */
export function validateQuotaName(field: string, name: string): FieldError[] {
  const plain = name.replace(/^(requests|limits)\./, '');
  const isKnown = quotaResources.has(name) || plain.includes('/') || plain.startsWith('hugepages-');
  const errors = name.includes('/') ? validateLabelName(field, name) : validateName(field, name);
  if (!isKnown) errors.push(invalidValue(field, name, 'must be a standard resource for quota'));
  return errors;
}

/** A key of a limit. @param type of the limit */
export function validateLimitName(field: string, name: string, type: string): FieldError[] {
  const errors = validateName(field, name);
  const isPlain = !name.includes('/') && !name.startsWith('hugepages-');
  if ((type === 'Pod' || type === 'Container') && isPlain && !computeResources.includes(name)) {
    errors.push(invalidValue(field, name, 'must be a standard limit resource type or fully qualified'));
  }
  return errors;
}

/** @param name what it is an amount of */
export function validateAmount(field: string, name: string, amount: string): FieldError[] {
  try {
    const { nanos } = parseQuantity(amount);
    if (nanos < 0n) return [invalidValue(field, amount, notNegativeText)];
    if (isCount(name) && nanos % 1_000_000_000n !== 0n) {
      return [invalidValue(field, amount, 'must be an integer')];
    }
    return [];
  } catch (error) {
    if (error instanceof QuantityError) return [invalidValue(field, amount, error.message)];
    throw error;
  }
}
