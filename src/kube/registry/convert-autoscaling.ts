/**
 * HorizontalPodAutoscalers of autoscaling/v1 and v2, in which they are stored. v1 knows one metric, the use of
 * the processor; what else there is stands in four annotations, which v2 never shows.
 */

import { copyJson } from '../api/json.ts';
import { type ApiObject, asJson, isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { inDeclaredOrder } from '../schema/order.ts';
import { definitionOf } from '../schema/schema.ts';
import { metricFromV1, metricStatusFromV1, metricStatusToV1, metricToV1 } from './convert-metrics.ts';

const annotation = {
  metrics: 'autoscaling.alpha.kubernetes.io/metrics',
  current: 'autoscaling.alpha.kubernetes.io/current-metrics',
  conditions: 'autoscaling.alpha.kubernetes.io/conditions',
  behavior: 'autoscaling.alpha.kubernetes.io/behavior',
} as const;

/** Percent, for whoever names no metric. */
export const defaultUtilization = 80;

function member(object: JsonObject | undefined, name: string): JsonObject | null {
  const value = object?.[name];
  return isJsonObject(value) ? value : null;
}

function listOf(object: JsonObject | undefined, name: string): readonly JsonObject[] {
  const value = object?.[name];
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** Of a metric of v2: the use of the processor, in percent; null: it is something else. */
function processorUse(metric: JsonObject, target: 'target' | 'current'): number | null {
  if (metric['type'] !== 'Resource') return null;
  const resource = member(metric, 'resource');
  if (resource === null || resource['name'] !== 'cpu') return null;
  const percent = member(resource, target)?.['averageUtilization'];
  return typeof percent === 'number' ? percent : null;
}

/** As the annotation holds it: members with capitals, all of them. */
function behaviorText(behavior: JsonObject): string {
  const rules = (side: string): Json => {
    const given = member(behavior, side);
    if (given === null) return null;
    return {
      StabilizationWindowSeconds: given['stabilizationWindowSeconds'] ?? null,
      SelectPolicy: given['selectPolicy'] ?? null,
      Policies: listOf(given, 'policies').map(({ type = '', value = 0, periodSeconds = 0 }) => ({
        Type: type,
        Value: value,
        PeriodSeconds: periodSeconds,
      })),
      Tolerance: given['tolerance'] ?? null,
    };
  };
  return JSON.stringify({ ScaleUp: rules('scaleUp'), ScaleDown: rules('scaleDown') });
}

function lowered(value: Json): Json {
  if (Array.isArray(value)) return value.map(lowered);
  if (!isJsonObject(value)) return value;
  const result: JsonObject = {};
  for (const [name, inner] of Object.entries(value)) {
    if (inner !== null) result[name.charAt(0).toLowerCase() + name.slice(1)] = lowered(inner);
  }
  return result;
}

/** What the annotation says, or null when it is not there or no JSON. */
function parsed(annotations: Record<string, string> | undefined, name: string): Json {
  const text = annotations?.[name];
  if (text === undefined) return null;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}

function parsedList(annotations: Record<string, string> | undefined, name: string): readonly JsonObject[] {
  const value = parsed(annotations, name);
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function ordered(object: JsonObject, version: 'v1' | 'v2'): ApiObject {
  const definition = definitionOf(`autoscaling.${version}.HorizontalPodAutoscaler`);
  return inDeclaredOrder(definition, object) as unknown as ApiObject;
}

/** From v2 to v1. */
export function hpaToV1(object: ApiObject): ApiObject {
  const { metrics: _metrics, behavior, ...spec } = object.spec ?? {};
  const { currentMetrics: _current, conditions: _conditions, ...status } = object.status ?? {};
  const annotations: Record<string, string> = { ...object.metadata.annotations };
  const others: JsonObject[] = [];
  for (const metric of listOf(object.spec, 'metrics')) {
    const percent = processorUse(metric, 'target');
    if (percent === null) others.push(metricToV1(metric));
    else spec['targetCPUUtilizationPercentage'] ??= percent;
  }
  const current = listOf(object.status, 'currentMetrics');
  for (const metric of current) {
    const percent = processorUse(metric, 'current');
    if (percent !== null) status['currentCPUUtilizationPercentage'] ??= percent;
  }
  const conditions = listOf(object.status, 'conditions');
  if (others.length > 0) annotations[annotation.metrics] = JSON.stringify(others);
  if (current.length > 0) annotations[annotation.current] = JSON.stringify(current.map(metricStatusToV1));
  if (conditions.length > 0) annotations[annotation.conditions] = JSON.stringify(conditions);
  if (isJsonObject(behavior)) annotations[annotation.behavior] = behaviorText(behavior);
  const metadata = { ...object.metadata };
  delete metadata.annotations;
  const sorted = Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1));
  if (sorted.length > 0) metadata.annotations = Object.fromEntries(sorted);
  status['currentReplicas'] ??= 0;
  status['desiredReplicas'] ??= 0;
  const converted = { ...asJson(object), apiVersion: 'autoscaling/v1', metadata, spec, status };
  return ordered(converted as unknown as JsonObject, 'v1');
}

/** From v1 to v2. */
export function hpaFromV1(object: ApiObject): ApiObject {
  const { targetCPUUtilizationPercentage: percent, ...spec } = object.spec ?? {};
  const { currentCPUUtilizationPercentage: _percent, ...status } = object.status ?? {};
  const given = object.metadata.annotations;
  const metrics: JsonObject[] = parsedList(given, annotation.metrics).map(metricFromV1);
  if (typeof percent === 'number' || metrics.length === 0) {
    const averageUtilization = typeof percent === 'number' ? percent : defaultUtilization;
    const target = { type: 'Utilization', averageUtilization };
    metrics.push({ type: 'Resource', resource: { name: 'cpu', target } });
  }
  spec['metrics'] = metrics;
  const behavior = parsed(given, annotation.behavior);
  if (isJsonObject(behavior)) spec['behavior'] = lowered(behavior);
  const current = parsedList(given, annotation.current);
  status['currentMetrics'] = current.length > 0 ? current.map(metricStatusFromV1) : null;
  const conditions = parsedList(given, annotation.conditions);
  if (conditions.length > 0) status['conditions'] = [...conditions];
  if (status['currentReplicas'] === 0) delete status['currentReplicas'];
  const metadata = { ...object.metadata };
  delete metadata.annotations;
  const kept = Object.entries(given ?? {}).filter(
    ([name]) => !(Object.values(annotation) as readonly string[]).includes(name),
  );
  if (kept.length > 0) metadata.annotations = Object.fromEntries(kept);
  const converted = { ...asJson(object), apiVersion: 'autoscaling/v2', metadata, spec, status };
  return ordered(copyJson(converted) as unknown as JsonObject, 'v2');
}
