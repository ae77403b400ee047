/** The table of types hangs together, and the registry with it. */

import t from 'tap';
import { parseLabelSelector } from '../../src/kube/meta/label-selector.ts';
import { builtInResources } from '../../src/kube/registry/built-in.ts';
import { Registry } from '../../src/kube/registry/registry.ts';
import { decodeBy } from '../../src/kube/schema/decode.ts';
import { allDefinitions, definitionOf, findDefinition } from '../../src/kube/schema/schema.ts';
import { durationText } from '../../src/kube/table/age.ts';

t.test('every type that a field names is described', async (t) => {
  for (const definition of allDefinitions()) {
    for (const field of definition.fields.values()) {
      if (field.definition !== '') t.ok(findDefinition(field.definition), `${definition.name}.${field.name}`);
    }
  }
});

t.test('every stored resource has a definition with metadata', async (t) => {
  for (const resource of builtInResources) {
    if (!resource.verbs.includes('create') || !resource.verbs.includes('get')) continue;
    t.ok(definitionOf(resource.definition).fields.has('metadata'), resource.definition);
  }
});

t.test('the preferred version of a group stands first, core before all', async (t) => {
  const registry = new Registry(builtInResources);
  t.equal(registry.groups()[0]?.name, '');
  t.strictSame(
    registry.group('autoscaling')?.versions.map(({ version }) => version),
    ['v2', 'v1'],
  );
});

t.test('embedded structs stand in their parent', async (t) => {
  const probe = definitionOf('core.v1.Probe');
  t.ok(probe.fields.has('httpGet'));
  t.notOk(probe.fields.has('handler'));
  t.strictSame(definitionOf('core.v1.EphemeralContainer').fields.get('ports')?.listKeys, [
    'containerPort',
    'protocol',
  ]);
});

t.test('decoding orders members, drops what is unknown and names where it stood', async (t) => {
  const pod = {
    spec: { containers: [{ image: 'i', name: 'c', foo: 1 }], nodeName: null },
    metadata: { name: 'p' },
  };
  const { value, problems } = decodeBy(definitionOf('core.v1.Pod'), pod);
  t.equal(
    JSON.stringify(value),
    '{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}',
  );
  t.strictSame(problems, ['unknown field "spec.containers[0].foo"']);
});

t.test('a wrong type is refused in the words of a real server', async (t) => {
  const deployment = definitionOf('apps.v1.Deployment');
  t.throws(() => decodeBy(deployment, { spec: { replicas: 'x' } }), {
    message: 'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
  });
  t.throws(() => decodeBy(definitionOf('core.v1.Secret'), { data: { a: '!' } }), {
    message: 'illegal base64 data at input byte 0',
  });
  t.throws(() => decodeBy(definitionOf('core.v1.ConfigMap'), { data: [] }), {
    message: 'json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string',
  });
});

t.test('a key called __proto__ is a key', async (t) => {
  const data = JSON.parse('{"data":{"__proto__":"x"}}');
  const { value } = decodeBy(definitionOf('core.v1.ConfigMap'), data);
  t.equal(JSON.stringify(value), '{"data":{"__proto__":"x"}}');
});

t.test('label selectors select', async (t) => {
  const labels = { app: 'web', size: '7', empty: '' };
  const cases: [string, boolean][] = [
    ['app', true],
    ['!app', false],
    ['app=web,size==7', true],
    ['app!=web', false],
    ['gone!=x', true],
    ['app in (a, web)', true],
    ['app notin (web)', false],
    ['gone notin (a)', true],
    ['empty=', true],
    ['empty in (a,,b)', true],
    ['size>5', true],
    ['size<7', false],
    ['gone>1', false],
    ['', true],
  ];
  for (const [text, expected] of cases) t.equal(parseLabelSelector(text).matches(labels), expected, text);
  t.throws(() => parseLabelSelector('a b'), {
    message: "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
  });
  t.throws(() => parseLabelSelector('a in (b'), {
    message: "unable to parse requirement: found '', expected: ',' or ')'",
  });
});

t.test('ages are told in at most two units', async (t) => {
  const minute = 60_000;
  const hour = 60 * minute;
  const day = 24 * hour;
  const cases: [number, string][] = [
    [-5000, '<invalid>'],
    [119_000, '119s'],
    [2 * minute, '2m'],
    [3 * minute + 5000, '3m5s'],
    [179 * minute, '179m'],
    [5 * hour + 2 * minute, '5h2m'],
    [47 * hour, '47h'],
    [3 * day + hour, '3d1h'],
    [100 * day, '100d'],
    [3 * 365 * day + 4 * day, '3y4d'],
    [9 * 365 * day, '9y'],
  ];
  for (const [ms, expected] of cases) t.equal(durationText(ms), expected);
});
