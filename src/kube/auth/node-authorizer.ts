/**
 * What a node's agent may do: what every node may, and of secrets, config maps, claims, volumes, tokens and its own lease only
 * what the pods that are bound to it refer to. Who is no member of `system:nodes` gets no opinion.
 */

import type { ApiObject } from '../api/objects.ts';
import type { UserInfo } from '../api/user.ts';
import { nodeRules } from '../bootstrap/component-roles.ts';
import type { ServerParts } from '../rest/parts.ts';
import { coversResource, type PolicyRule } from './rbac.ts';
import type { AccessAttributes, Authorizer, Decision, ResourceRule, UserRules } from './types.ts';

const userPrefix = 'system:node:';
const nodesGroup = 'system:nodes';
const leaseNamespace = 'kube-node-lease';

const rules = nodeRules as unknown as readonly PolicyRule[];
const noOpinion: Decision = { isAllowed: false, reason: '' };
const allowed: Decision = { isAllowed: true, reason: '' };

/** @returns null: not a node */
export function nodeNameOf({ username, groups }: UserInfo): string | null {
  return username.startsWith(userPrefix) && groups.includes(nodesGroup)
    ? username.slice(userPrefix.length)
    : null;
}

function refused(reason: string): Decision {
  return { isAllowed: false, reason };
}

type Member = Readonly<Record<string, unknown>>;

/** Members `name` of what stands under a key anywhere in a value: `secretRef: { name }`. */
function collectReferences(value: unknown, keys: ReadonlySet<string>, found: Set<string>): void {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    for (const item of value) collectReferences(item, keys, found);
    return;
  }
  for (const [key, member] of Object.entries(value)) {
    const names = keys.has(key) ? nameIn(key, member) : '';
    if (names !== '') found.add(names);
    collectReferences(member, keys, found);
  }
}

/** The name that a reference gives, whichever of the three forms it has. */
function nameIn(key: string, member: unknown): string {
  if (typeof member === 'string') return key.endsWith('Name') ? member : '';
  if (member === null || typeof member !== 'object') return '';
  const { name, secretName, claimName } = member as Member;
  for (const given of [name, secretName, claimName]) if (typeof given === 'string') return given;
  return '';
}

const secretKeys: ReadonlySet<string> = new Set([
  'secret',
  'secretRef',
  'secretKeyRef',
  'nodePublishSecretRef',
  'secretName',
]);
const configMapKeys: ReadonlySet<string> = new Set(['configMap', 'configMapRef', 'configMapKeyRef']);
const claimKeys: ReadonlySet<string> = new Set(['persistentVolumeClaim']);

function namesIn(pod: ApiObject, resource: string): Set<string> {
  const found = new Set<string>();
  const spec = (pod.spec ?? {}) as Member;
  if (resource === 'secrets') {
    collectReferences(spec, secretKeys, found);
    for (const { name } of (spec['imagePullSecrets'] ?? []) as { name?: string }[]) found.add(name ?? '');
  }
  if (resource === 'configmaps') collectReferences(spec, configMapKeys, found);
  if (resource === 'persistentvolumeclaims') collectReferences(spec, claimKeys, found);
  if (resource === 'serviceaccounts') found.add((spec['serviceAccountName'] as string | undefined) ?? '');
  return found;
}

class NodeAuthorizer implements Authorizer {
  readonly #parts: ServerParts;

  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  async authorize(asked: AccessAttributes): Promise<Decision> {
    const node = nodeNameOf(asked.user);
    if (node === null) return noOpinion;
    if (node === '') return refused(`unknown node for user ${JSON.stringify(asked.user.username)}`);
    if (!asked.isResource) return noOpinion;
    switch (`${asked.group}/${asked.resource}`) {
      case '/secrets':
      case '/configmaps':
        return this.#read(asked, node, ['get', 'list', 'watch']);
      case '/persistentvolumeclaims':
        return asked.subresource === 'status'
          ? this.#related(asked, node, ['update', 'patch'])
          : this.#read(asked, node, ['get']);
      case '/persistentvolumes':
        return this.#volume(asked, node);
      case '/serviceaccounts':
        if (asked.subresource === 'token') return this.#related(asked, node, ['create']);
        break;
      case 'coordination.k8s.io/leases':
        return this.#own(asked, node, asked.namespace === leaseNamespace);
      case 'storage.k8s.io/csinodes':
        return this.#own(asked, node, true);
      default:
    }
    return rules.some((rule) => coversResource(rule, asked)) ? allowed : noOpinion;
  }

  rulesOf(user: UserInfo): UserRules {
    const isNode = (nodeNameOf(user) ?? '') !== '';
    return {
      resourceRules: isNode ? (rules as readonly ResourceRule[]) : [],
      nonResourceRules: [],
      problem: isNode ? 'what a node may read depends on the pods that are bound to it' : '',
    };
  }

  /** Its lease, its CSINode: everything with the object of its own name. */
  #own({ verb, name, resource }: AccessAttributes, node: string, isPlace: boolean): Decision {
    if (!isPlace) return refused(`can only access ${resource} in the ${leaseNamespace} namespace`);
    if (!['get', 'create', 'update', 'patch', 'delete'].includes(verb)) {
      return refused('can only get, create, update, patch, or delete this resource');
    }
    // The name of what is created stands in the body alone.
    if (verb !== 'create' && name !== node) {
      return refused(`can only access ${resource} with the same name as the requesting node`);
    }
    return allowed;
  }

  #read(asked: AccessAttributes, node: string, verbs: readonly string[]): Promise<Decision> | Decision {
    if (asked.subresource !== '') return refused('cannot read subresource');
    return this.#related(asked, node, verbs);
  }

  async #related(asked: AccessAttributes, node: string, verbs: readonly string[]): Promise<Decision> {
    if (!verbs.includes(asked.verb)) return refused(`can only ${verbs.join(', ')} this resource`);
    if (asked.name === '') return refused('No Object name found');
    if (asked.namespace === '') return refused('can only read namespaced object of this type');
    const pods = await this.#podsOf(node, asked.namespace);
    if (pods.some((pod) => namesIn(pod, asked.resource).has(asked.name))) return allowed;
    return refused(`no relationship found between node '${node}' and this object`);
  }

  /** Volumes are reached through the claims of pods. */
  async #volume(asked: AccessAttributes, node: string): Promise<Decision> {
    if (asked.verb !== 'get') return refused('can only get individual resources of this type');
    if (asked.subresource !== '') return refused('cannot get subresource');
    for (const pod of await this.#podsOf(node, '')) {
      for (const name of namesIn(pod, 'persistentvolumeclaims')) {
        const claim = await this.#object('persistentvolumeclaims', pod.metadata.namespace ?? '', name);
        if ((claim?.spec as { volumeName?: string } | undefined)?.volumeName === asked.name) return allowed;
      }
    }
    return refused(`no relationship found between node '${node}' and this object`);
  }

  async #podsOf(node: string, namespace: string): Promise<ApiObject[]> {
    const storage = this.#parts.storages.of(this.#parts.registry.find('', 'v1', 'pods')!);
    await storage.cache.start();
    return storage.cache
      .list(storage.prefixOf(namespace))
      .filter(({ spec }) => (spec as { nodeName?: string } | undefined)?.nodeName === node);
  }

  async #object(plural: string, namespace: string, name: string): Promise<ApiObject | undefined> {
    const storage = this.#parts.storages.of(this.#parts.registry.find('', 'v1', plural)!);
    await storage.cache.start();
    return storage.cache.get(storage.keyOf(namespace, name));
  }
}

export function nodeAuthorizer(parts: ServerParts): Authorizer {
  return new NodeAuthorizer(parts);
}
