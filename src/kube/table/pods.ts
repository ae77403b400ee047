/**
 * The row of a Pod: its status is what its containers are about, the last word being that it is being
 * deleted. Restarts of init containers count while the pod initializes; afterwards only those that run beside the others.
 */

import { durationText } from './age.ts';
import {
  ageOfPrinted,
  type ConditionShape,
  columns,
  containerCells,
  isTrue,
  labelsText,
  nameOf,
  orNone,
  type Printed,
  printer,
  type TemplateShape,
} from './columns.ts';
import type { Printer, RowCondition } from './types.ts';

interface Terminated {
  readonly exitCode?: number;
  readonly signal?: number;
  readonly reason?: string;
  readonly finishedAt?: string | null;
}

interface ContainerStatus {
  readonly name?: string;
  readonly ready?: boolean;
  readonly started?: boolean;
  readonly restartCount?: number;
  readonly state?: {
    readonly waiting?: { readonly reason?: string };
    readonly running?: object;
    readonly terminated?: Terminated;
  };
  readonly lastState?: { readonly terminated?: Terminated };
}

interface Pod
  extends Printed<
    {
      readonly nodeName?: string;
      readonly containers?: readonly object[];
      readonly initContainers?: readonly { readonly name?: string; readonly restartPolicy?: string }[];
      readonly readinessGates?: readonly { readonly conditionType: string }[];
    },
    {
      readonly phase?: string;
      readonly reason?: string;
      readonly nominatedNodeName?: string;
      readonly podIP?: string;
      readonly podIPs?: readonly { readonly ip?: string }[];
      readonly conditions?: readonly ConditionShape[];
      readonly initContainerStatuses?: readonly ContainerStatus[];
      readonly containerStatuses?: readonly ContainerStatus[];
    }
  > {}

/** What a walk over containers finds. */
interface Tally {
  status: string;
  ready: number;
  restarts: number;
  /** Milliseconds since 1970, 0: none is known. */
  lastRestartMs: number;
}

function countRestarts(tally: Tally, container: ContainerStatus): void {
  tally.restarts += container.restartCount ?? 0;
  const finished = container.lastState?.terminated?.finishedAt;
  if (finished === undefined || finished === null) return;
  tally.lastRestartMs = Math.max(tally.lastRestartMs, Date.parse(finished));
}

function endText(terminated: Terminated): string {
  const { reason, signal, exitCode } = terminated;
  if (reason !== undefined && reason !== '') return reason;
  return signal !== undefined && signal !== 0 ? `Signal:${signal}` : `ExitCode:${exitCode ?? 0}`;
}

/** What an init container says that holds the pod up; null if it does not. */
function holdUp(container: ContainerStatus, at: number, total: number): string | null {
  const { terminated, waiting } = container.state ?? {};
  if (terminated !== undefined)
    return (terminated.exitCode ?? 0) === 0 ? null : `Init:${endText(terminated)}`;
  const reason = waiting?.reason ?? '';
  return reason !== '' && reason !== 'PodInitializing' ? `Init:${reason}` : `Init:${at}/${total}`;
}

/** @returns true if the pod is still initializing */
function walkInit(pod: Pod, sidecars: ReadonlySet<string>, all: Tally, beside: Tally): boolean {
  const total = pod.spec?.initContainers?.length ?? 0;
  for (const [at, container] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const isSidecar = sidecars.has(container.name ?? '');
    countRestarts(all, container);
    if (isSidecar) countRestarts(beside, container);
    const isEnded = container.state?.terminated !== undefined;
    if (isSidecar && container.started === true && !isEnded) {
      if (container.ready === true) all.ready++;
      continue;
    }
    const text = holdUp(container, at, total);
    if (text === null) continue;
    all.status = text;
    return true;
  }
  return false;
}

function walkContainers(pod: Pod, tally: Tally): void {
  const statuses = pod.status?.containerStatuses ?? [];
  let isRunning = false;
  let failure = '';
  for (let at = statuses.length - 1; at >= 0; at--) {
    const container = statuses[at]!;
    const { waiting, terminated, running } = container.state ?? {};
    countRestarts(tally, container);
    if (waiting?.reason !== undefined && waiting.reason !== '') {
      tally.status = waiting.reason;
      failure = waiting.reason;
    } else if (terminated !== undefined) {
      tally.status = endText(terminated);
      if ((terminated.exitCode ?? 0) !== 0) failure = tally.status;
    } else if (container.ready === true && running !== undefined) {
      isRunning = true;
      tally.ready++;
    }
  }
  if (tally.status !== 'Completed' || !isRunning) return;
  if (isTrue(pod.status?.conditions, 'Ready')) tally.status = 'Running';
  else tally.status = failure === '' ? 'NotReady' : failure;
}

function tallyOf(pod: Pod, sidecars: ReadonlySet<string>): Tally {
  const { phase = '', reason = '', conditions } = pod.status ?? {};
  const tally: Tally = { status: reason === '' ? phase : reason, ready: 0, restarts: 0, lastRestartMs: 0 };
  const beside: Tally = { status: '', ready: 0, restarts: 0, lastRestartMs: 0 };
  if (conditions?.some((c) => c.type === 'PodScheduled' && c.reason === 'SchedulingGated') === true) {
    tally.status = 'SchedulingGated';
  }
  const isInitializing = walkInit(pod, sidecars, tally, beside);
  if (!isInitializing || isTrue(conditions, 'Initialized')) {
    tally.restarts = beside.restarts;
    tally.lastRestartMs = beside.lastRestartMs;
    walkContainers(pod, tally);
  }
  const { deletionTimestamp } = pod.metadata;
  if (deletionTimestamp !== undefined && deletionTimestamp !== null) {
    if (reason === 'NodeLost') tally.status = 'Unknown';
    else if (phase !== 'Succeeded' && phase !== 'Failed') tally.status = 'Terminating';
  }
  return tally;
}

function gatesText(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const open = gates.filter(({ conditionType }) => isTrue(pod.status?.conditions, conditionType));
  return `${open.length}/${gates.length}`;
}

const noNames: ReadonlySet<string> = new Set();

function sidecarsOf(pod: Pod): ReadonlySet<string> {
  const init = pod.spec?.initContainers;
  if (init === undefined) return noNames;
  return new Set(init.filter((one) => one.restartPolicy === 'Always').map((one) => one.name ?? ''));
}

const succeeded: readonly RowCondition[] = [
  { type: 'Completed', status: 'True', reason: 'Succeeded', message: 'The pod has completed successfully.' },
];
const failed: readonly RowCondition[] = [
  { type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' },
];

export const podPrinter: Printer = printer<Pod>(
  columns('Ready', 'Status', 'Restarts', 'Age', 'IP*', 'Node*', 'Nominated Node*', 'Readiness Gates*'),
  (pod, nowMs) => {
    const sidecars = sidecarsOf(pod);
    const { status, ready, restarts, lastRestartMs } = tallyOf(pod, sidecars);
    const total = (pod.spec?.containers?.length ?? 0) + sidecars.size;
    const isDated = restarts !== 0 && lastRestartMs !== 0;
    return [
      nameOf(pod),
      `${ready}/${total}`,
      status,
      isDated ? `${restarts} (${durationText(nowMs - lastRestartMs)} ago)` : String(restarts),
      ageOfPrinted(pod, nowMs),
      orNone(pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP),
      orNone(pod.spec?.nodeName),
      orNone(pod.status?.nominatedNodeName),
      gatesText(pod),
    ];
  },
  (pod) => {
    if (pod.status?.phase === 'Succeeded') return succeeded;
    return pod.status?.phase === 'Failed' ? failed : [];
  },
);

interface PodTemplate extends Printed {
  readonly template?: TemplateShape;
}

export const podTemplatePrinter: Printer = printer<PodTemplate>(
  columns('Containers', 'Images', 'Pod Labels'),
  (object) => [
    nameOf(object),
    ...containerCells(object.template),
    labelsText(object.template?.metadata?.labels),
  ],
);
