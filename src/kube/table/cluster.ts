/** Rows of the plain kinds of the core group, of nodes, and of events. */

import { sinceText } from './age.ts';
import {
  ageOfPrinted,
  type ConditionShape,
  columnOf,
  columns,
  nameOf,
  orNone,
  type Printed,
  printer,
} from './columns.ts';
import type { Printer } from './types.ts';

export const namespacePrinter: Printer = printer<Printed<object, { readonly phase?: string }>>(
  columns('Status', 'Age'),
  (object, nowMs) => [nameOf(object), object.status?.phase ?? '', ageOfPrinted(object, nowMs)],
);

interface WithData extends Printed {
  readonly type?: string;
  readonly data?: object;
  readonly binaryData?: object;
}

function size(map: object | null | undefined): number {
  return map === undefined || map === null ? 0 : Object.keys(map).length;
}

export const configMapPrinter: Printer = printer<WithData>(columns('Data', 'Age'), (object, nowMs) => [
  nameOf(object),
  size(object.data) + size(object.binaryData),
  ageOfPrinted(object, nowMs),
]);

export const secretPrinter: Printer = printer<WithData>(columns('Type', 'Data', 'Age'), (object, nowMs) => [
  nameOf(object),
  object.type ?? '',
  size(object.data),
  ageOfPrinted(object, nowMs),
]);

interface NodeStatus {
  readonly conditions?: readonly ConditionShape[];
  readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  readonly nodeInfo?: {
    readonly kubeletVersion?: string;
    readonly osImage?: string;
    readonly kernelVersion?: string;
    readonly architecture?: string;
    readonly containerRuntimeVersion?: string;
  };
}

type Node = Printed<{ readonly unschedulable?: boolean }, NodeStatus>;

const rolePrefix = 'node-role.kubernetes.io/';

function nodeStatus({ spec, status }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  let text = 'Unknown';
  if (ready !== undefined) text = ready.status === 'True' ? 'Ready' : 'NotReady';
  return spec?.unschedulable === true ? `${text},SchedulingDisabled` : text;
}

function rolesText({ metadata }: Node): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) roles.add(key.slice(rolePrefix.length));
    else if (key === 'kubernetes.io/role' && value !== '') roles.add(value);
  }
  return orNone([...roles].sort().join(','));
}

function orUnknown(text: string | undefined): string {
  return text === undefined || text === '' ? '<unknown>' : text;
}

function kernelText({ status }: Node): string {
  const { kernelVersion, architecture = '' } = status?.nodeInfo ?? {};
  const text = orUnknown(kernelVersion);
  return architecture === '' || text === '<unknown>' ? text : `${text} (${architecture})`;
}

function nodeAddress({ status }: Node, wanted: string): string {
  return orNone(status?.addresses?.find(({ type }) => type === wanted)?.address);
}

export const nodePrinter: Printer = printer<Node>(
  columns(
    'Status',
    'Roles',
    'Age',
    'Version',
    'Internal-IP*',
    'External-IP*',
    'OS-Image*',
    'Kernel-Version*',
    'Container-Runtime*',
  ),
  (object, nowMs) => [
    nameOf(object),
    nodeStatus(object),
    rolesText(object),
    ageOfPrinted(object, nowMs),
    object.status?.nodeInfo?.kubeletVersion ?? '',
    nodeAddress(object, 'InternalIP'),
    nodeAddress(object, 'ExternalIP'),
    orUnknown(object.status?.nodeInfo?.osImage),
    kernelText(object),
    orUnknown(object.status?.nodeInfo?.containerRuntimeVersion),
  ],
);

interface ObjectReference {
  readonly kind?: string;
  readonly name?: string;
  readonly fieldPath?: string;
}

interface EventSource {
  readonly component?: string;
  readonly host?: string;
}

/** An event of the core group or, with other names for the same, of events.k8s.io. */
interface Event extends Printed {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly note?: string;
  readonly involvedObject?: ObjectReference;
  readonly regarding?: ObjectReference;
  readonly source?: EventSource;
  readonly deprecatedSource?: EventSource;
  readonly reportingComponent?: string;
  readonly reportingController?: string;
  readonly reportingInstance?: string;
  readonly count?: number;
  readonly deprecatedCount?: number;
  readonly firstTimestamp?: string | null;
  readonly deprecatedFirstTimestamp?: string | null;
  readonly lastTimestamp?: string | null;
  readonly deprecatedLastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string | null };
}

function eventObject({ involvedObject, regarding }: Event): string {
  const { kind = '', name = '' } = involvedObject ?? regarding ?? {};
  return name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`;
}

function eventSource(event: Event): string {
  const { component = '', host = '' } = event.source ?? event.deprecatedSource ?? {};
  const reporter = event.reportingComponent ?? event.reportingController ?? '';
  const who = component === '' ? reporter : component;
  const where = host === '' ? (event.reportingInstance ?? '') : host;
  return where === '' ? who : `${who}, ${where}`;
}

function eventCount({ series, count, deprecatedCount }: Event): number {
  if (series !== undefined) return series.count ?? 0;
  const given = count ?? deprecatedCount ?? 0;
  return given === 0 ? 1 : given;
}

export const eventPrinter: Printer = printer<Event>(
  [
    'Last Seen',
    'Type',
    'Reason',
    'Object',
    'Subobject*',
    'Source*',
    'Message',
    'First Seen*',
    'Count*',
    'Name*',
  ].map(columnOf),
  (event, nowMs) => {
    const first = event.firstTimestamp ?? event.deprecatedFirstTimestamp ?? event.eventTime;
    const last = event.lastTimestamp ?? event.deprecatedLastTimestamp ?? first;
    return [
      sinceText(event.series?.lastObservedTime ?? last, nowMs),
      event.type ?? '',
      event.reason ?? '',
      eventObject(event),
      (event.involvedObject ?? event.regarding)?.fieldPath ?? '',
      eventSource(event),
      (event.message ?? event.note ?? '').trim(),
      sinceText(first, nowMs),
      eventCount(event),
      nameOf(event),
    ];
  },
);

interface ResourceQuota
  extends Printed<
    object,
    {
      readonly hard?: Readonly<Record<string, string>>;
      readonly used?: Readonly<Record<string, string>>;
    }
  > {}

export const resourceQuotaPrinter: Printer = printer<ResourceQuota>(
  columns('Request', 'Limit', 'Age'),
  (object, nowMs) => {
    const { hard = {}, used = {} } = object.status ?? {};
    const requests: string[] = [];
    const limits: string[] = [];
    for (const name of Object.keys(hard).sort()) {
      const text = `${name}: ${used[name] ?? '0'}/${hard[name]}`;
      (name.startsWith('limits') ? limits : requests).push(text);
    }
    return [nameOf(object), requests.join(', '), limits.join(', '), ageOfPrinted(object, nowMs)];
  },
);

interface ComponentStatus extends Printed {
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly message?: string;
    readonly error?: string;
  }[];
}

export const componentStatusPrinter: Printer = printer<ComponentStatus>(
  columns('Status', 'Message', 'Error'),
  (object) => {
    const health = object.conditions?.find(({ type }) => type === 'Healthy');
    if (health === undefined) return [nameOf(object), 'Unknown', '', ''];
    const status = health.status === 'True' ? 'Healthy' : 'Unhealthy';
    return [nameOf(object), status, health.message ?? '', health.error ?? ''];
  },
);

/** Nothing but the age is of interest. */
export const agePrinter: Printer = printer<Printed>(columns('Age'), (object, nowMs) => [
  nameOf(object),
  ageOfPrinted(object, nowMs),
]);
