/** What a status may say of a pod, given what it said before. */

import { duplicate, type FieldError, forbiddenValue, invalidValue } from '../api/field-errors.ts';
import type { ApiObject } from '../api/objects.ts';
import { qualifiedNameProblems, subdomainProblems } from '../meta/names.ts';
import { problemsAt, shown, validateAddress, validateImmutable } from './pod-fields.ts';
import type { PodSpec } from './pod-types.ts';

interface ContainerStatus {
  readonly name?: string;
  readonly state?: { readonly terminated?: { readonly exitCode?: number } };
}

interface PodStatus {
  readonly conditions?: readonly { readonly type?: string }[];
  readonly nominatedNodeName?: string;
  readonly hostIP?: string;
  readonly hostIPs?: readonly { readonly ip?: string }[];
  readonly podIPs?: readonly { readonly ip?: string }[];
  readonly qosClass?: string;
  readonly initContainerStatuses?: readonly ContainerStatus[];
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly ephemeralContainerStatuses?: readonly ContainerStatus[];
}

/** What has ended for good does not run again. @param canRestart by the container's name */
function validateTransitions(
  field: string,
  statuses: readonly ContainerStatus[],
  old: readonly ContainerStatus[],
  restartPolicy: string,
  canRestart: (name: string) => boolean,
): FieldError[] {
  if (restartPolicy === 'Always') return [];
  const errors: FieldError[] = [];
  old.forEach(({ name = '', state }, at) => {
    if (state?.terminated === undefined) return;
    if (restartPolicy === 'OnFailure' && (state.terminated.exitCode ?? 0) !== 0) return;
    if (canRestart(name)) return;
    const now = statuses.find((status) => status.name === name);
    if (now === undefined || now.state?.terminated !== undefined) return;
    errors.push(forbiddenValue(`${field}[${at}].state`, 'may not be transitioned to non-terminated state'));
  });
  return errors;
}

function validateAddresses(field: string, list: readonly { readonly ip?: string }[]): FieldError[] {
  const errors = list.flatMap(({ ip = '' }, at) => validateAddress(`${field}[${at}]`, ip));
  if (list.length < 2) return errors;
  const sixes = list.filter(({ ip = '' }) => ip.includes(':')).length;
  if (list.length > 2 || sixes !== 1) {
    errors.push(invalidValue(field, shown(list), 'may specify no more than one IP for each IP family'));
  }
  const seen = new Set<string>();
  list.forEach((item, at) => {
    if (seen.has(item.ip ?? '')) errors.push(duplicate(`${field}[${at}]`, shown(item)));
    seen.add(item.ip ?? '');
  });
  return errors;
}

export function validatePodStatus(pod: ApiObject, old: ApiObject): FieldError[] {
  const status = (pod.status ?? {}) as PodStatus;
  const before = (old.status ?? {}) as PodStatus;
  const { restartPolicy = 'Always', initContainers = [] } = (old.spec ?? {}) as PodSpec;
  const errors: FieldError[] = [];
  (status.conditions ?? []).forEach(({ type = '' }, at) => {
    // The field is named like this by a real server.
    const field = `metadata.conditions[${at}].Type`;
    errors.push(...problemsAt(field, type, qualifiedNameProblems(type)));
  });
  const { nominatedNodeName = '' } = status;
  if (nominatedNodeName !== '' && nominatedNodeName !== before.nominatedNodeName) {
    const problems = subdomainProblems(nominatedNodeName);
    errors.push(...problemsAt('status.nominatedNodeName', nominatedNodeName, problems));
  }
  const sidecars = new Set(
    initContainers.filter((container) => container.restartPolicy === 'Always').map(({ name = '' }) => name),
  );
  errors.push(...validateImmutable('status.qosClass', status.qosClass, before.qosClass));
  const never = (): boolean => false;
  const lists = [
    ['containerStatuses', restartPolicy, never],
    ['initContainerStatuses', restartPolicy, (name: string) => sidecars.has(name)],
    ['ephemeralContainerStatuses', 'Never', never],
  ] as const;
  for (const [list, policy, canRestart] of lists) {
    const field = `status.${list}`;
    errors.push(...validateTransitions(field, status[list] ?? [], before[list] ?? [], policy, canRestart));
  }
  errors.push(...validateAddresses('status.podIPs', status.podIPs ?? []));
  const hosts = status.hostIPs ?? [];
  if (hosts.length > 0 && hosts[0]!.ip !== (status.hostIP ?? '')) {
    errors.push(invalidValue('status.hostIPs[0].ip', hosts[0]!.ip, 'must be equal to `hostIP`'));
  }
  return [...errors, ...validateAddresses('status.hostIPs', hosts)];
}
