/**
 * ValidatingAdmissionPolicies (Kubernetes' documentation of them; k8s.io/apiserver, plugin/policy/validating): each policy that
 * matches a request is evaluated for each of its bindings that match, with each of the binding's parameters. What a
 * validation finds is refused, warned of or told to the audit, as the binding says; the first refusal is the answer.
 */

import type { Configured } from '../admission/configured.ts';
import type { AdmissionFigures } from '../admission/figures.ts';
import type { Lookup } from '../admission/lookup.ts';
import type { Match } from '../admission/rules.ts';
import { annotate, type Subject, subjectOf, warn } from '../admission/subject.ts';
import type { AdmissionAttributes } from '../admission/types.ts';
import type { ApiObject } from '../api/objects.ts';
import { forbidden, type StatusError } from '../api/status.ts';
import type { Authorizer } from '../auth/types.ts';
import { type Budget, BudgetError, objectCostMax } from '../crd/cel-meter.ts';
import type { ObjectConverter } from '../webhooks/convert.ts';
import type { Variables } from './expressions.ts';
import { paramResource, paramsOf } from './parameters.ts';
import { type Binding, type Policy, withVariables } from './policy.ts';
import { type VariableSources, variablesOf } from './request-variables.ts';

/** Longer messages of expressions are not taken. */
const messageBytesMax = 5 * 1024;
const annotationLengthMax = 10 * 1024;

const codes: Readonly<Record<string, number>> = {
  Forbidden: 403,
  Unauthorized: 401,
  RequestEntityTooLarge: 413,
  Invalid: 422,
};

/** What is wrong with a request. */
interface Finding {
  readonly message: string;
  /** Empty: 'Invalid'. */
  readonly reason: string;
  /** Which validation found it. */
  readonly at: number;
  /** As figures tell it: `no_error` where it was evaluated. */
  readonly errorType: string;
}

export interface PolicyParts {
  readonly lookup: Lookup;
  readonly converter: ObjectConverter;
  readonly authorizer: () => Authorizer;
  readonly figures: AdmissionFigures;
}

function messageOf(given: unknown): string {
  if (typeof given !== 'string') return '';
  const text = given.trim();
  return Buffer.byteLength(text) > messageBytesMax || text.includes('\n') ? '' : text;
}

/** A refusal by a policy. @param binding null: the policy itself is at fault */
function refusal(
  { resource, name, attributes }: Subject,
  policy: Policy,
  binding: Binding | null,
  { message, reason }: Finding,
): StatusError {
  const by = binding === null ? '' : ` with binding '${binding.name}'`;
  const text = `ValidatingAdmissionPolicy '${policy.name}'${by} denied request: ${message}`;
  const { metadata } = attributes.object ?? {};
  const shown = name || metadata?.name || metadata?.generateName || 'Unknown';
  const error = forbidden(resource, shown, text, [{ message: text }]);
  const status = reason === '' ? 'Invalid' : reason;
  error.status.reason = status;
  error.status.code = codes[status] ?? 422;
  return error;
}

/** What one policy says of one request with one parameter. */
class Evaluation {
  readonly #policy: Policy;
  readonly findings: Finding[] = [];
  readonly annotations: (readonly [string, string])[] = [];
  /** Annotations that could not be made: they refuse whatever the binding says. */
  readonly failures: Finding[] = [];

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  async run(given: Variables): Promise<void> {
    try {
      await this.#run(given, { left: objectCostMax });
    } catch (error) {
      if (!(error instanceof BudgetError)) throw error;
      // Nothing of what was found before is told.
      this.findings.length = 0;
      this.#failed(error, 0);
    }
  }

  async #run(given: Variables, budget: Budget): Promise<void> {
    const policy = this.#policy;
    const variables = await withVariables(given, policy.variables, budget);
    try {
      if (!(await policy.conditions.hold(variables))) return;
    } catch (error) {
      this.#failed(error as Error, 0);
      return;
    }
    for (const [at, validation] of policy.validations.entries())
      await this.#validate(validation, at, variables, budget);
    const own: Budget = { left: objectCostMax };
    for (const annotation of policy.annotations) await this.#annotate(annotation, variables, own);
  }

  #failed(error: Error, at: number): void {
    if (this.#policy.failsOpen) return;
    const errorType = error instanceof BudgetError ? 'out_of_budget' : 'invalid_error';
    this.findings.push({ message: error.message, reason: '', at, errorType });
  }

  async #validate(
    { expression, messageExpression, message, reason }: Policy['validations'][number],
    at: number,
    variables: Variables,
    budget: Budget,
  ): Promise<void> {
    try {
      if ((await expression.evaluate(variables, budget)) === true) return;
    } catch (error) {
      if (error instanceof BudgetError) throw error;
      this.#failed(error as Error, at);
      return;
    }
    let text = '';
    try {
      if (messageExpression !== null) text = messageOf(await messageExpression.evaluate(variables, budget));
    } catch (error) {
      if (error instanceof BudgetError) {
        this.#failed(new Error(`failed messageExpression: ${error.message}`), at);
        return;
      }
      // The message that is fixed does then.
    }
    text ||= message.trim() || `failed expression: ${expression.text.trim()}`;
    this.findings.push({ message: text, reason, at, errorType: 'no_error' });
  }

  async #annotate(
    { key, expression }: Policy['annotations'][number],
    variables: Variables,
    budget: Budget,
  ): Promise<void> {
    try {
      const value = await expression.evaluate(variables, budget);
      if (value === null) return;
      if (typeof value !== 'string') {
        throw new Error(
          `valueExpression '${expression.text}' resulted in unsupported return type. Return type must be either string or null.`,
        );
      }
      const text = value.trim();
      if (text !== '') this.annotations.push([key, text.slice(0, annotationLengthMax)]);
    } catch (error) {
      if (this.#policy.failsOpen) return;
      const { message } = error as Error;
      this.failures.push({ message, reason: '', at: 0, errorType: 'invalid_error' });
    }
  }
}

export class ValidatingPolicies {
  readonly #parts: PolicyParts;
  readonly #policies: Configured<Policy>;
  readonly #bindings: Configured<Binding>;

  constructor(parts: PolicyParts, policies: Configured<Policy>, bindings: Configured<Binding>) {
    this.#parts = parts;
    this.#policies = policies;
    this.#bindings = bindings;
  }

  /** @throws StatusError of the first refusal */
  async validate(attributes: AdmissionAttributes): Promise<void> {
    const [policies, bindings] = [await this.#policies.all(), await this.#bindings.all()];
    if (policies.length === 0 || bindings.length === 0) return;
    const subject = subjectOf(attributes, true);
    const refusals: StatusError[] = [];
    for (const policy of policies) {
      const own = bindings.filter(({ policyName }) => policyName === policy.name);
      if (own.length > 0) await this.#enforce(subject, policy, own, refusals);
    }
    if (refusals.length > 0) throw refusals[0]!;
  }

  async #enforce(
    subject: Subject,
    policy: Policy,
    bindings: readonly Binding[],
    refusals: StatusError[],
  ): Promise<void> {
    const { lookup } = this.#parts;
    const misconfigured = (error: Error, binding: Binding | null): void => {
      if (policy.failsOpen) return;
      const what = binding === null ? 'policy' : 'binding';
      const message = `failed to configure ${what}: ${error.message}`;
      refusals.push(
        refusal(subject, policy, binding, { message, reason: '', at: 0, errorType: 'invalid_error' }),
      );
    };
    let match: Match | null;
    try {
      match = await policy.matcher.match(subject, lookup);
      if (match !== null && policy.paramKind !== null) paramResource(lookup, policy.paramKind);
    } catch (error) {
      misconfigured(error as Error, null);
      return;
    }
    if (match === null) return;
    const annotations = new Map<string, Set<string>>();
    for (const binding of bindings) {
      try {
        if (binding.matcher !== null && (await binding.matcher.match(subject, lookup)) === null) continue;
        const params = await paramsOf(lookup, policy.paramKind, binding, subject.attributes.namespace);
        for (const param of params) {
          const evaluation = await this.#evaluate(subject, match, policy, param);
          act(subject, policy, binding, evaluation, refusals);
          this.#count(policy, binding, evaluation);
          for (const [key, value] of evaluation.annotations) {
            annotations.set(key, (annotations.get(key) ?? new Set()).add(value));
          }
        }
      } catch (error) {
        misconfigured(error as Error, binding);
      }
    }
    for (const [key, values] of annotations) {
      annotate(subject.attributes, `${policy.name}/${key}`, [...values].join(', '));
    }
  }

  #count(policy: Policy, binding: Binding, { findings }: Evaluation): void {
    for (const { errorType } of findings) {
      for (const action of binding.actions) {
        this.#parts.figures.policy(policy.name, binding.name, action.toLowerCase(), errorType);
      }
    }
  }

  async #evaluate(
    subject: Subject,
    match: Match,
    policy: Policy,
    params: ApiObject | null,
  ): Promise<Evaluation> {
    const evaluation = new Evaluation(policy);
    await evaluation.run(variablesOf(subject, await this.#sources(subject, match, policy, params)));
    return evaluation;
  }

  async #sources(
    subject: Subject,
    match: Match,
    { paramKind }: Policy,
    params: ApiObject | null,
  ): Promise<VariableSources> {
    const { converter, lookup, authorizer } = this.#parts;
    const { object, old, resource, attributes } = subject;
    const namespaces = lookup.resource('', 'v1', 'namespaces');
    const namespace =
      attributes.namespace === '' || namespaces === null
        ? null
        : await lookup.find(namespaces, '', attributes.namespace);
    const shown =
      params === null || paramKind === null ? params : { kind: paramKind.kind, apiVersion: '', ...params };
    return {
      match,
      object: object === null ? null : await converter.convert(object, resource, match.resource),
      old: old === null ? null : await converter.convert(old, resource, match.resource),
      namespace,
      params: shown,
      authorizer: authorizer(),
    };
  }
}

function act(
  subject: Subject,
  policy: Policy,
  binding: Binding,
  { findings, failures }: Evaluation,
  refusals: StatusError[],
): void {
  const { attributes } = subject;
  for (const finding of findings) {
    for (const action of binding.actions) {
      if (action === 'Deny') refusals.push(refusal(subject, policy, binding, finding));
      if (action === 'Warn') {
        const who = `Validation failed for ValidatingAdmissionPolicy '${policy.name}' with binding '${binding.name}'`;
        warn(attributes, `${who}: ${finding.message}`);
      }
      if (action !== 'Audit') continue;
      const told = {
        message: finding.message,
        policy: policy.name,
        binding: binding.name,
        expressionIndex: finding.at,
        validationActions: binding.actions,
      };
      annotate(attributes, 'validation.policy.admission.k8s.io/validation_failure', JSON.stringify([told]));
    }
  }
  for (const failure of failures) refusals.push(refusal(subject, policy, binding, failure));
}
