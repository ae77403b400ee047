/**
 * Which requests a webhook or a policy is about: rules over groups, versions, resources, operations and scope, selectors over the
 * labels of the namespace and of the object; and, where a resource is served in several versions, the version that the rules
 * name (`matchPolicy: Equivalent`).
 */

import type { ApiObject, GroupVersionKind, JsonObject } from '../api/objects.ts';
import { notFound } from '../api/status.ts';
import { type LabelSelector, type Requirement, selectorOf } from '../meta/label-selector.ts';
import type { ResourceType } from '../registry/types.ts';
import { mapOf, maybeObject, objectsOf, textOf, textsOf } from '../validation/members.ts';
import type { Lookup } from './lookup.ts';
import { kindOf, type Subject } from './subject.ts';

interface MatchRule {
  readonly operations: readonly string[];
  readonly groups: readonly string[];
  readonly versions: readonly string[];
  /** Resource and subresource; empty: the resource itself. */
  readonly resources: readonly (readonly [string, string])[];
  readonly scope: string;
  /** Empty: any. */
  readonly names: readonly string[];
}

/** One entry of `rules`, `resourceRules` or `excludeResourceRules`. */
function matchRule(rule: JsonObject): MatchRule {
  return {
    operations: textsOf(rule, 'operations'),
    groups: textsOf(rule, 'apiGroups'),
    versions: textsOf(rule, 'apiVersions'),
    resources: textsOf(rule, 'resources').map((text) => {
      const at = text.indexOf('/');
      return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
    }),
    scope: textOf(rule, 'scope'),
    names: textsOf(rule, 'resourceNames'),
  };
}

/** `metav1.LabelSelector`; absent or empty, it selects everything. */
export function labelSelectorOf(selector: JsonObject | null): LabelSelector {
  const requirements: Requirement[] = [];
  for (const [key, value] of Object.entries(mapOf(selector ?? {}, 'matchLabels'))) {
    requirements.push({ key, operator: 'in', values: [value] });
  }
  const operators = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' } as const;
  for (const one of objectsOf(selector ?? {}, 'matchExpressions')) {
    const operator = operators[textOf(one, 'operator') as keyof typeof operators] ?? 'exists';
    requirements.push({ key: textOf(one, 'key'), operator, values: textsOf(one, 'values') });
  }
  return selectorOf(requirements);
}

function has(list: readonly string[], value: string): boolean {
  return list.includes('*') || list.includes(value);
}

function inScope(scope: string, { resource, namespace }: Subject): boolean {
  const isOfCluster = namespace === '' || (resource.group === '' && resource.plural === 'namespaces');
  if (scope === 'Namespaced') return !isOfCluster;
  if (scope === 'Cluster') return isOfCluster;
  return scope === '' || scope === '*';
}

function holds(rule: MatchRule, subject: Subject, { group, version, plural }: ResourceType): boolean {
  const { operation, subresource, name } = subject;
  return (
    has(rule.operations, operation) &&
    has(rule.groups, group) &&
    has(rule.versions, version) &&
    rule.resources.some(
      ([one, sub]) => (one === '*' || one === plural) && (sub === '*' || sub === subresource),
    ) &&
    inScope(rule.scope, subject) &&
    (rule.names.length === 0 || rule.names.includes(name))
  );
}

/** The version of a resource in which somebody wants to see an object. */
export interface Match {
  readonly resource: ResourceType;
  readonly kind: GroupVersionKind;
}

export class RequestMatcher {
  readonly #rules: readonly MatchRule[];
  readonly #excluded: readonly MatchRule[];
  readonly #isExact: boolean;
  readonly #matchesAll: boolean;
  readonly #ofNamespace: LabelSelector;
  readonly #ofObject: LabelSelector;

  /**
   * @param criteria has `namespaceSelector`, `objectSelector`, `matchPolicy`
   * @param matchesAll without rules everything is meant, not nothing
   */
  constructor(
    criteria: JsonObject,
    rules: readonly JsonObject[],
    excluded: readonly JsonObject[],
    matchesAll: boolean,
  ) {
    this.#rules = rules.map(matchRule);
    this.#excluded = excluded.map(matchRule);
    this.#isExact = textOf(criteria, 'matchPolicy') === 'Exact';
    this.#matchesAll = matchesAll && rules.length === 0;
    this.#ofNamespace = labelSelectorOf(maybeObject(criteria, 'namespaceSelector'));
    this.#ofObject = labelSelectorOf(maybeObject(criteria, 'objectSelector'));
  }

  /** Null: it is not meant. @throws StatusError 404 when the namespace that decides is not there */
  async match(subject: Subject, lookup: Lookup): Promise<Match | null> {
    if (this.#ruled(this.#excluded, subject, lookup) !== null) return null;
    const { resource, kind } = subject;
    const found = this.#matchesAll ? { resource, kind } : this.#ruled(this.#rules, subject, lookup);
    if (found === null || !this.#selectsObject(subject)) return null;
    return (await this.#selectsNamespace(subject, lookup)) ? found : null;
  }

  #ruled(rules: readonly MatchRule[], subject: Subject, lookup: Lookup): Match | null {
    const { resource, kind, subresource } = subject;
    if (rules.some((rule) => holds(rule, subject, resource))) return { resource, kind };
    if (this.#isExact || rules.length === 0) return null;
    const others = lookup.equivalents(resource, subresource);
    for (const rule of rules) {
      for (const other of others) {
        if (holds(rule, subject, other)) return { resource: other, kind: kindOf(other, subresource) };
      }
    }
    return null;
  }

  #selectsObject({ object, old }: Subject): boolean {
    const selector = this.#ofObject;
    if (selector.requirements.length === 0) return true;
    return [object, old].some((one) => {
      return one !== null && selector.matches((one as unknown as ApiObject).metadata?.labels ?? {});
    });
  }

  async #selectsNamespace(subject: Subject, lookup: Lookup): Promise<boolean> {
    const { resource, namespace, object, operation, subresource } = subject;
    const isNamespace = resource.group === '' && resource.plural === 'namespaces';
    if (this.#ofNamespace.requirements.length === 0 || (namespace === '' && !isNamespace)) return true;
    if (isNamespace && subresource === '' && (operation === 'CREATE' || operation === 'UPDATE')) {
      return this.#ofNamespace.matches((object as unknown as ApiObject).metadata.labels);
    }
    const namespaces = lookup.resource('', 'v1', 'namespaces');
    const found = namespaces === null ? null : await lookup.find(namespaces, '', namespace);
    if (found === null) throw notFound({ group: '', plural: 'namespaces' }, namespace);
    return this.#ofNamespace.matches(found.metadata.labels);
  }
}
