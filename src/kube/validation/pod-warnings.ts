/** What is allowed in a pod, but is old, does nothing, or is not what its author means: texts of Warning headers. */

import type { ApiObject } from '../api/objects.ts';
import { labelProblems } from '../meta/names.ts';
import { parseQuantity } from '../schema/quantity.ts';
import type {
  Affinity,
  Container,
  ContainerPort,
  EnvVar,
  NodeTerm,
  PodSpec,
  PodTemplate,
} from './pod-types.ts';

const oldNodeLabels: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region':
    'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone':
    'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type':
    'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
};

const oldAnnotations: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod':
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};

const oldVolumes: Readonly<Record<string, string>> = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
};

const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const;
const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompContainer = 'container.seccomp.security.alpha.kubernetes.io/';
const appArmorContainer = 'container.apparmor.security.beta.kubernetes.io/';

function nodeTermWarnings(field: string, { matchExpressions = [] }: NodeTerm): string[] {
  return matchExpressions.flatMap(({ key = '' }, at) => {
    const text = oldNodeLabels[key];
    return text === undefined ? [] : [`${field}.matchExpressions[${at}].key: ${key} is ${text}`];
  });
}

function affinityWarnings(field: string, affinity: Affinity | undefined): string[] {
  const node = affinity?.nodeAffinity;
  const hard = `${field}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`;
  const soft = `${field}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution`;
  return [
    ...(node?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []).flatMap((term, at) =>
      nodeTermWarnings(`${hard}[${at}]`, term),
    ),
    ...(node?.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((term, at) =>
      nodeTermWarnings(`${soft}[${at}].preference`, term.preference ?? {}),
    ),
  ];
}

function schedulingWarnings(field: string, spec: PodSpec): string[] {
  const warnings: string[] = [];
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const text = oldNodeLabels[key];
    if (text !== undefined) warnings.push(`${field}.nodeSelector[${key}]: ${text}`);
  }
  warnings.push(...affinityWarnings(`${field}.affinity`, spec.affinity));
  (spec.topologySpreadConstraints ?? []).forEach(({ topologyKey = '', labelSelector }, at) => {
    const path = `${field}.topologySpreadConstraints[${at}]`;
    const text = oldNodeLabels[topologyKey];
    if (text !== undefined) warnings.push(`${path}.topologyKey: ${topologyKey} is ${text}`);
    if (labelSelector === undefined) {
      warnings.push(`${path}.labelSelector: a null labelSelector results in matching no pod`);
    }
  });
  return warnings;
}

function duplicates(field: string, member: string, names: readonly (string | undefined)[]): string[] {
  const warnings: string[] = [];
  const seen = new Set<string>();
  names.forEach((name = '', at) => {
    if (seen.has(name))
      warnings.push(`${field}[${at}].${member}: duplicate ${member} ${JSON.stringify(name)}`);
    seen.add(name);
  });
  return warnings;
}

const byteAmounts = ['memory', 'ephemeral-storage'];

/** Half a byte is no byte. */
function fractionWarnings(field: string, amounts: Record<string, string> | undefined): string[] {
  const warnings: string[] = [];
  for (const name of byteAmounts) {
    const text = amounts?.[name];
    if (text === undefined || parseQuantity(text).nanos % 1_000_000_000n === 0n) continue;
    warnings.push(
      `${field}[${name}]: fractional byte value ${JSON.stringify(text)} is invalid, must be an integer`,
    );
  }
  return warnings;
}

/** A later variable of the same name is fine only when it builds on the earlier. */
function envWarnings(field: string, variables: readonly EnvVar[]): string[] {
  const warnings: string[] = [];
  const seen = new Set<string>();
  variables.forEach(({ name = '', value = '', valueFrom }, at) => {
    const reference = `$(${name})`;
    if (seen.has(name) && (valueFrom !== undefined || value === reference || !value.includes(reference))) {
      warnings.push(
        `${field}[${at}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
      );
    }
    seen.add(name);
  });
  return warnings;
}

interface PlacedPort extends ContainerPort {
  readonly field: string;
}

function portWarnings(field: string, spec: PodSpec): string[] {
  const warnings: string[] = [];
  let count = 0;
  for (const list of lists) for (const { ports = [] } of spec[list] ?? []) count += ports.length;
  // One port is like no other.
  if (count < 2) return warnings;
  const all = new Map<string, PlacedPort[]>();
  for (const list of lists) {
    (spec[list] ?? []).forEach(({ ports = [] }, at) => {
      ports.forEach((port, index) => {
        const placed: PlacedPort = { ...port, field: `${field}.${list}[${at}].ports[${index}]` };
        const key = `${port.containerPort}/${port.protocol}`;
        const others = all.get(key) ?? [];
        for (const other of others) {
          const problem = portProblem(placed, other);
          if (problem !== '')
            warnings.push(`${placed.field}: ${problem} port definition with ${other.field}`);
        }
        all.set(key, [...others, placed]);
      });
    });
  }
  return warnings;
}

function portProblem(port: PlacedPort, other: PlacedPort): 'duplicate' | 'overlapping' | '' {
  const { hostPort = 0, hostIP = '' } = port;
  const { hostPort: otherPort = 0, hostIP: otherIP = '' } = other;
  if (hostPort === otherPort && hostIP === otherIP) return 'duplicate';
  if (hostPort === 0 || otherPort === 0) return 'overlapping';
  const isAny = (address: string): boolean => address === '' || address === '0.0.0.0' || address === '::';
  return hostPort === otherPort && (isAny(hostIP) || isAny(otherIP)) ? 'overlapping' : '';
}

function containerWarnings(
  field: string,
  annotationsField: string,
  container: Container,
  annotations: Record<string, string>,
): string[] {
  const { resources = {}, env = [], name = '', securityContext } = container;
  const warnings: string[] = [];
  const key = seccompContainer + name;
  if (securityContext?.seccompProfile === undefined && annotations[key] !== undefined) {
    warnings.push(
      `${annotationsField}[${key}]: non-functional in v1.27+; use the "seccompProfile" field instead`,
    );
  }
  return [
    ...warnings,
    ...fractionWarnings(`${field}.resources.limits`, resources.limits),
    ...fractionWarnings(`${field}.resources.requests`, resources.requests),
    ...envWarnings(`${field}.env`, env),
  ];
}

function hasOldKind(volume: object): boolean {
  for (const kind in volume) if (Object.hasOwn(oldVolumes, kind)) return true;
  return false;
}

function specWarnings(
  prefix: string,
  spec: PodSpec,
  annotations: Record<string, string>,
  isPod: boolean,
): string[] {
  const field = `${prefix}spec`;
  const annotationsField = `${prefix}metadata.annotations`;
  const warnings = schedulingWarnings(field, spec);
  for (const [key, text] of Object.entries(oldAnnotations)) {
    if (annotations[key] !== undefined) warnings.push(`${annotationsField}[${key}]: ${text}`);
  }
  (spec.volumes ?? []).forEach((volume, at) => {
    if (!hasOldKind(volume)) return;
    for (const [kind, text] of Object.entries(oldVolumes)) {
      const shown = kind === 'storageos' ? 'storageOS' : kind;
      if (volume[kind] !== undefined) warnings.push(`${field}.volumes[${at}].${shown}: ${text}`);
    }
  });
  const secrets = spec.imagePullSecrets ?? [];
  const hosts = (spec.hostAliases ?? []).map(({ ip }) => ip);
  warnings.push(...duplicates(`${field}.hostAliases`, 'ip', hosts));
  warnings.push(
    ...duplicates(
      `${field}.imagePullSecrets`,
      'name',
      secrets.map(({ name }) => name),
    ),
  );
  secrets.forEach(({ name = '' }, at) => {
    if (name === '') warnings.push(`${field}.imagePullSecrets[${at}].name: invalid empty name ""`);
  });
  warnings.push(...fractionWarnings(`${field}.overhead`, spec.overhead));
  if (spec.securityContext?.seccompProfile === undefined && annotations[seccompPod] !== undefined) {
    warnings.push(
      `${annotationsField}[${seccompPod}]: non-functional in v1.27+; use the "seccompProfile" field instead`,
    );
  }
  for (const list of lists) {
    (spec[list] ?? []).forEach((container, at) => {
      warnings.push(
        ...containerWarnings(`${field}.${list}[${at}]`, annotationsField, container, annotations),
      );
      const key = appArmorContainer + (container.name ?? '');
      const profile = container.securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile;
      if (isPod || profile !== undefined || annotations[key] === undefined) return;
      warnings.push(
        `${annotationsField}[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`,
      );
    });
  }
  warnings.push(...portWarnings(field, spec));
  if (spec.terminationGracePeriodSeconds !== undefined && spec.terminationGracePeriodSeconds < 0) {
    warnings.push(
      `${field}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
    );
  }
  return warnings;
}

/** What is said of specs that were looked at, of pods without annotations; a spec is not changed after that. */
const knownWarnings: WeakMap<PodSpec, readonly string[]> = new WeakMap();

function warningsOf({ metadata: { annotations }, spec = {} }: ApiObject): readonly string[] {
  if (annotations !== undefined) return specWarnings('', spec as PodSpec, annotations, true);
  let warnings = knownWarnings.get(spec as PodSpec);
  if (warnings === undefined) {
    warnings = specWarnings('', spec as PodSpec, {}, true);
    knownWarnings.set(spec as PodSpec, warnings);
  }
  return warnings;
}

/** Of a new pod, which nobody changes any more. */
export function podWarnings(pod: ApiObject): readonly string[] {
  const { name = '' } = pod.metadata;
  const problems = labelProblems(name);
  const warnings = warningsOf(pod);
  if (problems.length === 0) return warnings;
  const text = `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [${problems.join(' ')}]`;
  return [text, ...warnings];
}

/** @param field of the template, `spec.template` */
export function templateWarnings(field: string, template: PodTemplate | undefined): string[] {
  const { metadata: { annotations = {} } = {}, spec = {} } = template ?? {};
  return specWarnings(`${field}.`, spec, annotations, false);
}

/** Names that go into names of pods. */
export function workloadNameWarnings(name: string): string[] {
  const problems = labelProblems(name);
  if (problems.length === 0) return [];
  return [
    `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${problems.join(' ')}]`,
  ];
}
