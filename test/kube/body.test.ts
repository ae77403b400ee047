/** Bodies of requests: JSON and YAML as a real API server takes them, and what it says of those it does not take. */

import fc from 'fast-check';
import t from 'tap';
import type { JsonObject } from '../../src/kube/api/objects.ts';
import { decodeBy } from '../../src/kube/schema/decode.ts';
import { parseJsonText } from '../../src/kube/schema/json-text.ts';
import { definitionOf } from '../../src/kube/schema/schema.ts';
import { canonicalTime, timeProblem } from '../../src/kube/schema/times.ts';
import { parseYamlText } from '../../src/kube/schema/yaml-text.ts';
import { startApi } from './api.ts';

t.test('what is wrong with JSON is said in the words of Go', async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['', 'unexpected end of JSON input'],
    ['  ', 'unexpected end of JSON input'],
    ['{"a"', 'unexpected end of JSON input'],
    ['{"a":"b', 'unexpected end of JSON input'],
    ['tru', 'unexpected end of JSON input'],
    ['abc', "invalid character 'a' looking for beginning of value"],
    ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b":2}', "invalid character '\"' after object key:value pair"],
    ['[1 2]', "invalid character '2' after array element"],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['{} x', "invalid character 'x' after top-level value"],
    ['01', "invalid character '1' after top-level value"],
    ['-x', "invalid character 'x' in numeric literal"],
    ['1.x', "invalid character 'x' after decimal point in numeric literal"],
    ['1ex', "invalid character 'x' in exponent of numeric literal"],
    ['truth', "invalid character 't' in literal true (expecting 'e')"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ["'a'", "invalid character '\\'' looking for beginning of value"],
    ['é', "invalid character 'Ã' looking for beginning of value"],
  ];
  for (const [text, message] of cases) t.throws(() => parseJsonText(text), { message }, text);
});

t.test('whatever JSON.parse takes is taken, with the same value, and nothing else', async () => {
  const agree = (text: string): boolean => {
    let expected: unknown;
    try {
      expected = JSON.parse(text);
    } catch {
      return refuses(text);
    }
    return JSON.stringify(parseJsonText(text).value) === JSON.stringify(expected);
  };
  fc.assert(
    fc.property(fc.json(), fc.nat(3), (text, indent) => {
      return agree(JSON.stringify(JSON.parse(text), null, indent));
    }),
    { numRuns: 200 },
  );
  const noise = fc.string({ unit: fc.constantFrom(...'{}[]",:\\ tfn01.-e\n'), maxLength: 12 });
  fc.assert(fc.property(noise, agree), { numRuns: 2000 });
});

function refuses(text: string): boolean {
  try {
    parseJsonText(text);
    return false;
  } catch (error) {
    return error instanceof Error && error.name === 'JsonTextError';
  }
}

t.test('members that stand twice are told by their path', async (t) => {
  const text = '{"a":1, "data":{"x":"1","x":"2","\\u0078":"3"}, "l":[{"k":1},{"k":1,"k":2}], "a":2}';
  const { value, duplicates } = parseJsonText(text);
  t.strictSame(duplicates, ['data.x', 'l[1].k', 'a']);
  t.strictSame(value, { a: 2, data: { x: '3' }, l: [{ k: 1 }, { k: 2 }] }, 'the last one counts');
});

t.test('a key with a backslash in it is not taken for another one that begins like it', async (t) => {
  // V8 from 13.6 on expects what it has seen before, and takes it for there.
  for (const first of ['{"a":1,"\\\\":1}', '{"a":{},"\\\\":{"x":[1,{"\\\\":2}]}}']) {
    for (let round = 0; round < 3; round++) {
      t.strictSame(parseJsonText(first).value, JSON.parse(first));
      t.strictSame(parseJsonText('{"a":1,"\\u0062":1}').value, { a: 1, b: 1 });
      t.strictSame(parseJsonText('{"a": {}, "\\n":{"x": [1,{"\\u0063":2}]}}').value, {
        a: {},
        '\n': { x: [1, { c: 2 }] },
      });
      t.strictSame(parseJsonText('{"a":1,"\\u0061":2}').duplicates, ['a']);
    }
  }
  const odd = '{"__proto__":{"\\\\":1}, "__proto__":{"\\\\":-0.5e1}, "l":[true,null,false,"\\\\"]}';
  t.equal(JSON.stringify(parseJsonText(odd).value), '{"__proto__":{"\\\\":-5},"l":[true,null,false,"\\\\"]}');
});

/** An object as a list of its members, so that one may stand twice. */
interface Written {
  readonly text: string;
  readonly hasTwice: boolean;
}

const space = fc.constantFrom('', '', ' ', '\n', '\t ', ' \r\n');
const key = fc.constantFrom('"a"', '"b"', '"c d"', '"\\u0061"', '"a\\""', '":"', '"\\\\"');
const scalar = fc.constantFrom('1', 'null', '"x"', '"\\\\"', '"\\":"', '"a\\": 1, "');

const written = fc.letrec<{ value: Written; object: Written; list: Written }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar.map((text) => ({ text, hasTwice: false })),
    tie('object'),
    tie('list'),
  ),
  object: fc
    .array(fc.tuple(space, key, space, space, tie('value'), space), { maxLength: 3 })
    .map((members) => ({
      text: `{${members.map(([a, name, b, c, { text }, d]) => `${a}${name}${b}:${c}${text}${d}`).join(',')}}`,
      hasTwice:
        new Set(members.map(([, name]) => JSON.parse(name) as string)).size < members.length ||
        members.some(([, , , , { hasTwice }]) => hasTwice),
    })),
  list: fc.array(fc.tuple(space, tie('value'), space), { maxLength: 3 }).map((items) => ({
    text: `[${items.map(([a, { text }, b]) => a + text + b).join(',')}]`,
    hasTwice: items.some(([, { hasTwice }]) => hasTwice),
  })),
})).value;

t.test('that a member stands twice is seen, however a text is spaced and escaped', async () => {
  fc.assert(
    fc.property(written, ({ text, hasTwice }) => parseJsonText(text).duplicates.length > 0 === hasTwice),
    { numRuns: 1000 },
  );
});

t.test('nesting that would end the stack is refused', async (t) => {
  t.throws(() => parseJsonText('['.repeat(200_000)), { message: /exceeded max depth|unexpected end/ });
  t.throws(() => parseJsonText('['.repeat(20_000) + ']'.repeat(20_000)), { message: 'exceeded max depth' });
  // recursionMax of kube/schema/json-text
  t.throws(() => parseJsonText('['.repeat(2001) + ']'.repeat(2001)), { message: 'exceeded max depth' });
  t.ok(parseJsonText('['.repeat(2000) + ']'.repeat(2000)).value);
});

t.test('YAML comes out as JSON, and duplicates are strict problems only', async (t) => {
  const { value, problems } = parseYamlText('a: 1\nb: {c: [x, "1"]}\na: 2\n');
  t.strictSame(value, { a: 2, b: { c: ['x', '1'] } });
  t.strictSame(problems, ['yaml: unmarshal errors:\n  line 3: key "a" already set in map']);
  t.strictSame(parseYamlText('base: &b {x: 1}\nmore: {<<: *b, y: 2}\n').value, {
    base: { x: 1 },
    more: { x: 1, y: 2 },
  });
  t.strictSame(parseYamlText('{"a":1,"a":2}').problems, ['duplicate field "a"']);
});

t.test('YAML that is wrong, or grows without bound, is refused with its line', async (t) => {
  t.throws(() => parseYamlText('a: b: c\n'), {
    message: 'yaml: line 1: mapping values are not allowed in this context',
  });
  t.throws(() => parseYamlText('a: [1\n'), { message: /^yaml: line \d+: / });
  let bomb = 'a0: &a0 [x,x,x,x,x,x,x,x,x]\n';
  for (let i = 1; i < 9; i++) bomb += `a${i}: &a${i} [${`*a${i - 1},`.repeat(9)}]\n`;
  t.throws(() => parseYamlText(bomb), { message: 'yaml: document contains excessive aliasing' });
});

t.test('problems are told in the order of the document', async (t) => {
  const deployment = definitionOf('apps.v1.Deployment');
  const { problems } = decodeBy(deployment, {
    spec: { template: { spec: { containers: [{ foo: 1 }, { bar: 1 }], zoo: 1 } }, replicaz: 1 },
    metadata: { lables: {} },
    extra: 1,
  });
  t.strictSame(problems, [
    'unknown field "spec.template.spec.containers[0].foo"',
    'unknown field "spec.template.spec.containers[1].bar"',
    'unknown field "spec.template.spec.zoo"',
    'unknown field "spec.replicaz"',
    'unknown field "metadata.lables"',
    'unknown field "extra"',
  ]);
});

t.test('numbers are what their type can hold', async (t) => {
  const deployment = definitionOf('apps.v1.Deployment');
  const field = 'into Go struct field DeploymentSpec.spec.replicas of type int32';
  for (const replicas of [1.5, 2 ** 31, -(2 ** 31) - 1]) {
    t.throws(() => decodeBy(deployment, { spec: { replicas } }), {
      message: `json: cannot unmarshal number ${replicas} ${field}`,
    });
  }
  t.throws(() => decodeBy(deployment, { metadata: { name: 1 } }), {
    message: 'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string',
  });
});

t.test('times are kept in UTC and whole seconds, and refused when they are none', async (t) => {
  t.equal(canonicalTime('2026-01-02T03:04:05.678+02:00', false), '2026-01-02T01:04:05Z');
  t.equal(canonicalTime('2026-01-02T03:04:05.678901Z', true), '2026-01-02T03:04:05.678901Z');
  const layout = '"2006-01-02T15:04:05Z07:00"';
  const cases: readonly (readonly [string, string])[] = [
    ['yesterday', `parsing time "yesterday" as ${layout}: cannot parse "yesterday" as "2006"`],
    ['2026-01-02', `parsing time "2026-01-02" as ${layout}: cannot parse "" as "T"`],
    ['2026-13-02T00:00:00Z', 'parsing time "2026-13-02T00:00:00Z": month out of range'],
    ['2026-02-30T00:00:00Z', 'parsing time "2026-02-30T00:00:00Z": day out of range'],
    ['2026-01-02T00:00:00Zx', 'parsing time "2026-01-02T00:00:00Zx": extra text: "x"'],
  ];
  for (const [text, problem] of cases) t.equal(timeProblem(text, false), problem);
  t.equal(timeProblem('2026-01-02T00:00:00.5Z', false), null);
  t.match(timeProblem('2026-01-02T00:00:00Z', true), /cannot parse "Z" as ".000000"/);
});

t.test('schemas inside of schemas are decoded, whatever stands for them', async (t) => {
  const schema = {
    items: { type: 'string', foo: 1 },
    additionalProperties: false,
    dependencies: { a: ['b'], c: { type: 'object', foo: 1 } },
  };
  const { value, problems } = decodeBy(definitionOf('apiextensions.v1.CustomResourceDefinition'), {
    spec: { versions: [{ schema: { openAPIV3Schema: schema } }] },
  });
  const versions = (value['spec'] as JsonObject)['versions'] as JsonObject[];
  t.strictSame((versions[0]!['schema'] as JsonObject)['openAPIV3Schema'], {
    items: { type: 'string' },
    additionalProperties: false,
    dependencies: { a: ['b'], c: { type: 'object' } },
  });
  t.strictSame(problems, [], 'Go is not strict in there');
});

t.test('the server tells what body it cannot read, and shows its beginning', async (t) => {
  const api = await startApi(t);
  const path = '/api/v1/namespaces/default/configmaps';
  const message = async (body: string, type = 'application/json'): Promise<string> =>
    (await api.send('POST', path, body, { 'content-type': type })).body.message;
  const unrecognized = 'the object provided is unrecognized (must be of type ConfigMap): ';
  const noKind = `${unrecognized}couldn't get version/kind; json parse error: `;
  t.equal(await message(''), `${noKind}unexpected end of JSON input (<empty>)`);
  t.equal(await message('{"a'), `${noKind}unexpected end of JSON input ({"a)`);
  t.equal(await message('x'), `${noKind}invalid character 'x' looking for beginning of value (78)`);
  t.equal(
    await message(`{"kind":1,"data":"${'x'.repeat(50)}"}`),
    `${noKind}json: cannot unmarshal number into Go struct field .kind of type string ({"kind":1,"data":"xxxxxxxxxxxx ...)`,
  );
  t.match(await message('[]'), `${noKind}json: cannot unmarshal array into Go value of type struct`);
  t.match(await message('a: b: c', 'application/yaml'), `${unrecognized}yaml: line 1: mapping values`);
});

t.test('a member that stands twice is a problem of strict validation and a warning else', async (t) => {
  const api = await startApi(t);
  const path = '/api/v1/namespaces/default/configmaps';
  const body = '{"metadata":{"name":"c"},"data":{"a":"1","a":"2"},"foo":1}';
  const strict = await api.send('POST', `${path}?fieldValidation=Strict`, body);
  t.match(strict.body.message, 'strict decoding error: duplicate field "data.a", unknown field "foo"');
  const warned = await api.send('POST', path, body);
  t.equal(warned.code, 201);
  t.match(warned.headers.get('warning'), '299 - "duplicate field \\"data.a\\""');
  t.strictSame(warned.body.data, { a: '2' });
});
