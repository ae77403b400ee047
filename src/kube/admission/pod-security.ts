/**
 * Pod security by the labels of the namespace: `enforce` refuses pods, `warn` warns of pods and of what makes
 * pods. A namespace that is made stricter is told which of its pods would be refused now.
 */

import { invalidValue } from '../api/field-errors.ts';
import type { ApiObject, JsonObject } from '../api/objects.ts';
import { forbidden, invalid } from '../api/status.ts';
import type { ResourceType } from '../registry/types.ts';
import { objectOf, objectsOf } from '../validation/members.ts';
import type { Lookup } from './lookup.ts';
import { type CheckedPod, type SecurityLevel, securityProblems } from './pod-security-checks.ts';
import { podOf } from './pods.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts';

const prefix = 'pod-security.kubernetes.io/';
const levels: readonly SecurityLevel[] = ['privileged', 'baseline', 'restricted'];
const modes = ['enforce', 'audit', 'warn'];
/** Pods of a namespace that are looked at when it becomes stricter. */
const checkedPodsMax = 3000;

interface Policy {
  readonly level: SecurityLevel;
  /** `latest`, `v1.30`. */
  readonly version: string;
}

function policyOf(namespace: ApiObject, mode: string): Policy {
  const labels = namespace.metadata.labels ?? {};
  const given = labels[prefix + mode] as SecurityLevel | undefined;
  // A level that nobody knows is the strictest one.
  const level = given === undefined ? 'privileged' : levels.includes(given) ? given : 'restricted';
  return { level, version: labels[`${prefix}${mode}-version`] ?? 'latest' };
}

function checkedPod(pod: JsonObject): CheckedPod {
  const spec = objectOf(pod, 'spec');
  return {
    annotations: objectOf(objectOf(pod, 'metadata'), 'annotations'),
    spec,
    containers: ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) => [
      ...objectsOf(spec, list),
    ]),
  };
}

function problemsText(policy: Policy, pod: JsonObject): string {
  if (policy.level === 'privileged') return '';
  const problems = securityProblems(policy.level, checkedPod(pod));
  if (problems.length === 0) return '';
  return `violates PodSecurity "${policy.level}:${policy.version}": ${problems.join(', ')}`;
}

function checkLabels(namespace: ApiObject): void {
  const labels = namespace.metadata.labels ?? {};
  for (const mode of modes) {
    const level = labels[prefix + mode];
    const version = labels[`${prefix}${mode}-version`];
    const errors = [];
    if (level !== undefined && !levels.includes(level as SecurityLevel)) {
      const why = `must be one of ${levels.join(', ')}`;
      errors.push(invalidValue(`metadata.labels[${prefix}${mode}]`, level, why));
    }
    if (version !== undefined && version !== 'latest' && !/^v1\.\d+$/.test(version)) {
      const why = 'must be "latest" or "v1.x"';
      errors.push(invalidValue(`metadata.labels[${prefix}${mode}-version]`, version, why));
    }
    if (errors.length > 0) {
      throw invalid({ group: '', kind: 'Namespace' }, namespace.metadata.name ?? '', errors);
    }
  }
}

/** One line per set of reasons: the first pod of it, and how many more. */
function summary(policy: Policy, pods: readonly ApiObject[]): readonly string[] {
  const byReason = new Map<string, string[]>();
  for (const pod of pods) {
    const problems = securityProblems(policy.level, checkedPod(pod as unknown as JsonObject));
    if (problems.length === 0) continue;
    const reasons = problems.map((problem) => problem.replace(/ \(.*\)$/, '')).join(', ');
    byReason.set(reasons, [...(byReason.get(reasons) ?? []), pod.metadata.name ?? '']);
  }
  return [...byReason].map(([reasons, [first = '', ...others]]) => {
    const more =
      others.length === 0 ? '' : ` (and ${others.length} other pod${others.length === 1 ? '' : 's'})`;
    return `${first}${more}: ${reasons}`;
  });
}

export function podSecurity(lookup: Lookup, namespaces: ResourceType): AdmissionPlugin {
  async function checkNamespace(attributes: AdmissionAttributes): Promise<void> {
    const { object, old, name, operation, warnings } = attributes;
    if (object === null || operation === 'delete') return;
    checkLabels(object);
    if (old === null) return;
    const [policy, before] = [policyOf(object, 'enforce'), policyOf(old, 'enforce')];
    if (levels.indexOf(policy.level) <= levels.indexOf(before.level)) return;
    const pods = lookup.resource('', 'v1', 'pods');
    if (pods === null) return;
    const found = (await lookup.list(pods, name)).slice(0, checkedPodsMax);
    const lines = summary(policy, found);
    if (lines.length === 0) return;
    const level = `${policy.level}:${policy.version}`;
    warnings.push(
      `existing pods in namespace ${JSON.stringify(name)} violate the new PodSecurity enforce level ${JSON.stringify(level)}`,
      ...lines,
    );
  }

  function checkPod(attributes: AdmissionAttributes, pod: JsonObject): Promise<void> | undefined {
    const { namespace } = attributes;
    const known = lookup.known(namespaces, '', namespace);
    if (known === undefined) {
      return lookup.find(namespaces, '', namespace).then((found) => {
        if (found !== null) checkIn(found, attributes, pod);
      });
    }
    checkIn(known, attributes, pod);
    return undefined;
  }

  function checkIn(found: ApiObject, attributes: AdmissionAttributes, pod: JsonObject): void {
    const { resource, name, warnings } = attributes;
    if (found.metadata.labels === undefined) return;
    const isPod = resource.plural === 'pods';
    const refused = isPod ? problemsText(policyOf(found, 'enforce'), pod) : '';
    if (refused !== '') throw forbidden(resource, name, refused);
    const warned = problemsText(policyOf(found, 'warn'), pod).replace(/^violates/, 'would violate');
    if (warned !== '') warnings.push(warned);
  }

  return {
    name: 'PodSecurity',
    validate(attributes) {
      const { operation, resource, subresource } = attributes;
      if (resource === namespaces && subresource === '') return checkNamespace(attributes);
      const isWrite =
        operation === 'create' || (operation === 'update' && subresource === 'ephemeralcontainers');
      const isTemplate = resource.plural !== 'pods' && subresource === '' && operation === 'update';
      if (!isWrite && !isTemplate) return undefined;
      const pod = podOf(attributes);
      return pod === null ? undefined : checkPod(attributes, pod);
    },
  };
}
