/** Defaults of disruption budgets, priorities, flow control and webhooks. */

import { type ApiObject, asJson, isJsonObject, type JsonObject } from '../api/objects.ts';
import { fill, fillAbsent, inner, items } from './pod-volumes.ts';

export function fillBudget(budget: ApiObject): void {
  budget.spec ??= {};
  if (budget.status === undefined) return;
  fill(budget.status, { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 });
}

export function fillPriorityClass(priorityClass: ApiObject): void {
  fill(asJson(priorityClass), { value: 0 });
  fillAbsent(asJson(priorityClass), { preemptionPolicy: 'PreemptLowerPriority' });
  const json = asJson(priorityClass);
  if (json['globalDefault'] === false) delete json['globalDefault'];
}

export function fillFlowSchema(schema: ApiObject): void {
  schema.spec ??= {};
  fill(schema.spec, { priorityLevelConfiguration: { name: '' } });
  if ((schema.spec['matchingPrecedence'] ?? 0) === 0) schema.spec['matchingPrecedence'] = 1000;
  for (const rule of items(schema.spec, 'rules')) rule['subjects'] ??= null;
}

export function fillPriorityLevel(level: ApiObject): void {
  level.spec ??= {};
  const { spec } = level;
  fill(spec, { type: '' });
  if (spec['type'] === 'Exempt') {
    spec['exempt'] ??= {};
    const exempt = inner(spec, 'exempt');
    if (exempt !== null) fill(exempt, { nominalConcurrencyShares: 0, lendablePercent: 0 });
    return;
  }
  const limited = inner(spec, 'limited');
  if (limited === null) return;
  fill(limited, { nominalConcurrencyShares: 30, lendablePercent: 0, limitResponse: { type: '' } });
  const response = inner(limited, 'limitResponse');
  const queuing = response === null ? null : inner(response, 'queuing');
  if (queuing === null) return;
  for (const [name, value] of [
    ['queues', 64],
    ['handSize', 8],
    ['queueLengthLimit', 50],
  ] as const) {
    if ((queuing[name] ?? 0) === 0) queuing[name] = value;
  }
}

/** A service that stands behind an APIService listens on 443. */
export function fillApiService(object: ApiObject): void {
  const service = inner(object.spec ?? {}, 'service');
  if (service !== null) fill(service, { port: 443 });
}

function fillClient(webhook: JsonObject): void {
  webhook['clientConfig'] ??= {};
  const client = inner(webhook, 'clientConfig');
  const service = client === null ? null : inner(client, 'service');
  if (service !== null) fill(service, { namespace: '', name: '', port: 443 });
}

function fillWebhook(webhook: JsonObject): void {
  fill(webhook, { name: '' });
  fillAbsent(webhook, {
    failurePolicy: 'Fail',
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
    timeoutSeconds: 10,
  });
  webhook['sideEffects'] ??= null;
  webhook['admissionReviewVersions'] ??= null;
  fillClient(webhook);
  for (const rule of items(webhook, 'rules')) fillAbsent(rule, { scope: '*' });
}

export function fillValidatingWebhooks(configuration: ApiObject): void {
  for (const webhook of items(asJson(configuration), 'webhooks')) fillWebhook(webhook);
}

export function fillMutatingWebhooks(configuration: ApiObject): void {
  for (const webhook of items(asJson(configuration), 'webhooks')) {
    fillWebhook(webhook);
    fillAbsent(webhook, { reinvocationPolicy: 'Never' });
  }
}

/** Of policies of admission: which objects they are about. */
function fillMatch(spec: JsonObject, member: string): void {
  const match = inner(spec, member);
  if (match === null) return;
  fillAbsent(match, { namespaceSelector: {}, objectSelector: {}, matchPolicy: 'Equivalent' });
  for (const list of ['resourceRules', 'excludeResourceRules']) {
    for (const rule of items(match, list)) fillAbsent(rule, { scope: '*' });
  }
}

export function fillAdmissionPolicy(policy: ApiObject): void {
  policy.spec ??= {};
  fillAbsent(policy.spec, { failurePolicy: 'Fail' });
  fillMatch(policy.spec, 'matchConstraints');
}

export function fillAdmissionBinding(binding: ApiObject): void {
  binding.spec ??= {};
  if (isJsonObject(binding.spec)) fillMatch(binding.spec, 'matchResources');
}
