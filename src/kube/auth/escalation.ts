/**
 * Nobody gives away what they do not have: who writes a role must hold every right in it or have the verb `escalate` on it,
 * who writes a binding must hold what its role allows or have the verb `bind` on that. Otherwise a right to write roles were
 * a right to everything.
 */

import type { AdmissionAttributes, AdmissionPlugin } from '../admission/types.ts';
import { isEqualJson } from '../api/json.ts';
import { type ApiObject, asJson, type Json } from '../api/objects.ts';
import { forbidden, notFound } from '../api/status.ts';
import type { Binding, PolicyRule, RbacAuthorizer } from './rbac.ts';
import type { Authorizer } from './types.ts';

const group = 'rbac.authorization.k8s.io';
const superGroup = 'system:masters';

interface Role extends ApiObject {
  readonly rules?: readonly PolicyRule[] | null;
  readonly aggregationRule?: unknown;
}

export interface EscalationSources {
  readonly authorizer: Authorizer;
  readonly rbac: RbacAuthorizer;
}

/** A rule about one verb and one resource, name or path: `resource` is empty for a path. */
interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** Null: every object. */
  readonly name: string | null;
  readonly path: string;
}

function rightsOf(rule: PolicyRule): Right[] {
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const rights: Right[] = [];
  const names = resourceNames.length === 0 ? [null] : resourceNames;
  for (const verb of verbs) {
    for (const path of nonResourceURLs) rights.push({ verb, group: '', resource: '', name: null, path });
    for (const apiGroup of apiGroups) {
      for (const resource of resources) {
        for (const name of names) rights.push({ verb, group: apiGroup, resource, name, path: '' });
      }
    }
  }
  return rights;
}

function has(list: readonly string[] | undefined, value: string): boolean {
  return list !== undefined && (list.includes('*') || list.includes(value));
}

function coversPath(patterns: readonly string[], path: string): boolean {
  return patterns.some(
    (pattern) =>
      pattern === '*' || pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1))),
  );
}

function coversResource(resources: readonly string[], resource: string): boolean {
  const subresource = resource.split('/')[1];
  return has(resources, resource) || (subresource !== undefined && resources.includes(`*/${subresource}`));
}

function covers(rule: PolicyRule, right: Right): boolean {
  if (!has(rule.verbs, right.verb)) return false;
  if (right.path !== '') return coversPath(rule.nonResourceURLs ?? [], right.path);
  const { resourceNames = [] } = rule;
  return (
    has(rule.apiGroups, right.group) &&
    coversResource(rule.resources ?? [], right.resource) &&
    (resourceNames.length === 0 || (right.name !== null && resourceNames.includes(right.name)))
  );
}

/** Rights of one resource and name as one rule, in the order of the alphabet, one line each. */
function rightsText(rights: readonly Right[]): string {
  const verbsOf = new Map<string, string[]>();
  for (const { verb, group: apiGroup, resource, name, path } of rights) {
    const parts = [];
    if (path === '') {
      parts.push(`APIGroups:[${JSON.stringify(apiGroup)}]`, `Resources:[${JSON.stringify(resource)}]`);
      if (name !== null) parts.push(`ResourceNames:[${JSON.stringify(name)}]`);
    } else parts.push(`NonResourceURLs:[${JSON.stringify(path)}]`);
    const what = parts.join(', ');
    const verbs = verbsOf.get(what) ?? [];
    verbsOf.set(what, verbs);
    if (!verbs.includes(verb)) verbs.push(verb);
  }
  const lines = [...verbsOf].map(
    ([what, verbs]) => `{${what}, Verbs:[${verbs.map((verb) => JSON.stringify(verb)).join(' ')}]}`,
  );
  return lines.sort().join('\n');
}

async function mayVerb(
  attributes: AdmissionAttributes,
  authorizer: Authorizer,
  verb: string,
  resource: string,
  name: string,
): Promise<boolean> {
  const { user, namespace } = attributes;
  const asked = { user, verb, group, version: 'v1', resource, subresource: '', namespace, name, path: '' };
  const decision = await authorizer.authorize({ ...asked, isResource: true });
  return decision.isAllowed;
}

/** @throws StatusError 403 that names what is missing */
async function confirm(
  attributes: AdmissionAttributes,
  rbac: RbacAuthorizer,
  rules: readonly PolicyRule[],
): Promise<void> {
  const { user, namespace, resource, name } = attributes;
  const held = await rbac.policyRulesOf(user, namespace);
  const missing = rules.flatMap(rightsOf).filter((right) => !held.some((rule) => covers(rule, right)));
  if (missing.length === 0) return;
  const groups = `[${user.groups.map((one) => JSON.stringify(one)).join(' ')}]`;
  const why = `user ${JSON.stringify(user.username)} (groups=${groups}) is attempting to grant RBAC permissions not currently held:\n${rightsText(missing)}`;
  throw forbidden(resource, name, why);
}

/** Members that a write may change without giving anybody anything: what garbage collection needs. */
function isHarmless(object: ApiObject, old: ApiObject | null): boolean {
  if (old === null) return false;
  const bare = (one: ApiObject): object => {
    const {
      finalizers: _finalizers,
      ownerReferences: _owners,
      managedFields: _managed,
      ...metadata
    } = one.metadata;
    return { ...one, metadata };
  };
  return isEqualJson(asJson(bare(object) as ApiObject), asJson(bare(old) as ApiObject));
}

const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

async function checkRole(attributes: AdmissionAttributes, sources: EscalationSources): Promise<void> {
  const role = attributes.object as Role;
  if (isHarmless(role, attributes.old)) return;
  const { plural } = attributes.resource;
  if (await mayVerb(attributes, sources.authorizer, 'escalate', plural, attributes.name)) return;
  await confirm(attributes, sources.rbac, role.rules ?? []);
  // What a role collects, others decide later.
  if (role.aggregationRule != null) await confirm(attributes, sources.rbac, everything);
}

async function checkBinding(attributes: AdmissionAttributes, sources: EscalationSources): Promise<void> {
  const binding = attributes.object as Binding;
  const old = attributes.old as Binding | null;
  const { subjects = [], roleRef = {} } = binding;
  if (old !== null && isEqualJson(subjects as Json, (old.subjects ?? []) as Json)) return;
  const plural = roleRef.kind === 'Role' ? 'roles' : 'clusterroles';
  const role = roleRef.name ?? '';
  if (await mayVerb(attributes, sources.authorizer, 'bind', plural, role)) return;
  const rules = await sources.rbac.rulesOfRole(roleRef, attributes.namespace);
  if (rules === null) throw notFound({ group, plural }, role);
  await confirm(attributes, sources.rbac, rules);
}

/** @param sources asked when the first role is written: the authorizer is made of what the chain is part of */
export function escalationChecks(sources: () => EscalationSources): AdmissionPlugin {
  return {
    name: 'RoleEscalation',
    validate(attributes) {
      const { resource, user, object } = attributes;
      if (resource.group !== group || object === null || user.groups.includes(superGroup)) return;
      const isRole = resource.plural === 'roles' || resource.plural === 'clusterroles';
      return isRole ? checkRole(attributes, sources()) : checkBinding(attributes, sources());
    },
  };
}
