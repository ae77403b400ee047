/**
 * Eviction: a delete of a pod that asks the disruption budgets first; `kubectl drain`. The budget's
 * status is what a controller keeps; an eviction takes one of its allowed disruptions in a guarded write, so that two
 * evictions at once cannot both take the last one.
 */

import { type ApiObject, isJsonObject, type JsonObject } from '../api/objects.ts';
import {
  accepted,
  badRequest,
  bareError,
  forbidden,
  type StatusError,
  tooManyRequests,
} from '../api/status.ts';
import type { ApiAnswer } from '../http/types.ts';
import { nowText } from '../meta/time.ts';
import type { ResourceType } from '../registry/types.ts';
import { parseBody, toObject } from './body.ts';
import { checkOptions, type DeleteOptions, deleteObject, type GivenOptions } from './delete.ts';
import type { VerbHandlers } from './dispatch.ts';
import { askAdmission, type Endpoint } from './endpoint.ts';
import { modify } from './modify.ts';
import { type WriteOptions, writeOptions } from './options.ts';

/** A budget that its controller has not seen yet: ask again after so long. */
const unseenRetrySeconds = 10;
const maxDisruptedPods = 2000;

const evictionKind = { group: 'policy', version: 'v1', kind: 'Eviction', definition: 'policy.v1.Eviction' };

interface Condition {
  readonly type: string;
  readonly status: string;
}

interface BudgetStatus {
  readonly observedGeneration?: number;
  readonly disruptionsAllowed?: number;
  readonly desiredHealthy?: number;
  readonly currentHealthy?: number;
  readonly disruptedPods?: Readonly<Record<string, string>>;
}

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly Requirement[];
}

function meets(
  labels: Readonly<Record<string, string>>,
  { key, operator, values = [] }: Requirement,
): boolean {
  const value = labels[key];
  if (operator === 'Exists') return value !== undefined;
  if (operator === 'DoesNotExist') return value === undefined;
  const isIn = value !== undefined && values.includes(value);
  return operator === 'In' ? isIn : !isIn;
}

/** An absent selector matches no pod, an empty one every pod. */
function covers(budget: ApiObject, pod: ApiObject): boolean {
  const selector = budget.spec?.['selector'] as Selector | null | undefined;
  if (selector == null) return false;
  const labels = pod.metadata.labels ?? {};
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((requirement) => meets(labels, requirement))
  );
}

function isReady(pod: ApiObject): boolean {
  const conditions = (pod.status?.['conditions'] ?? []) as unknown as Condition[];
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** Whoever runs nothing any more, or not yet, disturbs nobody by going. */
function ignoresBudgets({ metadata, status }: ApiObject): boolean {
  const phase = status?.['phase'];
  return (
    metadata.deletionTimestamp != null || phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending'
  );
}

/** A pod that is not ready counts in no budget, so it may go without taking a disruption. */
function isSpare(pod: ApiObject, budget: ApiObject): boolean {
  if (isReady(pod)) return false;
  if (budget.spec?.['unhealthyPodEvictionPolicy'] === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = (budget.status ?? {}) as BudgetStatus;
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy;
}

function refusal(message: string, retryAfterSeconds: number): StatusError {
  const error = tooManyRequests(
    "Cannot evict pod as it would violate the pod's disruption budget.",
    retryAfterSeconds,
  );
  const details: NonNullable<typeof error.status.details> = {
    causes: [{ reason: 'DisruptionBudget', message }],
  };
  if (retryAfterSeconds > 0) details.retryAfterSeconds = retryAfterSeconds;
  error.status.details = details;
  return error;
}

/** The budget after one more disruption. @throws StatusError 429, 403 */
function spent(budget: ApiObject, resource: ResourceType, podName: string, now: string): ApiObject {
  const { name = '', generation = 0 } = budget.metadata;
  const status = (budget.status ?? {}) as BudgetStatus;
  const { observedGeneration = 0, disruptionsAllowed = 0, disruptedPods = {} } = status;
  if (observedGeneration < generation) {
    const why = `The disruption budget ${name} is still being processed by the server.`;
    throw refusal(why, unseenRetrySeconds);
  }
  if (disruptionsAllowed < 0) throw forbidden(resource, name, 'pdb disruptions allowed is negative');
  if (Object.keys(disruptedPods).length > maxDisruptedPods) {
    throw forbidden(
      resource,
      name,
      'DisruptedPods map too big - too many evictions not confirmed by PDB controller',
    );
  }
  if (disruptionsAllowed === 0) {
    const { desiredHealthy = 0, currentHealthy = 0 } = status;
    const why = `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
    throw refusal(why, 0);
  }
  const next = { ...disruptedPods, [podName]: now };
  budget.status = {
    ...budget.status,
    disruptionsAllowed: disruptionsAllowed - 1,
    disruptedPods: next,
  } as JsonObject;
  return budget;
}

async function askBudgets(endpoint: Endpoint, pod: ApiObject, options: WriteOptions): Promise<void> {
  const { parts, path } = endpoint;
  const resource = parts.registry.find('policy', 'v1', 'poddisruptionbudgets');
  if (resource === null || ignoresBudgets(pod)) return;
  const storage = parts.storages.of(resource);
  const { entries } = await storage.list(path.namespace, '', 0, 0);
  const budgets = entries.map((entry) => storage.decode(entry)).filter((budget) => covers(budget, pod));
  if (budgets.length > 1) {
    throw bareError(
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  }
  const [budget] = budgets;
  if (budget === undefined || isSpare(pod, budget)) return;
  const { name = '' } = budget.metadata;
  const at: Endpoint = { ...endpoint, resource, path: { ...path, plural: resource.plural, name } };
  const now = nowText(parts.runtime.clock);
  const next = (current: ApiObject): ApiObject => {
    delete current.metadata.resourceVersion;
    return spent(current, resource, path.name, now);
  };
  await modify(at, { subresource: 'status', options, next });
}

/** The pod says why it goes, for those who see it going. */
async function announce(endpoint: Endpoint, options: WriteOptions): Promise<void> {
  const lastTransitionTime = nowText(endpoint.parts.runtime.clock);
  const next = (current: ApiObject): ApiObject => {
    delete current.metadata.resourceVersion;
    const conditions = ((current.status?.['conditions'] ?? []) as unknown as Condition[]).filter(
      ({ type }) => type !== 'DisruptionTarget',
    );
    const target = {
      type: 'DisruptionTarget',
      status: 'True',
      lastProbeTime: null,
      lastTransitionTime,
      reason: 'EvictionByEvictionAPI',
      message: 'Eviction API: evicting',
    };
    current.status = { ...current.status, conditions: [...conditions, target] } as unknown as JsonObject;
    return current;
  };
  await modify(endpoint, { subresource: 'eviction', options, next });
}

function deletionOf(eviction: ApiObject, isDryRun: boolean): DeleteOptions {
  const given = (eviction as unknown as JsonObject)['deleteOptions'];
  const options = isJsonObject(given) ? given : {};
  checkOptions(options as GivenOptions, (options as GivenOptions).dryRun ?? []);
  const { gracePeriodSeconds, propagationPolicy, preconditions, dryRun } = options as {
    gracePeriodSeconds?: number;
    propagationPolicy?: string;
    preconditions?: { uid?: string; resourceVersion?: string };
    dryRun?: string[];
  };
  return {
    gracePeriodSeconds: gracePeriodSeconds ?? null,
    uid: preconditions?.uid ?? '',
    resourceVersion: preconditions?.resourceVersion ?? '',
    propagationPolicy: propagationPolicy ?? '',
    isDryRun: isDryRun || (dryRun ?? []).length > 0,
  };
}

async function evict(endpoint: Endpoint): Promise<ApiAnswer> {
  const { parts, context, path, resource } = endpoint;
  const asked = writeOptions(context, 'CreateOptions');
  const body = await context.request.readBody();
  const value = parseBody(parts, body, context.request.header('content-type'), evictionKind);
  // Both versions have the same members.
  if (value['apiVersion'] === 'policy/v1beta1') value['apiVersion'] = 'policy/v1';
  const eviction = toObject(parts, value, evictionKind, asked.fieldValidation, context.warnings);
  if (eviction.metadata.name !== path.name) {
    throw badRequest('name in URL does not match name in Eviction object');
  }
  await askAdmission(endpoint, 'create', eviction, asked.isDryRun);
  const deletion = deletionOf(eviction, asked.isDryRun);
  const options = { ...asked, isDryRun: deletion.isDryRun };
  const pod = await parts.storages.of(resource).get(path.namespace, path.name);
  // A pod that is not there is refused by the delete.
  if (pod !== null) {
    await askBudgets(endpoint, pod, options);
    if (!ignoresBudgets(pod)) await announce(endpoint, options);
  }
  const seen = deletion.resourceVersion === (pod?.metadata.resourceVersion ?? '');
  await deleteObject(
    endpoint,
    path.namespace,
    path.name,
    seen ? { ...deletion, resourceVersion: '' } : deletion,
  );
  return { type: 'object', code: 201, body: accepted(), resource: null };
}

/** Rows of `SubresourceHandlers`. */
export const evictionHandlers: readonly [string, VerbHandlers][] = [['/pods/eviction', { create: evict }]];
