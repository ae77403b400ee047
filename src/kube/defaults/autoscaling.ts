/** Defaults of HorizontalPodAutoscalers, in both versions. */

import type { ApiObject, JsonObject } from '../api/objects.ts';
import { defaultUtilization } from '../registry/convert-autoscaling.ts';
import { fill, inner } from './pod-volumes.ts';

function fillUp(rules: JsonObject): void {
  fill(rules, { stabilizationWindowSeconds: 0, selectPolicy: 'Max' });
  rules['policies'] ??= [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ];
}

function fillDown(rules: JsonObject): void {
  fill(rules, { selectPolicy: 'Max' });
  rules['policies'] ??= [{ type: 'Percent', value: 100, periodSeconds: 15 }];
}

export function fillAutoscaler(autoscaler: ApiObject): void {
  autoscaler.spec ??= {};
  const { spec, status } = autoscaler;
  fill(spec, { scaleTargetRef: { kind: '', name: '' }, minReplicas: 1, maxReplicas: 0 });
  const metrics = spec['metrics'];
  if (!Array.isArray(metrics) || metrics.length === 0) {
    const target = { type: 'Utilization', averageUtilization: defaultUtilization };
    spec['metrics'] = [{ type: 'Resource', resource: { name: 'cpu', target } }];
  }
  const behavior = inner(spec, 'behavior');
  if (behavior !== null) {
    behavior['scaleUp'] ??= {};
    behavior['scaleDown'] ??= {};
    fillUp(behavior['scaleUp'] as JsonObject);
    fillDown(behavior['scaleDown'] as JsonObject);
  }
  if (status === undefined) return;
  fill(status, { desiredReplicas: 0 });
  status['currentMetrics'] ??= null;
}

/** The metric of the processor is filled in when it becomes v2. */
export function fillOldAutoscaler(autoscaler: ApiObject): void {
  autoscaler.spec ??= {};
  fill(autoscaler.spec, { scaleTargetRef: { kind: '', name: '' }, minReplicas: 1, maxReplicas: 0 });
  if (autoscaler.status !== undefined) fill(autoscaler.status, { currentReplicas: 0, desiredReplicas: 0 });
}
