/**
 * What rules and policies may cost: estimated with the definition, counted when they run. What single rules cost at most is
 * recorded from apiextensions-apiserver (`fixtures/rule-costs.txt`), whose words the refusals have as well.
 */

import { readFileSync } from 'node:fs';
import t from 'tap';
import { fieldErrorText } from '../../src/kube/api/field-errors.ts';
import type { JsonObject } from '../../src/kube/api/objects.ts';
import { type CheckedNode, CostEstimate } from '../../src/kube/crd/cel-cost.ts';
import { rewritten } from '../../src/kube/crd/cel-library.ts';
import { callCostMax, conditionsCostMax, objectCostMax } from '../../src/kube/crd/cel-meter.ts';
import { requestBytesMax, sizedTypeOf } from '../../src/kube/crd/cel-sizes.ts';
import { RuleTypes } from '../../src/kube/crd/cel-values.ts';
import { definitionCostMax, ruleCostMax } from '../../src/kube/crd/rule-budget.ts';
import { validateRuleDefinitions } from '../../src/kube/crd/rule-definitions.ts';
import { validateRules } from '../../src/kube/crd/rules.ts';
import { MatchConditions } from '../../src/kube/policies/conditions.ts';
import type { Variables } from '../../src/kube/policies/expressions.ts';
import { startApi } from './api.ts';

const text = (maxLength: number): object => ({ type: 'string', maxLength });
const list = (maxItems: number, items: object, more: object = {}): object => ({
  type: 'array',
  maxItems,
  items,
  ...more,
});
const integer = { type: 'integer' };
const isMapList = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] };

const bounded = {
  type: 'object',
  required: ['name'],
  properties: {
    replicas: integer,
    max: integer,
    share: { type: 'number' },
    flag: { type: 'boolean' },
    port: { 'x-kubernetes-int-or-string': true, maxLength: 7 },
    name: text(63),
    long: text(1000),
    mode: { type: 'string', enum: ['Alpha', 'Beta'] },
    since: { type: 'string', format: 'date-time' },
    day: { type: 'string', format: 'date' },
    wait: { type: 'string', format: 'duration' },
    raw: { ...text(40), format: 'byte' },
    address: text(45),
    memory: text(12),
    'the-size': integer,
    namespace: text(63),
    tags: list(16, text(20), { 'x-kubernetes-list-type': 'set' }),
    ports: list(9, integer),
    labels: { type: 'object', maxProperties: 11, additionalProperties: text(33) },
    inner: { type: 'object', properties: { a: text(5), b: { type: 'object', properties: { c: integer } } } },
    matches: list(8, {
      type: 'object',
      properties: { path: { type: 'object', properties: { type: { type: 'string' }, value: text(100) } } },
    }),
    listeners: list(
      12,
      { type: 'object', required: ['name'], properties: { name: text(30), port: integer } },
      isMapList,
    ),
  },
} as unknown as JsonObject;

function costOf(rule: string): number {
  const types = new RuleTypes();
  const type = types.typeOf(bounded, false)!;
  const language = types.environment.clone();
  language.registerVariable('self', type).registerVariable('oldSelf', type);
  const parsed = language.parse(rewritten(rule));
  if (!parsed.check().valid) return -1;
  return new CostEstimate(sizedTypeOf(bounded, false)!).cost(parsed.ast as unknown as CheckedNode);
}

t.test('rules cost at most what a real server says', async (t) => {
  const recorded = readFileSync(new URL('./fixtures/rule-costs.txt', import.meta.url), 'utf8');
  const lines = recorded.split('\n').filter((line) => line !== '');
  t.ok(lines.length > 150, `${lines.length} rules`);
  const wrong = lines.filter((line) => {
    const [cost, rule] = line.split('\t');
    return costOf(rule!) !== Number(cost);
  });
  t.same(wrong, []);
});

const schemaOf = (properties: object): JsonObject =>
  ({ type: 'object', properties }) as unknown as JsonObject;

const refused = (properties: object, isUnchanged = false): string[] =>
  validateRuleDefinitions(schemaOf(properties), 'schema', isUnchanged).map(fieldErrorText);

/** A list that may have so many objects, each with a rule that costs two. */
const many = (maxItems: number): object =>
  list(maxItems, {
    type: 'object',
    properties: { flag: { type: 'boolean' } },
    'x-kubernetes-validations': [{ rule: 'self.flag' }],
  });

const hint =
  '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';

// ruleCostMax of kube/crd/rule-budget.
t.test('a rule that may cost too much is refused, unless it was there before', async (t) => {
  const most = ruleCostMax / 2;
  t.same(refused({ all: many(most) }), []);
  const place = 'schema.properties[all].items.x-kubernetes-validations[0].rule';
  t.same(refused({ all: many(most + 1) }), [
    `${place}: Forbidden: estimated rule cost exceeds budget by factor of 1.000000x ${hint}`,
  ]);
  t.same(refused({ all: many(most * 2) }), [
    `${place}: Forbidden: estimated rule cost exceeds budget by factor of 2.0x ${hint}`,
  ]);
  t.same(refused({ all: many(most + 1) }, true), []);
});

// definitionCostMax of kube/crd/rule-budget, toldRulesMax of kube/crd/rule-budget.
t.test('all rules of a definition may cost too much: the four most expensive are told', async (t) => {
  const each = ruleCostMax / 2;
  const lists = (count: number, more: object): object => {
    const names = Array.from({ length: count }, (_none, at) => [`list${at}`, many(each - at)]);
    return { ...Object.fromEntries(names), ...more };
  };
  const count = definitionCostMax / ruleCostMax;
  // What the lists leave of the whole: the sum of what each has less than the first.
  const rest = (count * (count - 1)) / 2;
  t.same(refused(lists(count, { rest: many(rest) })), []);
  const place = (name: string): string => `schema.properties[${name}].items.x-kubernetes-validations[0].rule`;
  const told = [0, 1, 2, 3].map(
    (at) =>
      `${place(`list${at}`)}: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema`,
  );
  t.same(refused(lists(count, { rest: many(rest + 1) })), [
    ...told,
    `schema: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of 1.000000x ${hint}`,
  ]);
});

// requestBytesMax of kube/crd/cel-sizes.
t.test('what has no bound is as large as a request may be', async (t) => {
  t.equal(sizedTypeOf({ type: 'string' }, false)?.sizeMax, requestBytesMax - 2);
  const numbers = sizedTypeOf({ type: 'array', items: { type: 'integer' } }, false);
  t.equal(numbers?.sizeMax, Math.floor((requestBytesMax - 2) / 2));
  t.equal(sizedTypeOf({ type: 'string', maxLength: 5 }, false)?.sizeMax, 20, 'characters of four bytes');
});

// timeBytesMax of kube/crd/cel-sizes.
t.test('a time has as many bytes as its longest text', async (t) => {
  for (const format of ['date-time', 'duration']) {
    t.equal(sizedTypeOf({ type: 'string', format, maxLength: 999 }, false)?.sizeMax, 32, format);
  }
  t.equal(sizedTypeOf({ type: 'string', format: 'date' }, false)?.sizeMax, 12);
});

/** A list with so many rules that cost two and three for each item. */
const looping = (count: number): JsonObject =>
  schemaOf({
    list: {
      type: 'array',
      items: integer,
      'x-kubernetes-validations': Array.from({ length: count }, () => ({ rule: 'self.all(x, true)' })),
    },
  });

const said = (items: number, rules: number): string[] =>
  validateRules({ list: new Array<number>(items).fill(1) }, null, looping(rules)).map(fieldErrorText);

// callCostMax of kube/crd/cel-meter.
t.test('a rule that costs too much is stopped, and no rule is asked after it', async (t) => {
  const most = Math.floor((callCostMax - 2) / 3);
  t.same(said(most, 1), []);
  t.same(said(most + 1, 2), [
    `list: Invalid value: "array": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: self.all(x, true)`,
  ]);
});

// objectCostMax of kube/crd/cel-meter.
t.test('all rules of an object cost no more than they may', async (t) => {
  const items = 99_999;
  const most = Math.floor(objectCostMax / (2 + 3 * items));
  t.same(said(items, most), []);
  t.same(said(items, most + 1), [
    'list: Invalid value: "array": validation failed due to running out of cost budget, no further validation rules will be run',
  ]);
});

t.test('where the rest is not enough, items say so in the words of a real server', async (t) => {
  const rule = 'self.all(x, self.all(y, x + y >= 0))';
  const rules = [{ rule }, { rule: `${rule} || false` }];
  const schema = schemaOf({
    lists: list(30, list(200, integer, { 'x-kubernetes-validations': rules })),
  });
  const numbers = Array.from({ length: 200 }, (_none, at) => at);
  const object = { lists: Array.from({ length: 30 }, () => numbers) };
  t.same(validateRules(object, null, schema).map(fieldErrorText), [
    'lists[17]: Invalid value: "array": validation failed due to running out of cost budget, no further validation rules will be run',
  ]);
});

// conditionsCostMax of kube/crd/cel-meter.
t.test('match conditions have a budget of their own', async (t) => {
  const items = 33_332;
  const cost = 4 + 3 * items;
  const variables = { object: new Map([['list', new Array<bigint>(items).fill(1n)]]) };
  const hold = (count: number, failurePolicy: string): Promise<boolean> => {
    const matchConditions = Array.from({ length: count }, (_none, at) => ({
      name: `c${at}`,
      expression: 'object.list.all(x, true)',
    }));
    const scope = { hasParams: false, hasAuthorizer: false, isPolicy: false };
    const conditions = new MatchConditions({ matchConditions, failurePolicy }, scope);
    return conditions.hold(variables as unknown as Variables);
  };
  const most = Math.floor(conditionsCostMax / cost);
  t.equal(await hold(most, 'Fail'), true);
  await t.rejects(hold(most + 1, 'Fail'), {
    message: 'validation failed due to running out of cost budget, no further validation rules will be run',
  });
  t.equal(await hold(most + 1, 'Ignore'), false);
});

t.test('a policy that costs too much refuses as if it could not be evaluated', async (t) => {
  const api = await startApi(t);
  const registration = '/apis/admissionregistration.k8s.io/v1';
  const resourceRules = [
    { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
  ];
  const expression = 'object.data.all(a, object.data.all(b, true))';
  await api.send('POST', `${registration}/validatingadmissionpolicies`, {
    metadata: { name: 'p' },
    spec: { matchConstraints: { resourceRules }, validations: [{ expression }] },
  });
  await api.send('POST', `${registration}/validatingadmissionpolicybindings`, {
    metadata: { name: 'b' },
    spec: { policyName: 'p', validationActions: ['Deny'] },
  });
  const create = (name: string, keys: number): Promise<{ code: number; body: { message: string } }> => {
    const data = Object.fromEntries(Array.from({ length: keys }, (_none, at) => [`k${at}`, '']));
    return api.send('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name }, data });
  };
  t.equal((await create('few', 500)).code, 201);
  const { body } = await create('many', 800);
  t.equal(
    body.message,
    `configmaps "many" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: expression '${expression}' resulted in error: operation cancelled: actual cost limit exceeded`,
  );
});
