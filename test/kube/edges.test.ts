/** Limits of the room of Kubernetes that no field has, at their edges: depths, counts of problems, operations, aliases. */

import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import type { Json, JsonObject } from '../../src/kube/api/objects.ts';
import { typeProblems } from '../../src/kube/apply/check.ts';
import { typeOfCustom, typeOfDefinition } from '../../src/kube/apply/field-types.ts';
import { capUpdaters, keyOf, type Manager } from '../../src/kube/apply/managers.ts';
import { labelProblems } from '../../src/kube/crd/label-problems.ts';
import { Pruner } from '../../src/kube/crd/prune.ts';
import { validateScale } from '../../src/kube/crd/scale-checks.ts';
import { validateSchema } from '../../src/kube/crd/validate-schema.ts';
import { probeComponent } from '../../src/kube/http/component-probe.ts';
import { jsonPatch } from '../../src/kube/patch/json-patch.ts';
import { decodeBy } from '../../src/kube/schema/decode.ts';
import { parseJsonText } from '../../src/kube/schema/json-text.ts';
import { definitionOf } from '../../src/kube/schema/schema.ts';
import { parseYamlText } from '../../src/kube/schema/yaml-text.ts';
import { makeCertificate } from '../../src/util/certificate.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';

/** `{ <name>: { <name>: … } }`, so many of them. */
function nested(name: string, depth: number): JsonObject {
  let value: JsonObject = {};
  for (let at = 0; at < depth; at++) value = { [name]: value };
  return value;
}

const numbered = (count: number): JsonObject =>
  Object.fromEntries(Array.from({ length: count }, (_none, at) => [`member${at}`, 'x']));

t.test('labelProblems: maxChars of kube/crd/label-problems, 63 letters', async (t) => {
  t.same(labelProblems('x'.repeat(63)), []);
  t.same(labelProblems('x'.repeat(64)), ['must be no more than 63 characters']);
});

t.test('maxUpdaters of kube/apply/managers: ten are told apart, the oldest of eleven are one', async (t) => {
  const managers = (count: number): Map<string, Manager> => {
    const made = new Map<string, Manager>();
    for (let at = 0; at < count; at++) {
      const name = { manager: `m${at}`, operation: 'Update', apiVersion: 'v1', subresource: '' } as const;
      const time = new Date(at * 1000).toISOString();
      made.set(keyOf(name), { ...name, set: {}, time, entry: null } as unknown as Manager);
    }
    return made;
  };
  const [ten, eleven] = [managers(10), managers(11)];
  capUpdaters(ten);
  capUpdaters(eleven);
  const names = (of: Map<string, Manager>): string[] => [...of.values()].map(({ manager }) => manager).sort();
  t.equal(ten.size, 10);
  t.notOk(names(ten).includes('ancient-changes'));
  t.equal(eleven.size, 10);
  t.ok(names(eleven).includes('ancient-changes'));
  t.notOk(names(eleven).includes('m0') || names(eleven).includes('m1'));
});

t.test('maxProblems of kube/apply/check: twenty problems are told', async (t) => {
  const type = typeOfDefinition('core.v1.ConfigMap');
  const data = (count: number): JsonObject => ({
    data: Object.fromEntries(Object.keys(numbered(count)).map((key) => [key, {}])),
  });
  t.equal(typeProblems(type, data(20)).length, 20);
  t.equal(typeProblems(type, data(21)).length, 20);
});

t.test('maxDepth of kube/apply/check: deeper than 200 is told', async (t) => {
  let schema: JsonObject = { type: 'object' };
  for (let at = 0; at < 201; at++) schema = { type: 'object', properties: { a: schema } };
  const type = typeOfCustom(schema);
  t.same(typeProblems(type, nested('a', 200)), []);
  t.match(typeProblems(type, nested('a', 201)), [/exceeded max depth$/]);
});

t.test(
  'maxProblems of kube/crd/prune and maxProblems of kube/schema/decode: a hundred unknown members are told',
  async (t) => {
    for (const count of [100, 101]) {
      const pruner = new Pruner();
      pruner.value(numbered(count), { type: 'object', properties: {} });
      t.equal(pruner.problems.length, 100);
      t.equal(decodeBy(definitionOf('core.v1.ConfigMap'), numbered(count)).problems.length, 100);
    }
  },
);

t.test('maxDepth of kube/crd/prune: custom resources have 200 levels', async (t) => {
  let schema: JsonObject = { type: 'object' };
  for (let at = 0; at < 201; at++) schema = { type: 'object', properties: { a: schema } };
  const pruner = new Pruner();
  t.same(pruner.value(nested('a', 200), schema), nested('a', 200));
  t.throws(() => pruner.value(nested('a', 201), schema), { message: 'exceeded max depth' });
});

t.test('maxDepth of kube/schema/decode: built-in kinds have 200 levels', async (t) => {
  const definition = definitionOf('apiextensions.v1.JSONSchemaProps');
  t.doesNotThrow(() => decodeBy(definition, nested('not', 200)));
  t.throws(() => decodeBy(definition, nested('not', 201)), { message: 'exceeded max depth' });
});

t.test('maxDepth of kube/crd/validate-schema: a schema has a hundred levels', async (t) => {
  const schema = (depth: number): JsonObject => {
    let made: JsonObject = { type: 'object' };
    for (let at = 0; at < depth; at++) made = { type: 'object', properties: { a: made } };
    return made;
  };
  t.same(validateSchema(schema(100), 'schema'), []);
  t.match(validateSchema(schema(101), 'schema'), [{ message: /the schema is nested too deeply/ }]);
});

t.test('maxReplicas of kube/crd/scale-checks: what a number of replicas can be', async (t) => {
  const paths = { specReplicas: ['spec', 'n'], statusReplicas: ['status', 'n'], selector: null };
  const problems = (n: number): number =>
    validateScale({ metadata: {}, spec: { n } } as never, paths, false).length;
  t.equal(problems(2 ** 31 - 1), 0);
  t.equal(problems(2 ** 31), 1);
});

t.test('maxOperations of kube/patch/json-patch: ten thousand', async (t) => {
  const tests = (count: number): Json =>
    Array.from({ length: count }, () => ({ op: 'test', path: '/a', value: 1 }));
  t.same(jsonPatch({ a: 1 }, tests(10_000)), { a: 1 });
  t.throws(() => jsonPatch({ a: 1 }, tests(10_001)), {
    message: 'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
  });
});

t.test('maxCopiedBytes of kube/patch/json-patch: three MiB may be copied', async (t) => {
  const text = 'x'.repeat((1 << 20) - 2);
  const copies = (count: number): Json =>
    Array.from({ length: count }, (_none, at) => ({ op: 'copy', from: '/a', path: `/b${at}` }));
  t.equal(Object.keys(jsonPatch({ a: text }, copies(3)) as object).length, 4);
  t.throws(() => jsonPatch({ a: text }, copies(4)), { code: 422 });
  t.throws(() => jsonPatch({ a: `${text}x` }, copies(3)), { code: 422 });
});

t.test('duplicatesMax of kube/schema/json-text: a hundred are told', async (t) => {
  const twice = (count: number): string => {
    const members = Array.from({ length: count }, (_none, at) => `"a${at}":1,"a${at}":2`);
    return `{${members.join()}}`;
  };
  for (const count of [100, 101]) t.equal(parseJsonText(twice(count)).duplicates.length, 100);
});

t.test('maxAliases of kube/schema/yaml-text: what aliases multiply is bounded', async (t) => {
  const aliases = (count: number): string =>
    `a: &x [1]\nb: [${new Array<string>(count).fill('*x').join()}]\n`;
  t.doesNotThrow(() => parseYamlText(aliases(99)));
  const bomb = [
    'a: &a [x]',
    ...'bcdefgh'.split('').map((name, at) => {
      const before = 'abcdefgh'[at]!;
      return `${name}: &${name} [${new Array<string>(9).fill(`*${before}`).join()}]`;
    }),
  ].join('\n');
  t.throws(() => parseYamlText(bomb), /alias/i);
});

t.test(
  'silenceMaxMs of kube/http/component-probe and answerBytesMax of kube/http/component-probe',
  async (t) => {
    const { clock, random } = nodeRuntime();
    const made = makeCertificate({ commonName: 'a', now: clock.wallNow(), validDays: 1 }, null, random);
    const open = createServer({ key: made.key, cert: made.cert }, (request, response) => {
      if (request.url === '/healthz') response.end('x'.repeat(size));
    });
    let size = 10 * 1024;
    await new Promise<void>((resolve) => open.listen(0, '127.0.0.1', resolve));
    t.teardown(() => open.closeAllConnections());
    t.teardown(() => open.close());
    const { port } = open.address() as AddressInfo;
    t.same(await probeComponent(port), { isHealthy: true, message: 'x'.repeat(size) });
    size++;
    t.same(await probeComponent(port), { isHealthy: true, message: 'x'.repeat(size - 1) });
    open.removeAllListeners('request');
    const silent = await probeComponent(port, 50);
    t.match(silent, { isHealthy: false, message: /healthz": context deadline exceeded$/ });
  },
);
