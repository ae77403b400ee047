/** Rows of the kinds that make pods: apps, batch, the replication controller. */

import { durationText, sinceText } from './age.ts';
import {
  ageOfPrinted,
  type ConditionShape,
  columns,
  containerCells,
  flagText,
  isTrue,
  type LabelSelectorShape,
  labelsText,
  nameOf,
  orNone,
  type Printed,
  printer,
  selectorText,
  type TemplateShape,
} from './columns.ts';
import type { Printer } from './types.ts';

interface WorkloadSpec {
  readonly replicas?: number;
  readonly selector?: LabelSelectorShape;
  readonly template?: TemplateShape;
}

interface ReplicaStatus {
  readonly replicas?: number;
  readonly readyReplicas?: number;
  readonly updatedReplicas?: number;
  readonly availableReplicas?: number;
}

type Workload = Printed<WorkloadSpec, ReplicaStatus>;

const wideColumns = ['Containers*', 'Images*', 'Selector*'] as const;

function readyText({ spec, status }: Workload): string {
  return `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`;
}

export const deploymentPrinter: Printer = printer<Workload>(
  columns('Ready', 'Up-to-date', 'Available', 'Age', ...wideColumns),
  (object, nowMs) => [
    nameOf(object),
    readyText(object),
    object.status?.updatedReplicas ?? 0,
    object.status?.availableReplicas ?? 0,
    ageOfPrinted(object, nowMs),
    ...containerCells(object.spec?.template),
    selectorText(object.spec?.selector),
  ],
);

const replicaColumns = columns('Desired:integer', 'Current:integer', 'Ready:integer', 'Age', ...wideColumns);

function replicaCells(object: Workload, nowMs: number): (string | number)[] {
  return [
    nameOf(object),
    object.spec?.replicas ?? 0,
    object.status?.replicas ?? 0,
    object.status?.readyReplicas ?? 0,
    ageOfPrinted(object, nowMs),
    ...containerCells(object.spec?.template),
  ];
}

export const replicaSetPrinter: Printer = printer<Workload>(replicaColumns, (object, nowMs) => [
  ...replicaCells(object, nowMs),
  selectorText(object.spec?.selector),
]);

interface ReplicationControllerSpec {
  readonly replicas?: number;
  readonly selector?: Readonly<Record<string, string>>;
  readonly template?: TemplateShape;
}

/** Its selector is a plain map of labels. */
export const replicationControllerPrinter: Printer = printer<
  Printed<ReplicationControllerSpec, ReplicaStatus>
>(replicaColumns, (object, nowMs) => [
  ...replicaCells(object as Workload, nowMs),
  labelsText(object.spec?.selector),
]);

export const statefulSetPrinter: Printer = printer<Workload>(
  columns('Ready', 'Age', 'Containers*', 'Images*'),
  (object, nowMs) => [
    nameOf(object),
    readyText(object),
    ageOfPrinted(object, nowMs),
    ...containerCells(object.spec?.template),
  ],
);

interface DaemonSetStatus {
  readonly desiredNumberScheduled?: number;
  readonly currentNumberScheduled?: number;
  readonly numberReady?: number;
  readonly updatedNumberScheduled?: number;
  readonly numberAvailable?: number;
}

export const daemonSetPrinter: Printer = printer<Printed<WorkloadSpec, DaemonSetStatus>>(
  columns(
    'Desired:integer',
    'Current:integer',
    'Ready:integer',
    'Up-to-date:integer',
    'Available:integer',
    'Node Selector',
    'Age',
    ...wideColumns,
  ),
  (object, nowMs) => [
    nameOf(object),
    object.status?.desiredNumberScheduled ?? 0,
    object.status?.currentNumberScheduled ?? 0,
    object.status?.numberReady ?? 0,
    object.status?.updatedNumberScheduled ?? 0,
    object.status?.numberAvailable ?? 0,
    labelsText(object.spec?.template?.spec?.nodeSelector),
    ageOfPrinted(object, nowMs),
    ...containerCells(object.spec?.template),
    selectorText(object.spec?.selector),
  ],
);

interface ControllerRevision extends Printed {
  readonly revision?: number;
}

/** `daemonset.apps/web` of the owner that controls the object, or `<none>`. */
function controllerText({ metadata }: Printed): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return '<none>';
  const slash = owner.apiVersion.indexOf('/');
  const group = slash < 0 ? '' : `.${owner.apiVersion.slice(0, slash)}`;
  return `${`${owner.kind}${group}`.toLowerCase()}/${owner.name}`;
}

export const controllerRevisionPrinter: Printer = printer<ControllerRevision>(
  columns('Controller', 'Revision', 'Age'),
  (object, nowMs) => [
    nameOf(object),
    controllerText(object),
    object.revision ?? 0,
    ageOfPrinted(object, nowMs),
  ],
);

interface JobStatus {
  readonly conditions?: readonly ConditionShape[];
  readonly succeeded?: number;
  readonly startTime?: string;
  readonly completionTime?: string;
}

interface JobSpec extends WorkloadSpec {
  readonly completions?: number | null;
  readonly parallelism?: number | null;
}

type Job = Printed<JobSpec, JobStatus>;

function jobStatus({ metadata, status }: Job): string {
  const is = (type: string): boolean => isTrue(status?.conditions, type);
  if (is('Complete')) return 'Complete';
  if (is('Failed')) return 'Failed';
  if (metadata.deletionTimestamp != null) return 'Terminating';
  for (const type of ['Suspended', 'FailureTarget', 'SuccessCriteriaMet']) if (is(type)) return type;
  return 'Running';
}

function completionsText({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec?.completions != null) return `${succeeded}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration({ status }: Job, nowMs: number): string {
  if (status?.startTime === undefined) return '';
  const end = status.completionTime === undefined ? nowMs : Date.parse(status.completionTime);
  return durationText(end - Date.parse(status.startTime));
}

export const jobPrinter: Printer = printer<Job>(
  columns('Status', 'Completions', 'Duration', 'Age', ...wideColumns),
  (object, nowMs) => [
    nameOf(object),
    jobStatus(object),
    completionsText(object),
    jobDuration(object, nowMs),
    ageOfPrinted(object, nowMs),
    ...containerCells(object.spec?.template),
    selectorText(object.spec?.selector),
  ],
);

interface CronJobSpec {
  readonly schedule?: string;
  readonly timeZone?: string;
  readonly suspend?: boolean;
  readonly jobTemplate?: { readonly spec?: WorkloadSpec };
}

interface CronJobStatus {
  readonly active?: readonly object[];
  readonly lastScheduleTime?: string;
}

export const cronJobPrinter: Printer = printer<Printed<CronJobSpec, CronJobStatus>>(
  columns(
    'Schedule',
    'Timezone',
    'Suspend:boolean',
    'Active:integer',
    'Last Schedule',
    'Age',
    ...wideColumns,
  ),
  (object, nowMs) => [
    nameOf(object),
    object.spec?.schedule ?? '',
    orNone(object.spec?.timeZone),
    flagText(object.spec?.suspend),
    object.status?.active?.length ?? 0,
    object.status?.lastScheduleTime === undefined
      ? '<none>'
      : sinceText(object.status.lastScheduleTime, nowMs),
    ageOfPrinted(object, nowMs),
    ...containerCells(object.spec?.jobTemplate?.spec?.template),
    selectorText(object.spec?.jobTemplate?.spec?.selector),
  ],
);

/** What `/scale` answers, whatever it scales. */
export const scalePrinter: Printer = printer<Workload>(
  columns('Desired:integer', 'Available:integer', 'Age'),
  (object, nowMs) => [
    nameOf(object),
    object.spec?.replicas ?? 0,
    object.status?.replicas ?? 0,
    ageOfPrinted(object, nowMs),
  ],
);
