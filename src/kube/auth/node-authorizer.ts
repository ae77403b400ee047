/**
 * What a node's agent may do: what every node may, and of secrets, config maps, claims, volumes, tokens and its own lease only
 * what the pods that are bound to it refer to. Who is no member of `system:nodes` gets no opinion.
 */

import type { ApiObject } from '../api/objects.ts';
import type { UserInfo } from '../api/user.ts';
import { nodeRules } from '../bootstrap/component-roles.ts';
import type { ServerParts } from '../rest/parts.ts';
import { isMirrorPod, namesIn, nodeNameOf } from './node-identity.ts';
import { coversResource, type PolicyRule } from './rbac.ts';
import type { AccessAttributes, Authorizer, Decision, ResourceRule, UserRules } from './types.ts';

const leaseNamespace = 'kube-node-lease';

const rules = nodeRules as unknown as readonly PolicyRule[];
const noOpinion: Decision = { isAllowed: false, reason: '' };
const allowed: Decision = { isAllowed: true, reason: '' };

function refused(reason: string): Decision {
  return { isAllowed: false, reason };
}

const ownVerbs = ['get', 'create', 'update', 'patch', 'delete'];

/** Its own lease. The name of what is created stands in the body alone. */
function lease({ verb, name, namespace }: AccessAttributes, node: string): Decision {
  if (!ownVerbs.includes(verb)) {
    return refused('can only get, create, update, patch, or delete a node lease');
  }
  if (namespace !== leaseNamespace) {
    return refused(`can only access leases in the ${JSON.stringify(leaseNamespace)} system namespace`);
  }
  if (verb === 'create' || name === node) return allowed;
  return refused('can only access node lease with the same name as the requesting node');
}

/** Its own CSINode. */
function csiNode({ verb, name, subresource }: AccessAttributes, node: string): Decision {
  if (!ownVerbs.includes(verb)) {
    return refused('can only get, create, update, patch, or delete a CSINode');
  }
  if (subresource !== '') return refused('cannot authorize CSINode subresources');
  if (verb === 'create' || name === node) return allowed;
  return refused('can only access CSINode with the same name as the requesting node');
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
        return this.#read(asked, node);
      case '/persistentvolumeclaims':
        return asked.subresource === 'status' ? this.#status(asked, node) : this.#get(asked, node);
      case '/persistentvolumes':
      case 'storage.k8s.io/volumeattachments':
        return this.#get(asked, node);
      case '/serviceaccounts':
        return this.#token(asked, node);
      case 'coordination.k8s.io/leases':
        return lease(asked, node);
      case 'storage.k8s.io/csinodes':
        return csiNode(asked, node);
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

  #read(asked: AccessAttributes, node: string): Promise<Decision> | Decision {
    if (!['get', 'list', 'watch'].includes(asked.verb)) {
      return refused('can only read resources of this type');
    }
    if (asked.subresource !== '') return refused('cannot read subresource');
    if (asked.namespace === '') return refused('can only read namespaced object of this type');
    return this.#related(asked, node);
  }

  #get(asked: AccessAttributes, node: string): Promise<Decision> | Decision {
    if (asked.verb !== 'get') return refused('can only get individual resources of this type');
    if (asked.subresource !== '') return refused('cannot get subresource');
    return this.#related(asked, node);
  }

  #status(asked: AccessAttributes, node: string): Promise<Decision> | Decision {
    const isWrite = asked.verb === 'update' || asked.verb === 'patch';
    return isWrite ? this.#related(asked, node) : refused('can only get/update/patch this type');
  }

  #token(asked: AccessAttributes, node: string): Promise<Decision> | Decision {
    if (asked.verb !== 'create' || asked.name === '') {
      return refused('can only create tokens for individual service accounts');
    }
    if (asked.subresource !== 'token') return refused('can only create token subresource of serviceaccount');
    return this.#related(asked, node);
  }

  async #related(asked: AccessAttributes, node: string): Promise<Decision> {
    if (asked.name === '') return refused('No Object name found');
    if (await this.#isRelated(asked, node)) return allowed;
    return refused(`no relationship found between node '${node}' and this object`);
  }

  async #isRelated({ resource, namespace, name }: AccessAttributes, node: string): Promise<boolean> {
    if (resource === 'volumeattachments') {
      const attachment = await this.#object('storage.k8s.io', resource, '', name);
      return (attachment?.spec as { nodeName?: string } | undefined)?.nodeName === node;
    }
    const pods = await this.#podsOf(node, resource === 'persistentvolumes' ? '' : namespace);
    if (resource !== 'persistentvolumes' && pods.some((pod) => namesIn(pod, resource).has(name))) return true;
    if (resource !== 'persistentvolumes' && resource !== 'secrets') return false;
    for (const volume of await this.#volumesOf(pods)) {
      if (resource === 'secrets' ? namesIn(volume, resource).has(name) : volume.metadata.name === name) {
        return true;
      }
    }
    return false;
  }

  /** Volumes are reached through the claims of pods. */
  async #volumesOf(pods: readonly ApiObject[]): Promise<ApiObject[]> {
    const volumes: ApiObject[] = [];
    for (const pod of pods) {
      for (const name of namesIn(pod, 'persistentvolumeclaims')) {
        const claim = await this.#object('', 'persistentvolumeclaims', pod.metadata.namespace ?? '', name);
        const { volumeName } = (claim?.spec ?? {}) as { volumeName?: string };
        const volume =
          volumeName === undefined ? undefined : await this.#object('', 'persistentvolumes', '', volumeName);
        if (volume !== undefined) volumes.push(volume);
      }
    }
    return volumes;
  }

  /** Those that the node itself has made give no right to anything. */
  async #podsOf(node: string, namespace: string): Promise<ApiObject[]> {
    const storage = this.#parts.storages.of(this.#parts.registry.find('', 'v1', 'pods')!);
    await storage.cache.start();
    return storage.cache
      .list(storage.prefixOf(namespace))
      .filter(
        (pod) => (pod.spec as { nodeName?: string } | undefined)?.nodeName === node && !isMirrorPod(pod),
      );
  }

  async #object(
    group: string,
    plural: string,
    namespace: string,
    name: string,
  ): Promise<ApiObject | undefined> {
    const resource = this.#parts.registry.find(group, 'v1', plural);
    if (resource === null) return undefined;
    const storage = this.#parts.storages.of(resource);
    await storage.cache.start();
    return storage.cache.get(storage.keyOf(namespace, name));
  }
}

export function nodeAuthorizer(parts: ServerParts): Authorizer {
  return new NodeAuthorizer(parts);
}
