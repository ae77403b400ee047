/**
 * Cluster roles that collect the rules of others: those with an `aggregationRule` have the rules of all that its selectors
 * choose, in the order of the selectors and of the names, each once.
 */

import { isEqualJson } from '../api/json.ts';
import type { ApiObject, Json } from '../api/objects.ts';
import { type LabelSelector, type Operator, type Requirement, selectorOf } from '../meta/label-selector.ts';
import type { ResourceType } from '../registry/types.ts';
import { LocalClient } from '../rest/local-client.ts';
import type { ServerParts } from '../rest/parts.ts';
import type { GraphNode, ObjectGraph } from './object-graph.ts';
import { WorkQueue } from './work-queue.ts';

interface SelectorFacts {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

interface ClusterRole extends ApiObject {
  rules?: Json[] | null;
  readonly aggregationRule?: { readonly clusterRoleSelectors?: readonly SelectorFacts[] } | null;
}

const operators: Readonly<Record<string, Operator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

function selectorFrom({ matchLabels = {}, matchExpressions = [] }: SelectorFacts): LabelSelector {
  const requirements: Requirement[] = Object.entries(matchLabels).map(([key, value]) => ({
    key,
    operator: 'in',
    values: [value],
  }));
  for (const { key, operator, values = [] } of matchExpressions) {
    requirements.push({ key, operator: operators[operator] ?? 'in', values });
  }
  return selectorOf(requirements);
}

/** @param roles all of them, ascending by name */
function collectedRules(role: ApiObject, roles: readonly ApiObject[]): Json[] {
  const { aggregationRule } = role as ClusterRole;
  const rules: Json[] = [];
  for (const facts of aggregationRule?.clusterRoleSelectors ?? []) {
    const selector = selectorFrom(facts);
    for (const other of roles as readonly ClusterRole[]) {
      const { name, labels = {} } = other.metadata;
      if (name === role.metadata.name || !selector.matches(labels)) continue;
      for (const rule of other.rules ?? []) {
        if (!rules.some((known) => isEqualJson(known, rule))) rules.push(rule);
      }
    }
  }
  return rules;
}

/** The same rules, in whatever order: two roles that collect each other would turn it round for ever. */
function isSame(left: readonly Json[], right: readonly Json[]): boolean {
  const isWithin = (rule: Json): boolean => right.some((other) => isEqualJson(rule, other));
  return left.length === right.length && left.every(isWithin);
}

export class RoleCollector {
  readonly #parts: ServerParts;
  readonly #client: LocalClient;
  readonly #queue: WorkQueue;
  readonly #roles: ResourceType | null;

  constructor(parts: ServerParts, graph: ObjectGraph) {
    this.#parts = parts;
    this.#roles = parts.registry.find('rbac.authorization.k8s.io', 'v1', 'clusterroles');
    this.#client = new LocalClient(parts, 'clusterrole-aggregation-controller');
    this.#queue = new WorkQueue(parts.runtime, (name) => this.#collect(name));
    const look = ({ resource }: GraphNode): void => {
      if (resource === this.#roles) this.#lookAtAll();
    };
    graph.listen({ changed: look, gone: look });
  }

  #all(): ApiObject[] {
    const storage = this.#parts.storages.of(this.#roles!);
    return storage.cache.list(storage.prefixOf(''));
  }

  /** A role that changes may have been, or may now be, part of any other. */
  #lookAtAll(): void {
    for (const role of this.#all()) {
      if ((role as ClusterRole).aggregationRule != null) this.#queue.add(role.metadata.name ?? '');
    }
  }

  async #collect(name: string): Promise<void> {
    const all = this.#all();
    const role = all.find(({ metadata }) => metadata.name === name);
    if (role === undefined) return;
    const rules = collectedRules(role, all);
    if (isSame((role as ClusterRole).rules ?? [], rules)) return;
    await this.#client.update(this.#roles!, '', name, '', (current) => {
      (current as ClusterRole).rules = structuredClone(rules);
      return current;
    });
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}
