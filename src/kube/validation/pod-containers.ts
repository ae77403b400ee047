/** Containers, init containers and ephemeral containers. */

import {
  duplicate,
  type FieldError,
  forbiddenValue,
  invalidValue,
  notFoundValue,
  notSupported,
  required,
} from '../api/field-errors.ts';
import type { JsonObject } from '../api/objects.ts';
import { validateEnv, validateEnvFrom } from './pod-env.ts';
import {
  portNameProblems,
  problemsAt,
  validateChoice,
  validateDnsLabel,
  validatePortNumber,
} from './pod-fields.ts';
import { validateDevices, validateMounts } from './pod-mounts.ts';
import { validateProbes } from './pod-probes.ts';
import { validateResources } from './pod-resources.ts';
import { validateContainerSecurity } from './pod-security.ts';
import type { Container, ContainerPort, PodSpec, ResizePolicy } from './pod-types.ts';

/** What containers need to know of their pod. */
export interface ContainerSurroundings {
  readonly spec: PodSpec;
  readonly volumes: ReadonlyMap<string, JsonObject>;
  readonly claimNames: ReadonlySet<string>;
}

const protocols = ['SCTP', 'TCP', 'UDP'];
const pullPolicies = ['Always', 'IfNotPresent', 'Never'];
const whitespaceText = 'must not have leading or trailing whitespace';

function validatePorts(field: string, ports: readonly ContainerPort[]): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  ports.forEach(({ name = '', containerPort = 0, hostPort = 0, protocol }, at) => {
    const path = `${field}[${at}]`;
    if (name !== '') {
      const problems = portNameProblems(name);
      if (problems.length > 0) errors.push(...problemsAt(`${path}.name`, name, problems));
      else if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
      else names.add(name);
    }
    if (containerPort === 0) errors.push(required(`${path}.containerPort`));
    else errors.push(...validatePortNumber(`${path}.containerPort`, containerPort));
    if (hostPort !== 0) errors.push(...validatePortNumber(`${path}.hostPort`, hostPort));
    errors.push(...validateChoice(`${path}.protocol`, protocol, protocols));
  });
  return errors;
}

/** One port of the host goes to one container. */
function validateHostPorts(field: string, containers: readonly (Container | null)[]): FieldError[] {
  const errors: FieldError[] = [];
  const taken = new Set<string>();
  containers.forEach((container, at) => {
    (container?.ports ?? []).forEach(({ hostPort = 0, hostIP = '', protocol = '' }, index) => {
      if (hostPort === 0) return;
      const text = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(text)) errors.push(duplicate(`${field}[${at}].ports[${index}].hostPort`, text));
      taken.add(text);
    });
  });
  return errors;
}

function validateResizePolicy(field: string, policies: readonly ResizePolicy[], spec: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  policies.forEach(({ resourceName = '', restartPolicy = '' }, at) => {
    if (seen.has(resourceName)) errors.push(duplicate(`${field}[${at}]`, resourceName));
    seen.add(resourceName);
    errors.push(...validateChoice(field, resourceName, ['cpu', 'memory']));
    errors.push(...validateChoice(field, restartPolicy, ['NotRequired', 'RestartContainer']));
    if (spec.restartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      const why = "must be 'NotRequired' when `restartPolicy` is 'Never'";
      errors.push(invalidValue(field, restartPolicy, why));
    }
  });
  return errors;
}

/** What holds for containers of every sort. */
function validateContainer(field: string, container: Container, around: ContainerSurroundings): FieldError[] {
  const { name = '', image = '' } = container;
  const errors = name === '' ? [required(`${field}.name`)] : validateDnsLabel(`${field}.name`, name);
  if (image === '') errors.push(required(`${field}.image`));
  return [
    ...errors,
    ...validateChoice(`${field}.terminationMessagePolicy`, container.terminationMessagePolicy, [
      'File',
      'FallbackToLogsOnError',
    ]),
    ...validatePorts(`${field}.ports`, container.ports ?? []),
    ...validateEnv(`${field}.env`, container.env ?? []),
    ...validateEnvFrom(`${field}.envFrom`, container.envFrom ?? []),
    ...validateMounts(`${field}.volumeMounts`, container, around.volumes),
    ...validateDevices(`${field}.volumeDevices`, container, around.volumes),
    ...validateChoice(`${field}.imagePullPolicy`, container.imagePullPolicy, pullPolicies),
    ...validateResources(`${field}.resources`, container.resources ?? {}, around.claimNames),
    ...validateResizePolicy(`${field}.resizePolicy`, container.resizePolicy ?? [], around.spec),
    ...validateContainerSecurity(
      `${field}.securityContext`,
      container.securityContext,
      around.spec.hostUsers !== false,
    ),
  ];
}

export function validateContainers(field: string, around: ContainerSurroundings): FieldError[] {
  const { containers = [], terminationGracePeriodSeconds } = around.spec;
  if (containers.length === 0) return [required(field)];
  const errors: FieldError[] = [];
  const names = new Set<string>();
  containers.forEach((container, at) => {
    const path = `${field}[${at}]`;
    const { name = '', restartPolicy } = container;
    errors.push(...validateContainer(path, container, around));
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
    names.add(name);
    errors.push(...validateProbes(path, container, terminationGracePeriodSeconds));
    if (restartPolicy !== undefined) {
      errors.push(
        ...validateChoice(`${path}.restartPolicy`, restartPolicy, ['Always', 'Never', 'OnFailure']),
      );
    }
  });
  return [...errors, ...validateHostPorts(field, containers)];
}

export function isRestartable({ restartPolicy }: Container): boolean {
  return restartPolicy === 'Always';
}

export function validateInitContainers(field: string, around: ContainerSurroundings): FieldError[] {
  const { containers = [], initContainers = [], terminationGracePeriodSeconds } = around.spec;
  const errors: FieldError[] = [];
  const names = new Set(containers.map(({ name = '' }) => name));
  initContainers.forEach((container, at) => {
    const path = `${field}[${at}]`;
    const { name = '', restartPolicy } = container;
    errors.push(...validateContainer(path, container, around));
    if (restartPolicy !== undefined && !['Always', 'Never', 'OnFailure'].includes(restartPolicy)) {
      const supported = ['Always', 'Never', 'OnFailure'];
      errors.push(notSupported(`${path}.restartPolicy`, restartPolicy, supported));
    }
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
    else if (name !== '') names.add(name);
    errors.push(...validateHostPorts(field, [container]));
    if (isRestartable(container)) {
      errors.push(...validateProbes(path, container, terminationGracePeriodSeconds));
      return;
    }
    for (const member of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (container[member] === undefined) continue;
      const why = 'may not be set for init containers without restartPolicy=Always';
      errors.push(forbiddenValue(`${path}.${member}`, why));
    }
  });
  return errors;
}

/** Members an ephemeral container cannot have: it is there to look, not to serve. */
const notEphemeral = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const;

function isSet(value: unknown): boolean {
  if (value === undefined || value === '') return false;
  return typeof value !== 'object' || value === null || Object.keys(value).length > 0;
}

export function validateEphemeralContainers(field: string, around: ContainerSurroundings): FieldError[] {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = around.spec;
  const errors: FieldError[] = [];
  const targets = new Set([...containers, ...initContainers].map(({ name = '' }) => name));
  const names = new Set(targets);
  const why = 'cannot be set for an Ephemeral Container';
  ephemeralContainers.forEach((container, at) => {
    const path = `${field}[${at}]`;
    const { name = '', targetContainerName = '' } = container;
    errors.push(...validateContainer(path, container, around), ...validateImage(path, container));
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
    names.add(name);
    if (targetContainerName !== '' && !targets.has(targetContainerName)) {
      errors.push(notFoundValue(`${path}.targetContainerName`, targetContainerName));
    }
    for (const member of notEphemeral) {
      if (isSet(container[member])) errors.push(forbiddenValue(`${path}.${member}`, why));
    }
    (container.volumeMounts ?? []).forEach((mount, index) => {
      for (const member of ['subPath', 'subPathExpr'] as const) {
        if (!isSet(mount[member])) continue;
        errors.push(forbiddenValue(`${path}.volumeMounts[${index}].${member}`, why));
      }
    });
  });
  return errors;
}

/** Only where the container will run as written: templates may hold an image that something fills in. */
export function validateImage(field: string, { image = '' }: Container): FieldError[] {
  return image.trim() === image ? [] : [invalidValue(`${field}.image`, image, whitespaceText)];
}
