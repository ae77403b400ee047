/** Rules of custom resources in CEL: refused with the definition when they make no sense, kept by every object after. */

import t from 'tap';
import { fieldErrorText } from '../../src/kube/api/field-errors.ts';
import type { JsonObject } from '../../src/kube/api/objects.ts';
import { validateRuleDefinitions } from '../../src/kube/crd/rule-definitions.ts';
import { validateRules } from '../../src/kube/crd/rules.ts';
import { validateSchema } from '../../src/kube/crd/validate-schema.ts';
import { startApi } from './api.ts';

const route: JsonObject = {
  type: 'object',
  properties: {
    replicas: { type: 'integer' },
    max: { type: 'integer' },
    share: { type: 'number' },
    port: { 'x-kubernetes-int-or-string': true },
    name: { type: 'string', maxLength: 63 },
    since: { type: 'string', format: 'date-time' },
    wait: { type: 'string', format: 'duration' },
    address: { type: 'string' },
    memory: { type: 'string' },
    'the-size': { type: 'integer' },
    namespace: { type: 'string' },
    tags: {
      type: 'array',
      'x-kubernetes-list-type': 'set',
      maxItems: 20,
      items: { type: 'string', maxLength: 63 },
    },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    matches: {
      type: 'array',
      maxItems: 20,
      items: {
        type: 'object',
        properties: {
          path: {
            type: 'object',
            properties: { type: { type: 'string' }, value: { type: 'string' } },
          },
        },
      },
    },
    listeners: {
      type: 'array',
      maxItems: 20,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string' }, port: { type: 'integer' } },
      },
    },
  },
};

type Given = Record<string, unknown>;

const withRules = (rules: readonly object[], member = 'spec'): JsonObject =>
  ({
    type: 'object',
    properties: { [member]: { ...route, 'x-kubernetes-validations': rules } },
  }) as unknown as JsonObject;

/** What a rule says of an object, old and new. */
function said(rule: object | string, spec: Given, old: Given | null = null): string[] {
  const schema = withRules([typeof rule === 'string' ? { rule } : rule]);
  const problems = validateSchema(schema, 'schema').map(fieldErrorText);
  if (problems.length > 0) return problems;
  const object = (given: Given): JsonObject => ({ spec: given }) as JsonObject;
  return validateRules(object(spec), old === null ? null : object(old), schema).map(fieldErrorText);
}

const spec: Given = {
  replicas: 3,
  max: 5,
  share: 0.5,
  port: 80,
  name: 'web',
  since: '2026-01-02T00:00:00Z',
  wait: '90s',
  address: '10.0.0.7',
  memory: '1Gi',
  'the-size': 4,
  namespace: 'home',
  tags: ['a', 'b'],
  labels: { app: 'web', 'a/b': 'c' },
  matches: [{ path: { type: 'PathPrefix', value: '/' } }, {}],
  listeners: [
    { name: 'http', port: 80 },
    { name: 'https', port: 443 },
  ],
};

t.test('rules that hold say nothing, whatever of the language they use', async (t) => {
  for (const rule of [
    'self.replicas <= self.max',
    'self.replicas * 2 + 1 == 7 && self.replicas / 2 == 1 && self.replicas % 2 == 1',
    'self.share < 1.0 && self.share > 0',
    'self.port == 80',
    'type(self.port) == int',
    'has(self.name) && !has(self.matches[1].path) && has(self.matches[0].path)',
    'has(self.matches) ? self.matches.all(m, !has(m.path) || m.path.value.startsWith("/")) : true',
    'size(self.tags) == 2 && self.tags.exists(t, t == "a") && "b" in self.tags',
    'self.tags.all(t, self.tags.exists_one(u, u == t))',
    'self.listeners.map(l, l.port).sum() == 523',
    'self.listeners.filter(l, l.port < 100).size() == 1',
    'self.listeners.map(l, l.port).isSorted() && self.tags.indexOf("b") == 1',
    'self.labels.all(k, self.labels[k].size() > 0) && "app" in self.labels',
    'self.since > timestamp("2026-01-01T00:00:00Z")',
    'self.wait < duration("2m") && string(self.wait) == "90s"',
    'string(self.since) == "2026-01-02T00:00:00Z"',
    'self.name.matches("^[a-z]+$") && self.name.replace("w", "W") == "Web"',
    '"%s has %d".format([self.name, self.replicas]) == "web has 3"',
    'quantity(self.memory).isGreaterThan(quantity("900Mi"))',
    'isQuantity(self.memory) && !isQuantity(self.name)',
    'ip(self.address).family() == 4 && cidr("10.0.0.0/8").containsIP(self.address)',
    'url("https://a.example:8443/x?y=z").getPort() == "8443" && !isURL("a b")',
    'self.the__dash__size == 4 && self.__namespace__ == "home"',
    'self.?name.orValue("x") == "web"',
    'self.name.find("e.*") == "eb" && "a1b2".findAll("[0-9]").size() == 2',
    '[1, 2, 3].max() == 3 && self.tags.min() == "a"',
    '!format.dns1123Label().validate(self.name).hasValue()',
    'cel.bind(n, self.replicas, n > 2)',
    'oldSelf.replicas == 99',
    'self == self && self.matches[0] == self.matches[0] && self.matches[0] in self.matches',
    'self.?name.optMap(n, n.size()).orValue(0) == 3',
  ]) {
    t.strictSame(said(rule, spec), [], rule);
  }
});

t.test('a rule that does not hold is told by its message, its expression or itself', async (t) => {
  const rule = 'self.replicas <= self.max';
  const many = { ...spec, replicas: 9 };
  t.strictSame(said(rule, many), [`spec: Invalid value: failed rule: ${rule}`]);
  t.strictSame(said({ rule, message: ' too many ' }, many), ['spec: Invalid value: too many']);
  const messageExpression = '"too many for " + self.name';
  t.strictSame(said({ rule, messageExpression, message: 'no' }, many), [
    'spec: Invalid value: too many for web',
  ]);
  t.strictSame(said({ rule, messageExpression: 'self.name + "\\n"', message: 'one line' }, many), [
    'spec: Invalid value: one line',
  ]);
  t.strictSame(said({ rule, message: 'm', fieldPath: '.replicas', reason: 'FieldValueForbidden' }, many), [
    'spec.replicas: Forbidden: m',
  ]);
});

t.test('a rule that cannot be told is told as such', async (t) => {
  const { max: _max, ...rest } = spec;
  t.strictSame(said('self.replicas <= self.max', rest), [
    'spec: Invalid value: "object": no such key: max evaluating rule: self.replicas <= self.max',
  ]);
  t.strictSame(said('self.port > 1', { ...spec, port: 'http' }), [
    `spec: Invalid value: "object": 'no such overload': call arguments did not match a supported operator, function or macro signature for rule: self.port > 1`,
  ]);
  t.strictSame(said('1 / (self.replicas - 3) == 0', spec), [
    'spec: Invalid value: "object": division by zero evaluating rule: 1 / (self.replicas - 3) == 0',
  ]);
});

t.test('what was there before binds updates alone', async (t) => {
  const rule = { rule: 'self.name == oldSelf.name', message: 'name is immutable' };
  t.strictSame(said(rule, spec), []);
  t.strictSame(said(rule, spec, spec), []);
  t.strictSame(said(rule, { ...spec, name: 'b' }, spec), ['spec: Invalid value: name is immutable']);
  const optional = { rule: 'oldSelf.hasValue() || self.replicas == 3', optionalOldSelf: true };
  t.strictSame(said(optional, { ...spec, replicas: 4 }, spec), []);
  t.strictSame(said(optional, { ...spec, replicas: 4 }), [
    `spec: Invalid value: failed rule: ${optional.rule}`,
  ]);
});

t.test('items of a map are known by their keys, items of other lists have no past', async (t) => {
  const items = (type: object): JsonObject =>
    ({
      type: 'object',
      properties: {
        ports: {
          type: 'array',
          ...type,
          items: {
            type: 'object',
            properties: {
              name: { type: 'string' },
              port: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self >= oldSelf' }] },
            },
          },
        },
      },
    }) as JsonObject;
  const map = items({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] });
  t.strictSame(validateRuleDefinitions(map, 'schema'), []);
  const before = {
    ports: [
      { name: 'a', port: 5 },
      { name: 'b', port: 1 },
    ],
  } as JsonObject;
  const after = {
    ports: [
      { name: 'b', port: 2 },
      { name: 'a', port: 4 },
    ],
  } as JsonObject;
  t.strictSame(validateRules(after, before, map).map(fieldErrorText), [
    'ports[1].port: Invalid value: 4: failed rule: self >= oldSelf',
  ]);
  t.strictSame(validateRuleDefinitions(items({}), 'schema').map(fieldErrorText), [
    'schema.properties[ports].items.properties[port].x-kubernetes-validations[0].rule: Invalid value: "self >= oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within schema.properties[ports]',
  ]);
});

t.test('a definition whose rules make no sense is refused', async (t) => {
  const place = 'schema.properties[spec].x-kubernetes-validations[0]';
  const refused = (rule: object): string => said(rule, spec)[0] ?? 'nothing';
  t.equal(refused({ rule: ' ' }), `${place}.rule: Required value: rule is not specified`);
  t.equal(
    refused({ rule: 'true', message: ' ' }),
    `${place}.message: Invalid value: " ": must be non-empty if specified`,
  );
  t.equal(
    refused({ rule: 'true &&\ntrue' }),
    `${place}.message: Required value: message must be specified if rule contains line breaks`,
  );
  t.match(refused({ rule: 'true', reason: 'Because' }), `${place}.reason: Unsupported value: "Because"`);
  t.equal(
    refused({ rule: 'true', fieldPath: '.none' }),
    `${place}.fieldPath: Invalid value: ".none": must be a valid path`,
  );
  const rule = (text: string): string =>
    `${place}.rule: Invalid value: {"Rule":"${text}","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: `;
  t.equal(
    refused({ rule: 'self.replicas' }),
    `${rule('self.replicas')}cel expression must evaluate to a bool`,
  );
  t.equal(
    refused({ rule: 'self.replica > 1' }),
    `${rule('self.replica > 1')}compilation failed: ERROR: <input>:1:5: undefined field 'replica'\n | self.replica > 1\n | ....^`,
  );
  t.match(
    refused({ rule: 'self.replicas + self.name' }),
    "found no matching overload for '_+_' applied to '(int, string)'",
  );
  t.match(refused({ rule: 'other > 1' }), "undeclared reference to 'other' (in container '')");
  t.match(refused({ rule: '1 +' }), 'compilation failed: ERROR: <input>:1:');
  t.match(refused({ rule: 'self.free.x == 1' }), "undefined field 'free'");
});

t.test('to ask whether a member is there that cannot be is a mistake, and no test', async (t) => {
  const problem = (text: string): string => {
    const schema = { ...route, 'x-kubernetes-validations': [{ rule: text }] };
    const errors = validateRuleDefinitions(schema, 'schema').map(fieldErrorText);
    return errors.length === 0 ? '' : errors.join().replace(/^[\s\S]*compilation failed: /, '');
  };
  const at = (text: string, column: number, name: string): string =>
    `ERROR: <input>:1:${column}: undefined field '${name}'\n | ${text}\n | ${'.'.repeat(column - 1)}^`;
  for (const [text, column, name] of [
    ['has(self.nope)', 4, 'nope'],
    ['!has(self.replicas) || has(self.nope)', 27, 'nope'],
    ['has(self.nope.more)', 9, 'nope'],
    ['self.matches.all(m, has(m.path) && has(m.nope))', 39, 'nope'],
    ['self.matches.all(m, !has(m.path) || has(m.path.kind))', 40, 'kind'],
    ['self.matches.size() == 0 || has(self.matches[0].nope)', 32, 'nope'],
    ["self.name == ')' || has(self.nope)", 24, 'nope'],
    ['has(self.free)', 4, 'free'],
  ] as const) {
    t.equal(problem(text), at(text, column, name), text);
  }
  for (const text of [
    'has(self.replicas)',
    'has(self.labels.anything)',
    'has(self.labels) && has(self.labels.anything)',
    'self.matches.all(m, !has(m.path) || has(m.path.type))',
    'self.matches.size() == 0 || has(self.matches[0].path)',
    'has(self.the__dash__size)',
    'has(self.port)',
    "self.name == 'has(self.nope)'",
  ]) {
    t.equal(problem(text), '', text);
  }
});

t.test('the whole object has its kind and its name', async (t) => {
  const schema = {
    type: 'object',
    properties: { spec: { type: 'object', properties: { name: { type: 'string' } } } },
    'x-kubernetes-validations': [{ rule: 'self.metadata.name == self.spec.name && self.kind == "Boat"' }],
  } as JsonObject;
  t.strictSame(validateRuleDefinitions(schema, 'schema'), []);
  const boat = (name: string): JsonObject => ({ kind: 'Boat', metadata: { name }, spec: { name: 'a' } });
  t.strictSame(validateRules(boat('a'), null, schema), []);
  t.equal(validateRules(boat('b'), null, schema)[0]?.field, '<nil>');
});

t.test('an API server holds objects to the rules of their definition', async (t) => {
  const api = await startApi(t);
  const definition = (rule: string): object => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'routes.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'routes', kind: 'Route' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: withRules([{ rule, message: 'too many' }]) },
        },
      ],
    },
  });
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const wrong = await api.send('POST', path, definition('self.replica > 1'));
  t.equal(wrong.code, 422);
  t.match(
    wrong.body.details.causes[0].field,
    'spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule',
  );
  const made = await api.send('POST', path, definition('self.replicas <= self.max'));
  t.equal(made.code, 201, made.body.message);
  const routes = '/apis/example.com/v1/namespaces/default/routes';
  let answer = await api.get(routes);
  for (let tries = 0; answer.code !== 200 && tries < 6000; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    answer = await api.get(routes);
  }
  const object = (replicas: unknown): object => ({
    apiVersion: 'example.com/v1',
    kind: 'Route',
    metadata: { name: 'a' },
    spec: { replicas, max: 5 },
  });
  const refused = await api.send('POST', routes, object(9));
  t.equal(refused.body.message, 'Route.example.com "a" is invalid: spec: Invalid value: too many');
  const blocked = await api.send('POST', routes, object('x'));
  t.match(
    blocked.body.message,
    '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
  );
  t.equal((await api.send('POST', routes, object(4))).code, 201);
  t.equal((await api.merge(`${routes}/a`, { spec: { replicas: 6 } })).code, 422);
});
