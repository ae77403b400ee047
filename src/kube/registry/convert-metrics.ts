/** Metrics of autoscaling/v1, flat, and of v2, where target and metric are objects of their own. */

import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';

/** Without the members that are not there. */
function present(members: Record<string, Json | undefined>): JsonObject {
  const result: JsonObject = {};
  for (const [name, value] of Object.entries(members)) {
    if (value !== undefined && value !== null) result[name] = value;
  }
  return result;
}

function inner(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isJsonObject(value) ? value : {};
}

const sources: Readonly<Record<string, string>> = {
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
  External: 'external',
};

function convert(metric: JsonObject, one: (source: string, given: JsonObject) => JsonObject): JsonObject {
  const type = typeof metric['type'] === 'string' ? metric['type'] : '';
  const source = sources[type];
  if (source === undefined || !isJsonObject(metric[source])) return { ...metric };
  return { type, [source]: one(source, metric[source]) };
}

/** @param given a source of v2 */
function sourceToV1(source: string, given: JsonObject): JsonObject {
  const target = inner(given, 'target');
  const metric = inner(given, 'metric');
  const { value, averageValue, averageUtilization } = target;
  switch (source) {
    case 'object':
      return present({
        target: given['describedObject'],
        metricName: metric['name'],
        targetValue: value ?? '0',
        selector: metric['selector'],
        averageValue,
      });
    case 'pods':
      return present({
        metricName: metric['name'],
        targetAverageValue: averageValue,
        selector: metric['selector'],
      });
    case 'external':
      return present({
        metricName: metric['name'],
        metricSelector: metric['selector'],
        targetValue: value,
        targetAverageValue: averageValue,
      });
    default:
      return present({
        name: given['name'],
        targetAverageUtilization: averageUtilization,
        targetAverageValue: averageValue,
        container: given['container'],
      });
  }
}

function targetOf(
  value: Json | undefined,
  averageValue: Json | undefined,
  percent: Json | undefined,
): JsonObject {
  let type = 'Value';
  if (percent != null) type = 'Utilization';
  else if (averageValue != null) type = 'AverageValue';
  return present({
    type,
    value: type === 'Value' ? value : undefined,
    averageValue,
    averageUtilization: percent,
  });
}

function sourceFromV1(source: string, given: JsonObject): JsonObject {
  const metric = (selector: string): JsonObject =>
    present({ name: given['metricName'] ?? '', selector: given[selector] });
  switch (source) {
    case 'object':
      return {
        describedObject: given['target'] ?? {},
        target: targetOf(given['targetValue'], given['averageValue'], null),
        metric: metric('selector'),
      };
    case 'pods':
      return { metric: metric('selector'), target: targetOf(null, given['targetAverageValue'], null) };
    case 'external':
      return {
        metric: metric('metricSelector'),
        target: targetOf(given['targetValue'], given['targetAverageValue'], null),
      };
    default:
      return present({
        name: given['name'],
        target: targetOf(null, given['targetAverageValue'], given['targetAverageUtilization']),
        container: given['container'],
      });
  }
}

function statusToV1(source: string, given: JsonObject): JsonObject {
  const { value, averageValue, averageUtilization } = inner(given, 'current');
  const metric = inner(given, 'metric');
  switch (source) {
    case 'object':
      return present({
        target: given['describedObject'],
        metricName: metric['name'],
        currentValue: value ?? '0',
        selector: metric['selector'],
        averageValue,
      });
    case 'pods':
      return present({
        metricName: metric['name'],
        currentAverageValue: averageValue,
        selector: metric['selector'],
      });
    case 'external':
      return present({
        metricName: metric['name'],
        metricSelector: metric['selector'],
        currentValue: value ?? '0',
        currentAverageValue: averageValue,
      });
    default:
      return present({
        name: given['name'],
        currentAverageUtilization: averageUtilization,
        currentAverageValue: averageValue ?? '0',
        container: given['container'],
      });
  }
}

function statusFromV1(source: string, given: JsonObject): JsonObject {
  const metric = (selector: string): JsonObject =>
    present({ name: given['metricName'] ?? '', selector: given[selector] });
  const current = present({
    value: given['currentValue'],
    averageValue: given['currentAverageValue'] ?? given['averageValue'],
    averageUtilization: given['currentAverageUtilization'],
  });
  switch (source) {
    case 'object':
      return { metric: metric('selector'), current, describedObject: given['target'] ?? {} };
    case 'pods':
      return { metric: metric('selector'), current };
    case 'external':
      return { metric: metric('metricSelector'), current };
    default:
      return present({ name: given['name'], current, container: given['container'] });
  }
}

/** A metric of a spec, from v2. */
export function metricToV1(metric: JsonObject): JsonObject {
  return convert(metric, sourceToV1);
}

/** A metric of a spec, to v2. */
export function metricFromV1(metric: JsonObject): JsonObject {
  return convert(metric, sourceFromV1);
}

/** A measured metric, from v2. */
export function metricStatusToV1(metric: JsonObject): JsonObject {
  return convert(metric, statusToV1);
}

/** A measured metric, to v2. */
export function metricStatusFromV1(metric: JsonObject): JsonObject {
  return convert(metric, statusFromV1);
}
