/** Defaults of what keeps pods running: the group apps, and ReplicationControllers. */

import { type ApiObject, asJson, type JsonObject } from '../api/objects.ts';
import { fillTemplateOf, settle } from './pod.ts';
import { fill, fillClaimTemplate, inner, items } from './pod-volumes.ts';

/** Counters that a status shows although they are zero. */
function fillCounters(object: ApiObject, names: readonly string[]): void {
  if (object.status === undefined) return;
  for (const name of names) object.status[name] ??= 0;
}

/** The strategy's own settings; they stand only with the type that has them. */
function fillStrategy(spec: JsonObject, member: string, rolling: JsonObject): void {
  spec[member] ??= {};
  const strategy = inner(spec, member);
  if (strategy === null) return;
  if ((strategy['type'] ?? '') === '') strategy['type'] = 'RollingUpdate';
  if (strategy['type'] !== 'RollingUpdate') return;
  strategy['rollingUpdate'] ??= {};
  const settings = inner(strategy, 'rollingUpdate');
  if (settings !== null) fill(settings, rolling);
}

export function fillDeployment(object: ApiObject): void {
  object.spec ??= {};
  const { spec } = object;
  fill(spec, { replicas: 1 });
  fillTemplateOf(spec);
  fillStrategy(spec, 'strategy', { maxUnavailable: '25%', maxSurge: '25%' });
  fill(spec, { revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
  settle(object, 'apps.v1.Deployment');
}

export function fillReplicaSet(object: ApiObject): void {
  object.spec ??= {};
  fill(object.spec, { replicas: 1 });
  fillTemplateOf(object.spec);
  fillCounters(object, ['replicas']);
  settle(object, 'apps.v1.ReplicaSet');
}

export function fillStatefulSet(object: ApiObject): void {
  object.spec ??= {};
  const { spec } = object;
  fill(spec, { replicas: 1 });
  fillTemplateOf(spec);
  for (const claim of items(spec, 'volumeClaimTemplates')) {
    fill(claim, { kind: 'PersistentVolumeClaim', apiVersion: 'v1', status: {} });
    fillClaimTemplate(claim);
    const status = inner(claim, 'status');
    if (status !== null) fill(status, { phase: 'Pending' });
  }
  fill(spec, { serviceName: '', podManagementPolicy: 'OrderedReady', revisionHistoryLimit: 10 });
  fillStrategy(spec, 'updateStrategy', { partition: 0 });
  fill(spec, { persistentVolumeClaimRetentionPolicy: {} });
  const retention = inner(spec, 'persistentVolumeClaimRetentionPolicy');
  if (retention !== null) fill(retention, { whenDeleted: 'Retain', whenScaled: 'Retain' });
  fillCounters(object, ['replicas', 'availableReplicas']);
  settle(object, 'apps.v1.StatefulSet');
}

export function fillDaemonSet(object: ApiObject): void {
  object.spec ??= {};
  const { spec } = object;
  fillTemplateOf(spec);
  fillStrategy(spec, 'updateStrategy', { maxUnavailable: 1, maxSurge: 0 });
  fill(spec, { revisionHistoryLimit: 10 });
  fillCounters(object, [
    'currentNumberScheduled',
    'numberMisscheduled',
    'desiredNumberScheduled',
    'numberReady',
  ]);
  settle(object, 'apps.v1.DaemonSet');
}

/** Its selector and its labels are those of its template where it has none. */
export function fillReplicationController(object: ApiObject): void {
  object.spec ??= {};
  const { spec } = object;
  fill(spec, { replicas: 1 });
  const template = inner(spec, 'template');
  if (template !== null) {
    fillTemplateOf(spec);
    const labels = (inner(template, 'metadata')?.['labels'] ?? {}) as Record<string, string>;
    const isEmpty = (map: unknown): boolean => Object.keys((map ?? {}) as object).length === 0;
    if (!isEmpty(labels)) {
      if (isEmpty(spec['selector'])) spec['selector'] = { ...labels };
      if (isEmpty(object.metadata.labels)) asJson(object.metadata)['labels'] = { ...labels };
    }
  }
  fillCounters(object, ['replicas']);
  settle(object, 'core.v1.ReplicationController');
}
