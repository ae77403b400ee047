/** Defaults of Jobs and CronJobs. A CronJob's template is filled in when a Job is made of it. */

import { type ApiObject, asJson, type JsonObject } from '../api/objects.ts';
import { fillTemplateOf, settle } from './pod.ts';
import { fill, inner, items } from './pod-volumes.ts';

const controllerUidLabel = 'batch.kubernetes.io/controller-uid';

/** With a limit per index, the whole has none. */
const backoffLimitMax = 2_147_483_647;

function fillFailurePolicy(spec: JsonObject): void {
  const policy = inner(spec, 'podFailurePolicy');
  if (policy === null) return;
  for (const rule of items(policy, 'rules')) {
    for (const pattern of items(rule, 'onPodConditions')) fill(pattern, { status: 'True' });
  }
}

export function fillJob(object: ApiObject): void {
  object.spec ??= {};
  const { spec } = object;
  fillTemplateOf(spec);
  if (spec['completions'] === undefined && spec['parallelism'] === undefined) spec['completions'] = 1;
  fill(spec, {
    parallelism: 1,
    backoffLimit: spec['backoffLimitPerIndex'] === undefined ? 6 : backoffLimitMax,
    manualSelector: false,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: spec['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed',
  });
  fillFailurePolicy(spec);
  fillJobLabels(object);
  settle(object, 'batch.v1.Job');
}

/** A Job without labels has those of its template, once that has been given the ones that select its pods. */
export function fillJobLabels(object: ApiObject): void {
  if (Object.keys(object.metadata.labels ?? {}).length > 0) return;
  const template = inner(object.spec ?? {}, 'template');
  const labels = (template === null ? null : inner(template, 'metadata'))?.['labels'];
  if (labels === undefined) return;
  if ((labels as JsonObject)[controllerUidLabel] === undefined) return;
  asJson(object.metadata)['labels'] = { ...(labels as JsonObject) };
}

export function fillCronJob(object: ApiObject): void {
  object.spec ??= {};
  const { spec } = object;
  fill(spec, { concurrencyPolicy: 'Allow', suspend: false, jobTemplate: {} });
  const job = inner(spec, 'jobTemplate');
  if (job !== null) {
    fill(job, { metadata: {}, spec: {} });
    const jobSpec = inner(job, 'spec');
    if (jobSpec !== null) {
      fillTemplateOf(jobSpec);
      fillFailurePolicy(jobSpec);
    }
  }
  fill(spec, { successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 });
  settle(object, 'batch.v1.CronJob');
}
