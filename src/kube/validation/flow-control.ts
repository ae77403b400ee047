/**
 * What FlowSchemas and PriorityLevelConfigurations may say: subjects of one kind each, rules with known verbs, queues that a
 * hash of 60 bits can deal from. Texts are those of a real API server.
 */

import {
  duplicate,
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
  required,
} from '../api/field-errors.ts';
import type { JsonObject } from '../api/objects.ts';
import { labelProblems, subdomainProblems } from '../meta/names.ts';
import { has, maybeObject, numberOf, objectOf, objectsOf, textOf, textsOf } from './members.ts';
import { problemsAt } from './pod-fields.ts';

const precedenceMax = 10_000;
const queuesMax = 10_000_000;
/** A flow's hand is dealt from so many bits of its hash. */
const hashBits = 60;
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];
const methods = ['ByNamespace', 'ByUser'];

/** Kinds of subjects and the member that says more of each. */
const subjectMembers: Readonly<Record<string, string>> = {
  Group: 'group',
  ServiceAccount: 'serviceAccount',
  User: 'user',
};

function validateAccount(field: string, account: JsonObject): FieldError[] {
  const name = textOf(account, 'name');
  const namespace = textOf(account, 'namespace');
  const errors: FieldError[] = [];
  if (name === '') errors.push(required(`${field}.name`));
  else if (name !== '*') errors.push(...problemsAt(`${field}.name`, name, subdomainProblems(name)));
  if (namespace === '') {
    errors.push(required(`${field}.namespace`, 'must specify namespace for service account'));
  } else errors.push(...problemsAt(`${field}.namespace`, namespace, labelProblems(namespace)));
  return errors;
}

function validateSubject(field: string, subject: JsonObject): FieldError[] {
  const kind = textOf(subject, 'kind');
  const member = subjectMembers[kind];
  if (member === undefined) return [notSupported(`${field}.kind`, kind, Object.keys(subjectMembers))];
  const errors: FieldError[] = [];
  const place = `${field}.${member}`;
  const said = maybeObject(subject, member);
  if (said === null) errors.push(required(place, `${member} is required when subject kind is '${kind}'`));
  else if (kind === 'ServiceAccount') errors.push(...validateAccount(place, said));
  else if (textOf(said, 'name') === '') errors.push(required(`${place}.name`));
  for (const other of ['serviceAccount', 'user', 'group']) {
    if (other === member || !has(subject, other)) continue;
    const of = Object.entries(subjectMembers).find(([, name]) => name === other)![0];
    const why = `${other} is forbidden when subject kind is not '${of}'`;
    errors.push(forbiddenValue(`${field}.${other}`, why));
  }
  return errors;
}

function wildcardBeside(field: string, given: readonly string[], what: string): FieldError[] {
  if (given.length < 2 || !given.includes('*')) return [];
  return [invalidValue(field, [...given], `if '*' is present, must not specify other ${what}`)];
}

function validateVerbs(field: string, given: readonly string[]): FieldError[] {
  if (given.length === 0) return [required(field, 'verbs must contain at least one value')];
  if (given.includes('*')) return wildcardBeside(field, given, 'verbs');
  return given.every((verb) => verbs.includes(verb)) ? [] : [notSupported(field, [...given], verbs)];
}

function pathProblem(path: string): string | null {
  if (path === '') return 'must not be empty';
  if (path === '/') return null;
  if (!path.startsWith('/')) return 'must start with slash';
  if (path.includes(' ')) return 'must not contain white-space';
  if (path.includes('//')) return 'must not contain double slash';
  const star = path.indexOf('*');
  if (star >= 0 && (star !== path.length - 1 || !path.endsWith('/*'))) {
    return 'wildcard can only do suffix matching';
  }
  return null;
}

function validatePathRule(field: string, rule: JsonObject): FieldError[] {
  const errors = validateVerbs(`${field}.verbs`, textsOf(rule, 'verbs'));
  const paths = textsOf(rule, 'nonResourceURLs');
  const place = `${field}.nonResourceURLs`;
  if (paths.length === 0) {
    errors.push(required(place, 'nonResourceURLs must contain at least one value'));
  } else if (paths.includes('*')) errors.push(...wildcardBeside(place, paths, 'non-resource URLs'));
  else {
    paths.forEach((path, at) => {
      const problem = pathProblem(path);
      if (problem !== null) errors.push(invalidValue(`${place}[${at}]`, path, problem));
    });
  }
  return errors;
}

function validateNamespaces(field: string, rule: JsonObject): FieldError[] {
  const namespaces = textsOf(rule, 'namespaces');
  if (namespaces.length === 0 && rule['clusterScope'] !== true) {
    const why = 'resource rules that are not cluster scoped must supply at least one namespace';
    return [required(field, why)];
  }
  if (namespaces.includes('*')) return wildcardBeside(field, namespaces, 'namespaces');
  const intro = "each member of this list must be '*' or a DNS-1123 label; ";
  return namespaces.flatMap((namespace, at) =>
    labelProblems(namespace).map((problem) => invalidValue(`${field}[${at}]`, namespace, intro + problem)),
  );
}

function validateResourceRule(field: string, rule: JsonObject): FieldError[] {
  const errors = validateVerbs(`${field}.verbs`, textsOf(rule, 'verbs'));
  for (const [member, one, what] of [
    ['apiGroups', 'api group', 'api groups'],
    ['resources', 'resource', 'resources'],
  ] as const) {
    const given = textsOf(rule, member);
    if (given.length === 0) {
      errors.push(required(`${field}.${member}`, `resource rules must supply at least one ${one}`));
    } else errors.push(...wildcardBeside(`${field}.${member}`, given, what));
  }
  errors.push(...validateNamespaces(`${field}.namespaces`, rule));
  return errors;
}

function validateRule(field: string, rule: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const subjects = objectsOf(rule, 'subjects');
  const resourceRules = objectsOf(rule, 'resourceRules');
  const pathRules = objectsOf(rule, 'nonResourceRules');
  subjects.forEach((subject, at) => {
    errors.push(...validateSubject(`${field}.subjects[${at}]`, subject));
  });
  if (subjects.length === 0) {
    errors.push(required(`${field}.subjects`, 'subjects must contain at least one value'));
  }
  if (resourceRules.length + pathRules.length === 0) {
    const why = 'at least one of resourceRules and nonResourceRules has to be non-empty';
    errors.push(required(field, why));
  }
  resourceRules.forEach((each, at) => {
    errors.push(...validateResourceRule(`${field}.resourceRules[${at}]`, each));
  });
  pathRules.forEach((each, at) => {
    errors.push(...validatePathRule(`${field}.nonResourceRules[${at}]`, each));
  });
  return errors;
}

/** @param name that of the schema: only `exempt` may come first of all */
export function validateFlowSchemaSpec(name: string, spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const precedence = numberOf(spec, 'matchingPrecedence') ?? 0;
  const place = 'spec.matchingPrecedence';
  if (precedence <= 0) errors.push(invalidValue(place, precedence, 'must be a positive value'));
  if (precedence > precedenceMax) {
    errors.push(invalidValue(place, precedence, `must not be greater than ${precedenceMax}`));
  }
  if (precedence === 1 && name !== 'exempt') {
    const why = "only the schema named 'exempt' may have matchingPrecedence 1";
    errors.push(invalidValue(place, precedence, why));
  }
  const method = maybeObject(spec, 'distinguisherMethod');
  if (method !== null && !methods.includes(textOf(method, 'type'))) {
    errors.push(notSupported('spec.distinguisherMethod.type', method, methods));
  }
  const level = textOf(objectOf(spec, 'priorityLevelConfiguration'), 'name');
  const levelPlace = 'spec.priorityLevelConfiguration.name';
  if (level === '') errors.push(required(levelPlace, 'must reference a priority level'));
  else errors.push(...problemsAt(levelPlace, level, subdomainProblems(level)));
  objectsOf(spec, 'rules').forEach((rule, at) => {
    errors.push(...validateRule(`spec.rules[${at}]`, rule));
  });
  return errors;
}

function validateQueuing(field: string, queuing: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const [queues, hand, length] = ['queues', 'handSize', 'queueLengthLimit'].map(
    (member) => numberOf(queuing, member) ?? 0,
  ) as [number, number, number];
  if (length <= 0) errors.push(invalidValue(`${field}.queueLengthLimit`, length, 'must be positive'));
  if (queues <= 0) errors.push(invalidValue(`${field}.queues`, queues, 'must be positive'));
  else if (queues > queuesMax) {
    errors.push(invalidValue(`${field}.queues`, queues, `must not be greater than ${queuesMax}`));
  }
  const place = `${field}.handSize`;
  if (hand <= 0) errors.push(invalidValue(place, hand, 'must be positive'));
  else if (hand > queues) {
    errors.push(invalidValue(place, hand, `should not be greater than queues (${queues})`));
  } else if (Math.ceil(Math.log2(queues) * hand) > hashBits) {
    const why = `required entropy bits of deckSize ${queues} and handSize ${hand} should not be greater than ${hashBits}`;
    errors.push(invalidValue(place, hand, why));
  }
  return errors;
}

function validateResponse(field: string, response: JsonObject): FieldError[] {
  const type = textOf(response, 'type');
  const queuing = maybeObject(response, 'queuing');
  const place = `${field}.queuing`;
  switch (type) {
    case 'Reject':
      if (queuing === null) return [];
      return [forbiddenValue(place, 'must be nil if limited.limitResponse.type is not Limited')];
    case 'Queue':
      if (queuing !== null) return validateQueuing(place, queuing);
      return [required(place, 'must not be empty if limited.limitResponse.type is Limited')];
    default:
      return [notSupported(`${field}.type`, type, ['Queue', 'Reject'])];
  }
}

function validateShares(field: string, level: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const shares = numberOf(level, 'nominalConcurrencyShares') ?? 0;
  if (shares < 0) {
    errors.push(invalidValue(`${field}.nominalConcurrencyShares`, shares, 'must be a non-negative integer'));
  }
  if (has(level, 'limitResponse')) {
    errors.push(...validateResponse(`${field}.limitResponse`, objectOf(level, 'limitResponse')));
  }
  const lent = numberOf(level, 'lendablePercent') ?? 0;
  if (lent < 0 || lent > 100) {
    errors.push(invalidValue(`${field}.lendablePercent`, lent, 'must be between 0 and 100, inclusive'));
  }
  const borrowed = numberOf(level, 'borrowingLimitPercent') ?? 0;
  if (borrowed < 0) {
    const why = 'if specified, must be a non-negative integer';
    errors.push(invalidValue(`${field}.borrowingLimitPercent`, borrowed, why));
  }
  return errors;
}

/** @param name that of the level: `exempt` is the one that limits nobody */
export function validatePriorityLevelSpec(name: string, spec: JsonObject): FieldError[] {
  const type = textOf(spec, 'type');
  const errors: FieldError[] = [];
  if ((name === 'exempt') !== (type === 'Exempt')) {
    errors.push(invalidValue('spec.type', type, "type must be 'Exempt' if and only if name is 'exempt'"));
  }
  const limited = maybeObject(spec, 'limited');
  const exempt = maybeObject(spec, 'exempt');
  if (type === 'Exempt') {
    if (limited !== null) errors.push(forbiddenValue('spec.limited', 'must be nil if the type is Exempt'));
    if (exempt !== null) errors.push(...validateShares('spec.exempt', exempt));
  } else if (type === 'Limited') {
    if (exempt !== null) errors.push(forbiddenValue('spec.exempt', 'must be nil if the type is Limited'));
    if (limited === null) errors.push(required('spec.limited', 'must not be empty when type is Limited'));
    else errors.push(...validateShares('spec.limited', limited));
  } else errors.push(notSupported('spec.type', type, ['Exempt', 'Limited']));
  return errors;
}

/** Conditions of either kind: one of each type, with a type and a known status. */
export function validateFlowStatus(status: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  objectsOf(status, 'conditions').forEach((condition, at) => {
    const type = textOf(condition, 'type');
    const field = `status.conditions[${at}].type`;
    if (seen.has(type)) errors.push(duplicate(field, type));
    if (type === '') errors.push(required(field, 'must not be empty'));
    seen.add(type);
  });
  return errors;
}
