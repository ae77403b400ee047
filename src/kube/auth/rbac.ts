/**
 * The RBAC authorizer: what no rule allows is refused. Roles and bindings are read from the watch caches, so a new binding
 * counts as soon as its event is here. Bindings of the cluster count everywhere, those of a namespace inside it only: a
 * RoleBinding to cluster-admin in one namespace says nothing about nodes.
 *
 * Members of `system:masters` may do everything, so that no mistake in a role locks everybody out.
 */

import type { ApiObject } from '../api/objects.ts';
import type { UserInfo } from '../api/user.ts';
import type { ServerParts } from '../rest/parts.ts';
import type { AccessAttributes, Authorizer, Decision, NonResourceRule, ResourceRule } from './types.ts';

const rbacGroup = 'rbac.authorization.k8s.io';
const superGroup = 'system:masters';

/** A rule of a role, as it is stored. */
export interface PolicyRule {
  readonly verbs?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

interface Subject {
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
}

export interface RoleReference {
  readonly kind?: string;
  readonly name?: string;
}

export interface Binding extends ApiObject {
  readonly subjects?: readonly Subject[];
  readonly roleRef?: RoleReference;
}

/** One rule that holds for a user, and why. */
interface Granted {
  readonly rule: PolicyRule;
  readonly binding: Binding;
  readonly subject: Subject;
}

function has(list: readonly string[] | undefined, value: string): boolean {
  return list !== undefined && (list.includes('*') || list.includes(value));
}

export function coversResource(rule: PolicyRule, asked: AccessAttributes): boolean {
  const { subresource } = asked;
  const resource = subresource === '' ? asked.resource : `${asked.resource}/${subresource}`;
  const { resources = [], resourceNames = [] } = rule;
  return (
    has(rule.verbs, asked.verb) &&
    has(rule.apiGroups, asked.group) &&
    (has(resources, resource) || (subresource !== '' && resources.includes(`*/${subresource}`))) &&
    (resourceNames.length === 0 || resourceNames.includes(asked.name))
  );
}

/** `/healthz/*` covers what begins with `/healthz/`. */
function coversPath(rule: PolicyRule, asked: AccessAttributes): boolean {
  const covers = (pattern: string): boolean =>
    pattern === '*' ||
    pattern === asked.path ||
    (pattern.endsWith('*') && asked.path.startsWith(pattern.slice(0, -1)));
  return has(rule.verbs, asked.verb) && (rule.nonResourceURLs ?? []).some(covers);
}

function isMeant({ kind = '', name = '', namespace }: Subject, user: UserInfo, home: string): boolean {
  switch (kind) {
    case 'User':
      return user.username === name;
    case 'Group':
      return user.groups.includes(name);
    case 'ServiceAccount': {
      const at = namespace ?? home;
      return at !== '' && user.username === `system:serviceaccount:${at}:${name}`;
    }
    default:
      return false;
  }
}

function reasonOf({ binding, subject }: Granted): string {
  const { kind = '', metadata, roleRef = {} } = binding;
  const at =
    (metadata.namespace ?? '') === '' ? (metadata.name ?? '') : `${metadata.name}/${metadata.namespace}`;
  const who =
    subject.kind === 'ServiceAccount'
      ? `${subject.name}/${subject.namespace ?? metadata.namespace}`
      : (subject.name ?? '');
  return `RBAC: allowed by ${kind} ${JSON.stringify(at)} of ${roleRef.kind} ${JSON.stringify(roleRef.name)} to ${subject.kind} ${JSON.stringify(who)}`;
}

export class RbacAuthorizer implements Authorizer {
  readonly #parts: ServerParts;

  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  async authorize(asked: AccessAttributes): Promise<Decision> {
    if (asked.user.groups.includes(superGroup)) return { isAllowed: true, reason: '' };
    const covers = asked.isResource ? coversResource : coversPath;
    // A namespace is inside itself: a role in it may allow to read it.
    const isNamespace = asked.resource === 'namespaces' && asked.group === '' && asked.namespace === '';
    const namespace = isNamespace ? asked.name : asked.namespace;
    const granted = await this.#granted(asked.user, asked.isResource ? namespace : '');
    const found = granted.find(({ rule }) => covers(rule, asked));
    if (found === undefined) return { isAllowed: false, reason: '' };
    return { isAllowed: true, reason: reasonOf(found) };
  }

  /** Of those who may do everything only what a role says, too. */
  async rulesOf(user: UserInfo, namespace: string): Promise<Awaited<ReturnType<Authorizer['rulesOf']>>> {
    const resourceRules: ResourceRule[] = [];
    const nonResourceRules: NonResourceRule[] = [];
    for (const { rule, binding } of await this.#granted(user, namespace)) {
      const { verbs = [], apiGroups = [], resources = [], resourceNames, nonResourceURLs = [] } = rule;
      if (resources.length > 0) {
        const names = resourceNames === undefined ? {} : { resourceNames };
        resourceRules.push({ verbs, apiGroups, resources, ...names });
      }
      const isOfCluster = (binding.metadata.namespace ?? '') === '';
      if (nonResourceURLs.length > 0 && isOfCluster) nonResourceRules.push({ verbs, nonResourceURLs });
    }
    return { resourceRules, nonResourceRules, problem: '' };
  }

  /** Every rule that holds for a user in the cluster and, when one is named, in the namespace. */
  async #granted(user: UserInfo, namespace: string): Promise<Granted[]> {
    const bindings = await this.#listed('clusterrolebindings', '');
    if (namespace !== '') bindings.push(...(await this.#listed('rolebindings', namespace)));
    const granted: Granted[] = [];
    for (const binding of bindings as Binding[]) {
      const home = binding.metadata.namespace ?? '';
      const subject = (binding.subjects ?? []).find((candidate) => isMeant(candidate, user, home));
      if (subject === undefined) continue;
      // None when the role is not there: a binding may come before its role.
      for (const rule of (await this.rulesOfRole(binding.roleRef ?? {}, home)) ?? [])
        granted.push({ rule, binding, subject });
    }
    return granted;
  }

  async #listed(plural: string, namespace: string): Promise<ApiObject[]> {
    const storage = this.#storage(plural);
    await storage.cache.start();
    return storage.cache.list(storage.prefixOf(namespace));
  }

  /** The rules of RBAC that a user has in a namespace, those of the cluster included. */
  async policyRulesOf(user: UserInfo, namespace: string): Promise<readonly PolicyRule[]> {
    const granted = await this.#granted(user, namespace);
    return granted.map(({ rule }) => rule);
  }

  /** The rules of a role; null when it is not there. @param namespace of a Role */
  async rulesOfRole(
    { kind, name = '' }: RoleReference,
    namespace: string,
  ): Promise<readonly PolicyRule[] | null> {
    const isOfCluster = kind === 'ClusterRole';
    const storage = this.#storage(isOfCluster ? 'clusterroles' : 'roles');
    await storage.cache.start();
    const role = storage.cache.get(storage.keyOf(isOfCluster ? '' : namespace, name));
    if (role === undefined) return null;
    return (role as { rules?: readonly PolicyRule[] | null }).rules ?? [];
  }

  #storage(plural: string): ReturnType<ServerParts['storages']['of']> {
    const resource = this.#parts.registry.find(rbacGroup, 'v1', plural);
    if (resource === null) throw new Error(`${plural} are not served`);
    return this.#parts.storages.of(resource);
  }
}

/** For `startControlPlane({ authorizer: rbacAuthorizer })`. */
export function rbacAuthorizer(parts: ServerParts): RbacAuthorizer {
  return new RbacAuthorizer(parts);
}
