/**
 * MutatingAdmissionPolicies (Kubernetes' documentation of them; k8s.io/apiserver, plugin/policy/mutating): each policy that
 * matches a request changes the object for each of its bindings and their parameters, one mutation after the other: by an object
 * that is laid over it as server-side apply would, owned by nobody, or by a JSON patch.
 */

import type { Configured } from '../admission/configured.ts';
import type { Match } from '../admission/rules.ts';
import { absorb, type Subject, subjectOf } from '../admission/subject.ts';
import type { AdmissionAttributes } from '../admission/types.ts';
import { isEqualJson } from '../api/json.ts';
import { type ApiObject, isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { forbidden, type StatusError } from '../api/status.ts';
import { memberType } from '../apply/compare.ts';
import { type FieldType, typeOfCustom, typeOfDefinition } from '../apply/field-types.ts';
import { mergeValues } from '../apply/merge.ts';
import { type Budget, objectCostMax } from '../crd/cel-meter.ts';
import type { ResourceType } from '../registry/types.ts';
import { patched } from '../webhooks/patch-text.ts';
import type { Variables } from './expressions.ts';
import { jsonOf } from './literals.ts';
import { paramResource, paramsOf } from './parameters.ts';
import { type Binding, type MutatingPolicy, withVariables } from './policy.ts';
import { variablesOf } from './request-variables.ts';
import type { PolicyParts } from './validating.ts';

/** What one run has done, for those who run once more. */
export interface MutatingRun {
  readonly isChanged: boolean;
  /** Once more those who want to, if somebody else has changed the object since. */
  again(): Promise<void>;
}

const nothing: MutatingRun = { isChanged: false, again: () => Promise.resolve() };

function typeOf({ custom, definition }: ResourceType): FieldType {
  return custom === null ? typeOfDefinition(definition) : typeOfCustom(custom.openApiSchema ?? null);
}

/** Places of what is replaced as a whole: nothing of it may be laid over. */
function atomics(type: FieldType, value: Json, path: string, found: string[]): void {
  const isContainer = Array.isArray(value) || isJsonObject(value);
  if (isContainer && type.isAtomic) found.push(path);
  if (isContainer && type.isAtomic) return;
  if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) {
      if (type.element !== null) atomics(type.element, item, `${path}[${at}]`, found);
    }
  }
  if (!isJsonObject(value)) return;
  for (const [name, one] of Object.entries(value)) {
    const member = memberType(type, name);
    if (member !== null && type.fields.has(name)) atomics(member, one, `${path}.${name}`, found);
  }
}

/** @throws Error when it cannot be laid over */
function overlaid(object: JsonObject, configuration: Json, resource: ResourceType): JsonObject {
  if (!isJsonObject(configuration)) throw new Error(`invalid return type: ${typeof configuration}`);
  const type = typeOf(resource);
  const found: string[] = [];
  atomics(type, configuration, '', found);
  if (found.length > 0) {
    throw new Error(
      `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${found.join(', ')}`,
    );
  }
  return mergeValues(type, object, configuration) as JsonObject;
}

/** @throws Error when an operation fails, unless it is a test: then the object stays as it is */
function withPatch(object: JsonObject, operations: Json): JsonObject {
  try {
    return patched(object, operations) as JsonObject;
  } catch (error) {
    const { message } = error as Error;
    if (message.startsWith('testing value')) return object;
    throw new Error(`JSON Patch: ${message}`);
  }
}

function refusal(
  { resource, name }: Subject,
  policy: MutatingPolicy,
  binding: Binding | null,
  why: string,
): StatusError {
  const message =
    binding === null
      ? `policy ${JSON.stringify(policy.name)} denied request: ${why}`
      : `policy '${policy.name}' with binding '${binding.name}' denied request: ${why}`;
  const error = forbidden(resource, name, '', [{ message }]);
  error.status.message = message;
  error.status.reason = 'Invalid';
  return error;
}

export class MutatingPolicies {
  readonly #parts: PolicyParts;
  readonly #policies: Configured<MutatingPolicy>;
  readonly #bindings: Configured<Binding>;

  constructor(parts: PolicyParts, policies: Configured<MutatingPolicy>, bindings: Configured<Binding>) {
    this.#parts = parts;
    this.#policies = policies;
    this.#bindings = bindings;
  }

  /** @throws StatusError when a policy cannot be evaluated, and that is to fail */
  async mutate(attributes: AdmissionAttributes): Promise<MutatingRun> {
    const [policies, bindings] = [await this.#policies.all(), await this.#bindings.all()];
    if (policies.length === 0 || bindings.length === 0 || attributes.object === null) return nothing;
    const isChanged = await this.#run(attributes, policies, bindings);
    const last = subjectOf(attributes, false).object;
    return {
      isChanged,
      again: async () => {
        const { object } = subjectOf(attributes, false);
        if (isEqualJson(object as Json, last as Json)) return;
        await this.#run(
          attributes,
          policies.filter(({ isReinvoked }) => isReinvoked),
          bindings,
        );
      },
    };
  }

  /** @returns true when something was changed */
  async #run(
    attributes: AdmissionAttributes,
    policies: readonly MutatingPolicy[],
    bindings: readonly Binding[],
  ): Promise<boolean> {
    const subject = subjectOf(attributes, false);
    const before = subject.object;
    const refusals: StatusError[] = [];
    for (const policy of policies) {
      const own = bindings.filter(({ policyName }) => policyName === policy.name);
      if (own.length > 0) await this.#enforce(subject, policy, own, refusals);
    }
    if (refusals.length > 0) throw refusals[0]!;
    if (isEqualJson(subject.object as Json, before as Json)) return false;
    absorb(subject);
    return true;
  }

  async #enforce(
    subject: Subject,
    policy: MutatingPolicy,
    bindings: readonly Binding[],
    refusals: StatusError[],
  ): Promise<void> {
    const { lookup } = this.#parts;
    const failed = (error: Error, binding: Binding | null, what: string): void => {
      if (!policy.failsOpen) refusals.push(refusal(subject, policy, binding, what + error.message));
    };
    let match: Match | null;
    try {
      match = await policy.matcher.match(subject, lookup);
      if (match !== null && policy.paramKind !== null) paramResource(lookup, policy.paramKind);
    } catch (error) {
      failed(error as Error, null, 'failed to configure policy: ');
      return;
    }
    if (match === null) return;
    for (const binding of bindings) {
      let params: readonly (ApiObject | null)[];
      try {
        if (binding.matcher !== null && (await binding.matcher.match(subject, lookup)) === null) continue;
        params = await paramsOf(lookup, policy.paramKind, binding, subject.attributes.namespace);
      } catch (error) {
        failed(error as Error, binding, 'failed to configure binding: ');
        continue;
      }
      for (const param of params) {
        try {
          await this.#apply(subject, match, policy, param);
        } catch (error) {
          failed(error as Error, binding, '');
        }
      }
    }
  }

  /** All mutations of a policy, one after the other: each sees what the one before it has made. */
  async #apply(
    subject: Subject,
    match: Match,
    policy: MutatingPolicy,
    params: ApiObject | null,
  ): Promise<void> {
    const { converter } = this.#parts;
    const given = await this.#variables(subject, match, params);
    const asked = await withVariables(given, policy.variables, { left: objectCostMax });
    if (!(await policy.conditions.hold(asked))) return;
    for (const mutation of policy.mutations) {
      const budget: Budget = { left: objectCostMax };
      const seen = await this.#variables(subject, match, params);
      const variables = await withVariables(seen, policy.variables, budget);
      const object = await converter.convert(subject.object!, subject.resource, match.resource);
      const value = jsonOf(await mutation.expression.evaluate(variables, budget));
      const next = mutation.isPatch ? withPatch(object, value) : overlaid(object, value, match.resource);
      subject.object = await converter.convert(next, match.resource, subject.resource);
    }
  }

  async #variables(subject: Subject, match: Match, params: ApiObject | null): Promise<Variables> {
    const { converter, lookup, authorizer } = this.#parts;
    const { object, old, resource, attributes } = subject;
    const namespaces = lookup.resource('', 'v1', 'namespaces');
    const isOfCluster = attributes.namespace === '' || namespaces === null;
    return variablesOf(subject, {
      match,
      object: object === null ? null : await converter.convert(object, resource, match.resource),
      old: old === null ? null : await converter.convert(old, resource, match.resource),
      namespace: isOfCluster ? null : await lookup.find(namespaces, '', attributes.namespace),
      params,
      authorizer: authorizer(),
    });
  }
}
