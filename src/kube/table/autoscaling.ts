/** The row of a HorizontalPodAutoscaler: current against target, metric by metric. */

import { ageOfPrinted, columns, nameOf, orUnset, type Printed, printer, withMore } from './columns.ts';
import type { Printer } from './types.ts';

interface Amounts {
  readonly averageUtilization?: number;
  readonly averageValue?: string;
  readonly value?: string;
}

interface Source {
  readonly name?: string;
  readonly target?: Amounts;
  readonly current?: Amounts;
}

/** A metric as the specification and the status have it, in the member of its type. */
interface Metric {
  readonly type: string;
  readonly resource?: Source;
  readonly containerResource?: Source;
  readonly pods?: Source;
  readonly object?: Source;
  readonly external?: Source;
}

interface AutoscalerSpec {
  readonly scaleTargetRef?: { readonly kind?: string; readonly name?: string };
  readonly minReplicas?: number;
  readonly maxReplicas?: number;
  readonly metrics?: readonly Metric[];
  /** Version 1 knows this one alone. */
  readonly targetCPUUtilizationPercentage?: number;
}

interface AutoscalerStatus {
  readonly currentReplicas?: number;
  readonly currentMetrics?: readonly Metric[];
  readonly currentCPUUtilizationPercentage?: number;
}

type Autoscaler = Printed<AutoscalerSpec, AutoscalerStatus>;

/** So many metrics are shown. */
const mostShown = 2;

function percent(value: number | undefined, otherwise: string): string {
  return value === undefined ? otherwise : `${value}%`;
}

function resourceText(given: Source, current: Amounts | undefined): string {
  const { averageValue, averageUtilization } = given.target ?? {};
  const amounts =
    averageValue !== undefined
      ? `${current?.averageValue ?? '<unknown>'}/${averageValue}`
      : `${percent(current?.averageUtilization, '<unknown>')}/${percent(averageUtilization, '<auto>')}`;
  return `${given.name ?? ''}: ${amounts}`;
}

function valueText({ target = {} }: Source, current: Amounts | undefined): string {
  if (target.averageValue !== undefined) {
    return `${current?.averageValue ?? '<unknown>'}/${target.averageValue} (avg)`;
  }
  return `${current?.value ?? '<unknown>'}/${target.value ?? '0'}`;
}

function metricText(metric: Metric, now: Metric | undefined): string {
  switch (metric.type) {
    case 'Resource':
      return resourceText(metric.resource ?? {}, now?.resource?.current);
    case 'ContainerResource':
      return resourceText(metric.containerResource ?? {}, now?.containerResource?.current);
    case 'Pods':
      return `${now?.pods?.current?.averageValue ?? '<unknown>'}/${metric.pods?.target?.averageValue ?? '0'}`;
    case 'Object':
      return valueText(metric.object ?? {}, now?.object?.current);
    case 'External':
      return valueText(metric.external ?? {}, now?.external?.current);
    default:
      return '<unknown type>';
  }
}

function targetsText({ spec = {}, status }: Autoscaler): string {
  const cpu = spec.targetCPUUtilizationPercentage;
  if (cpu !== undefined)
    return `cpu: ${percent(status?.currentCPUUtilizationPercentage, '<unknown>')}/${cpu}%`;
  const metrics = spec.metrics ?? [];
  if (metrics.length === 0) return '<none>';
  const shown = metrics
    .slice(0, mostShown)
    .map((metric, at) => metricText(metric, status?.currentMetrics?.[at]));
  return withMore(shown, metrics.length, mostShown, ', ');
}

export const autoscalerPrinter: Printer = printer<Autoscaler>(
  columns('Reference', 'Targets', 'MinPods', 'MaxPods', 'Replicas', 'Age'),
  (object, nowMs) => {
    const { spec = {}, status = {} } = object;
    const minReplicas = spec.minReplicas;
    return [
      nameOf(object),
      `${spec.scaleTargetRef?.kind ?? ''}/${spec.scaleTargetRef?.name ?? ''}`,
      targetsText(object),
      orUnset(minReplicas === undefined ? '' : String(minReplicas)),
      spec.maxReplicas ?? 0,
      status.currentReplicas ?? 0,
      ageOfPrinted(object, nowMs),
    ];
  },
);
