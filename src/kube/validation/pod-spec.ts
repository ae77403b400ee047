/**
 * The spec of a pod, in a pod or in a template, and pods when they are created. Errors stand in the order in
 * which a real API server lists them.
 */

import {
  duplicate,
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
  required,
} from '../api/field-errors.ts';
import type { ApiObject } from '../api/objects.ts';
import { labelProblems, qualifiedNameProblems, subdomainProblems } from '../meta/names.ts';
import { validateAnnotations, validateLabels } from '../meta/validate-meta.ts';
import {
  type ContainerSurroundings,
  validateContainers,
  validateEphemeralContainers,
  validateImage,
  validateInitContainers,
} from './pod-containers.ts';
import {
  int32Max,
  problemsAt,
  shown,
  validateAddress,
  validateChoice,
  validateDnsLabel,
  validateRange,
  validateSubdomain,
} from './pod-fields.ts';
import { validateResources } from './pod-resources.ts';
import { validateAffinity, validateGates, validateSpread, validateTolerations } from './pod-scheduling.ts';
import { validatePodSecurity } from './pod-security.ts';
import type { PodChecks, PodSpec, PodTemplate } from './pod-types.ts';
import { validateVolumes } from './pod-volumes.ts';
import { validateHostProcess } from './windows-options.ts';

const restartPolicies = ['Always', 'OnFailure', 'Never'];
const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const nameserversMax = 3;
const searchesMax = 32;
const searchLettersMax = 2048;
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';
export const mirrorAnnotation: string = 'kubernetes.io/config.mirror';

function validateClaims(field: string, claims: NonNullable<PodSpec['resourceClaims']>): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  claims.forEach((claim, at) => {
    const path = `${field}[${at}]`;
    const { name = '', resourceClaimName, resourceClaimTemplateName } = claim;
    if (name === '') errors.push(required(`${path}.name`));
    else if (seen.has(name)) errors.push(duplicate(`${path}.name`, name));
    else errors.push(...validateDnsLabel(`${path}.name`, name));
    seen.add(name);
    const isNamed = resourceClaimName !== undefined;
    const isTemplated = resourceClaimTemplateName !== undefined;
    if (isNamed && isTemplated) {
      const why = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';
      errors.push(invalidValue(path, shown(claim), why));
    }
    if (!isNamed && !isTemplated) {
      const why = 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`';
      errors.push(invalidValue(path, shown(claim), why));
    }
    if (isNamed) errors.push(...validateSubdomain(`${path}.resourceClaimName`, resourceClaimName));
    if (isTemplated) {
      errors.push(...validateSubdomain(`${path}.resourceClaimTemplateName`, resourceClaimTemplateName));
    }
  });
  return errors;
}

/** On the network of the host, a port of the host is the container's own. */
function validateHostPorts(field: string, spec: PodSpec, isPod: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.hostNetwork !== true) return errors;
  (spec.containers ?? []).forEach((container, at) => {
    (container.ports ?? []).forEach(({ hostPort = 0, containerPort = 0 }, index) => {
      if ((isPod || hostPort !== 0) && hostPort !== containerPort) {
        const why = 'must match `containerPort` when `hostNetwork` is true';
        errors.push(invalidValue(`${field}.containers[${at}].ports[${index}].hostPort`, hostPort, why));
      }
    });
  });
  return errors;
}

function validateDns(field: string, spec: PodSpec): FieldError[] {
  const { dnsConfig, dnsPolicy } = spec;
  if (dnsPolicy === 'None') {
    if (dnsConfig === undefined)
      return [required(field, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    if ((dnsConfig.nameservers ?? []).length === 0) {
      const why = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
      return [required(`${field}.nameservers`, why)];
    }
  }
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {};
  const errors: FieldError[] = [];
  if (nameservers.length > nameserversMax) {
    const why = `must not have more than ${nameserversMax} nameservers`;
    errors.push(invalidValue(`${field}.nameservers`, [...nameservers], why));
  }
  nameservers.forEach((server, at) => {
    errors.push(...validateAddress(`${field}.nameservers[${at}]`, server));
  });
  if (searches.length > searchesMax) {
    const why = `must not have more than ${searchesMax} search paths`;
    errors.push(invalidValue(`${field}.searches`, [...searches], why));
  }
  if (searches.join(' ').length > searchLettersMax) {
    const why = `must not have more than ${searchLettersMax} characters (including spaces) in the search list`;
    errors.push(invalidValue(`${field}.searches`, [...searches], why));
  }
  searches.forEach((search, at) => {
    if (search === '.') return;
    const domain = search.endsWith('.') ? search.slice(0, -1) : search;
    // Underscores are fine here, as they are in DNS.
    errors.push(
      ...problemsAt(`${field}.searches[${at}]`, domain, subdomainProblems(domain.replaceAll('_', 'u'))),
    );
  });
  options.forEach(({ name = '' }, at) => {
    if (name === '') errors.push(required(`${field}.options[${at}]`, 'must not be empty'));
  });
  return errors;
}

function validateHostUsers(field: string, spec: PodSpec): FieldError[] {
  if (spec.hostUsers !== false) return [];
  const why = 'when `hostUsers` is false';
  const errors: FieldError[] = [];
  for (const member of ['hostNetwork', 'hostPID', 'hostIPC'] as const) {
    if (spec[member] === true) errors.push(forbiddenValue(`${field}.${member}`, why));
  }
  return errors;
}

/** Names that the spec mentions. */
function validateNames(field: string, spec: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  const check = (member: string, name: string | undefined, problems: (name: string) => string[]): void => {
    if ((name ?? '') !== '') errors.push(...problemsAt(`${field}.${member}`, name!, problems(name!)));
  };
  check('serviceAccountName', spec.serviceAccountName, subdomainProblems);
  check('nodeName', spec.nodeName, subdomainProblems);
  errors.push(...validateRange(`${field}.activeDeadlineSeconds`, spec.activeDeadlineSeconds, 1, int32Max));
  check('hostname', spec.hostname, labelProblems);
  check('subdomain', spec.subdomain, labelProblems);
  errors.push(...validateTolerations(`${field}.tolerations`, spec.tolerations ?? []));
  (spec.hostAliases ?? []).forEach(({ ip = '', hostnames = [] }, at) => {
    const path = `${field}.hostAliases[${at}]`;
    errors.push(...validateAddress(`${path}.ip`, ip));
    hostnames.forEach((name, index) => {
      errors.push(...validateSubdomain(`${path}.hostnames[${index}]`, name));
    });
  });
  check('priorityClassName', spec.priorityClassName, subdomainProblems);
  if (spec.runtimeClassName !== undefined) {
    errors.push(...validateSubdomain(`${field}.runtimeClassName`, spec.runtimeClassName));
  }
  if (spec.preemptionPolicy !== undefined) {
    const supported = ['PreemptLowerPriority', 'Never'];
    errors.push(...validateChoice(`${field}.preemptionPolicy`, spec.preemptionPolicy, supported));
  }
  return errors;
}

function validateOs(field: string, spec: PodSpec): FieldError[] {
  if (spec.os === undefined) return [];
  const { name = '' } = spec.os;
  if (name === '') return [required(`${field}.os.name`)];
  if (name !== 'linux' && name !== 'windows') {
    return [notSupported(`${field}.os`, name, ['linux', 'windows'])];
  }
  if (name === 'windows') return [];
  const why = 'windows options cannot be set for a linux pod';
  const errors: FieldError[] = [];
  if (spec.securityContext?.windowsOptions !== undefined) {
    errors.push(forbiddenValue(`${field}.securityContext.windowsOptions`, why));
  }
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    (spec[list] ?? []).forEach((container, at) => {
      if (container.securityContext?.windowsOptions === undefined) return;
      errors.push(forbiddenValue(`${field}.${list}[${at}].securityContext.windowsOptions`, why));
    });
  }
  return errors;
}

/** @param checks what differs between a pod and a template */
function validatePodSpec(field: string, spec: PodSpec, checks: PodChecks): FieldError[] {
  const { errors, volumes } = validateVolumes(`${field}.volumes`, spec.volumes ?? [], checks);
  const claims = spec.resourceClaims ?? [];
  const claimNames = new Set(claims.map(({ name = '' }) => name));
  const around: ContainerSurroundings = { spec, volumes, claimNames };
  errors.push(
    ...validateClaims(`${field}.resourceClaims`, claims),
    ...validateContainers(`${field}.containers`, around),
    ...validateInitContainers(`${field}.initContainers`, around),
    ...validateEphemeralContainers(`${field}.ephemeralContainers`, around),
  );
  if (spec.resources !== undefined) {
    errors.push(...validateResources(`${field}.resources`, spec.resources, claimNames));
  }
  errors.push(
    ...validateHostPorts(field, spec, checks.isPod),
    ...validateChoice(`${field}.restartPolicy`, spec.restartPolicy, restartPolicies),
    ...validateChoice(`${field}.dnsPolicy`, spec.dnsPolicy, dnsPolicies),
    ...validateLabels(`${field}.nodeSelector`, spec.nodeSelector ?? {}),
    ...validatePodSecurity(`${field}.securityContext`, spec),
    ...validateAffinity(`${field}.affinity`, spec.affinity),
    ...validateDns(`${field}.dnsConfig`, spec),
  );
  (spec.readinessGates ?? []).forEach(({ conditionType = '' }, at) => {
    const path = `${field}.readinessGates[${at}].conditionType`;
    errors.push(...problemsAt(path, conditionType, qualifiedNameProblems(conditionType)));
  });
  errors.push(
    ...validateGates(`${field}.schedulingGates`, spec.schedulingGates ?? []),
    ...validateSpread(`${field}.topologySpreadConstraints`, spec.topologySpreadConstraints ?? []),
    ...validateHostProcess(field, spec),
    ...validateHostUsers(field, spec),
    ...validateNames(field, spec),
  );
  if (spec.overhead !== undefined) {
    errors.push(...validateResources(`${field}.overhead`, { limits: spec.overhead }, claimNames));
  }
  return [...errors, ...validateOs(field, spec)];
}

/** Annotations that mean something to pods. */
function validatePodAnnotations(
  field: string,
  annotations: Record<string, string>,
  spec: PodSpec,
): FieldError[] {
  const errors: FieldError[] = [];
  const mirror = annotations[mirrorAnnotation];
  if (mirror !== undefined && (spec.nodeName ?? '') === '') {
    const why = 'must set spec.nodeName if mirror pod annotation is set';
    errors.push(invalidValue(`${field}[${mirrorAnnotation}]`, mirror, why));
  }
  const cost = annotations[deletionCost];
  if (cost !== undefined && !/^(0|-?[1-9][0-9]{0,9})$/.test(cost)) {
    errors.push(invalidValue(`${field}[${deletionCost}]`, cost, 'must be a 32bit integer'));
  }
  return errors;
}

export function validatePodTemplate(field: string, template: PodTemplate): FieldError[] {
  const { metadata: { labels = {}, annotations = {} } = {}, spec = {} } = template;
  const errors = [
    ...validateLabels(`${field}.labels`, labels),
    ...validateAnnotations(`${field}.annotations`, annotations),
    ...validatePodAnnotations(`${field}.annotations`, annotations, spec),
    ...validatePodSpec(`${field}.spec`, spec, { isPod: false, podName: '' }),
  ];
  if ((spec.ephemeralContainers ?? []).length > 0) {
    const why = 'ephemeral containers not allowed in pod template';
    errors.push(forbiddenValue(`${field}.spec.ephemeralContainers`, why));
  }
  return errors;
}

/** In `rightSpecs`: whatever the name of the pod is. */
const anyName = null;

/**
 * Specs of pods in which nothing was found, with the pod's name where that says something: a spec is never changed once it was
 * validated, a pod that is updated mostly keeps the very one it has, and pods of one template have the same.
 */
const rightSpecs: WeakMap<PodSpec, string | typeof anyName> = new WeakMap();

/** Claims of ephemeral volumes are named after their pod. */
function namesClaims({ volumes = [] }: PodSpec): boolean {
  return volumes.some((volume) => volume['ephemeral'] !== undefined);
}

function isRight(spec: PodSpec, name: string): boolean {
  const known = rightSpecs.get(spec);
  return known === anyName || known === name;
}

/** Whether the spec was validated, and nothing found. */
export function isRightSpec({ metadata, spec }: ApiObject): boolean {
  return spec !== undefined && isRight(spec as PodSpec, metadata.name ?? '');
}

/** What holds for every pod, new or changed. */
export function validatePod(pod: ApiObject): FieldError[] {
  const { name = '', annotations = {} } = pod.metadata;
  const spec = (pod.spec ?? {}) as PodSpec;
  const errors = validatePodAnnotations('metadata.annotations', annotations, spec);
  if (isRight(spec, name)) return errors;
  const found = validateSpecOfPod(spec, name);
  if (found.length === 0) rightSpecs.set(spec, namesClaims(spec) ? name : anyName);
  return [...errors, ...found];
}

function validateSpecOfPod(spec: PodSpec, podName: string): FieldError[] {
  const errors = validatePodSpec('spec', spec, { isPod: true, podName });
  if ((spec.serviceAccountName ?? '') === '') errors.push(...validateTokenVolumes(spec));
  for (const list of ['containers', 'initContainers'] as const) {
    (spec[list] ?? []).forEach((container, at) => {
      errors.push(...validateImage(`spec.${list}[${at}]`, container));
    });
  }
  return errors;
}

/** There is no token of nobody. */
function validateTokenVolumes(spec: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  (spec.volumes ?? []).forEach((volume, at) => {
    const { sources = [] } = (volume['projected'] ?? {}) as { sources?: { serviceAccountToken?: unknown }[] };
    sources.forEach(({ serviceAccountToken }, index) => {
      if (serviceAccountToken === undefined) return;
      const path = `spec.volumes[${at}].projected.sources[${index}].serviceAccountToken`;
      errors.push(forbiddenValue(path, 'must not be specified when serviceAccountName is not set'));
    });
  });
  return errors;
}

export function validatePodCreate(pod: ApiObject): FieldError[] {
  const errors = validatePod(pod);
  const { ephemeralContainers = [], nodeName = '', schedulingGates = [] } = (pod.spec ?? {}) as PodSpec;
  if (ephemeralContainers.length > 0) {
    errors.push(forbiddenValue('spec.ephemeralContainers', 'cannot be set on create'));
  }
  if (nodeName !== '' && schedulingGates.length > 0) {
    const why = 'cannot be set until all schedulingGates have been cleared';
    errors.push(forbiddenValue('spec.nodeName', why));
  }
  return errors;
}
