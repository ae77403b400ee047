/** ValidatingAdmissionPolicies: which requests they are about, what they see, and what becomes of what they find. */

import t, { type Test } from 'tap';
import { startControlPlane } from '../../src/kube/control-plane.ts';
import type { ControlPlaneOptions } from '../../src/kube/control-plane-options.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { type Answer, Api } from './api.ts';

const registration = '/apis/admissionregistration.k8s.io/v1';
const maps = '/api/v1/namespaces/default/configmaps';

const aboutMaps = {
  resourceRules: [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
};

class Scene {
  readonly api: Api;

  constructor(api: Api) {
    this.api = api;
  }

  async policy(name: string, spec: object): Promise<void> {
    const given = { failurePolicy: 'Fail', matchConstraints: aboutMaps, ...spec };
    const path = `${registration}/validatingadmissionpolicies`;
    const { code, body } = await this.api.send('POST', path, { metadata: { name }, spec: given });
    if (code !== 201) throw new Error(body.message);
  }

  async bind(name: string, policyName: string, spec: object = {}): Promise<void> {
    const given = { policyName, validationActions: ['Deny'], ...spec };
    const path = `${registration}/validatingadmissionpolicybindings`;
    const { code, body } = await this.api.send('POST', path, { metadata: { name }, spec: given });
    if (code !== 201) throw new Error(body.message);
  }

  create(name: string, more: object = {}): Promise<Answer> {
    return this.api.send('POST', maps, { metadata: { name }, ...more });
  }
}

async function scene(test: Test, options: ControlPlaneOptions = {}): Promise<Scene> {
  const plane = await startControlPlane({ runtime: nodeRuntime(), ...options });
  test.teardown(() => plane.close());
  return new Scene(new Api(plane));
}

t.test('a policy refuses once it is bound, and only what it is about', async (t) => {
  const s = await scene(t);
  await s.policy('p', { validations: [{ expression: "object.metadata.name.startsWith('a')" }] });
  t.equal((await s.create('b1')).code, 201, 'nobody has bound it');
  await s.bind('b', 'p');
  const { body } = await s.create('b2');
  const text = `ValidatingAdmissionPolicy 'p' with binding 'b' denied request: failed expression: object.metadata.name.startsWith('a')`;
  t.match(body, {
    message: `configmaps "b2" is forbidden: ${text}`,
    ...{
      code: 422,
      reason: 'Invalid',
      details: { name: 'b2', kind: 'configmaps', causes: [{ message: text }] },
    },
  });
  t.equal((await s.create('a')).code, 201);
  t.equal((await s.api.send('POST', '/api/v1/namespaces', { metadata: { name: 'b' } })).code, 201);
  await s.api.send('DELETE', `${registration}/validatingadmissionpolicybindings/b`);
  t.equal((await s.create('b3')).code, 201);
});

t.test('messages, reasons and variables are the policy’s own', async (t) => {
  const s = await scene(t);
  await s.policy('p', {
    variables: [
      { name: 'size', expression: 'has(object.data) ? size(object.data) : 0' },
      { name: 'broken', expression: 'object.nothing' },
    ],
    validations: [
      {
        expression: 'variables.size < 2',
        messageExpression: "'has ' + string(variables.size)",
        reason: 'Forbidden',
      },
      { expression: "object.metadata.name != 'x'", message: 'not x' },
      { expression: "object.metadata.name != 'y' || variables.broken == 1" },
    ],
  });
  await s.bind('b', 'p');
  const prefix = (name: string): string =>
    `configmaps "${name}" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: `;
  t.match((await s.create('a', { data: { a: '1', b: '2' } })).body, {
    message: `${prefix('a')}has 2`,
    ...{ code: 403, reason: 'Forbidden' },
  });
  t.equal((await s.create('x')).body.message, `${prefix('x')}not x`);
  t.equal(
    (await s.create('y')).body.message,
    `${prefix('y')}expression 'object.metadata.name != 'y' || variables.broken == 1' resulted in error: composited variable "broken" fails to evaluate: expression 'object.nothing' resulted in error: no such key: nothing`,
  );
  t.equal((await s.create('z')).code, 201);
});

t.test('what cannot be evaluated refuses, unless it is to be passed over', async (t) => {
  const s = await scene(t);
  const validations = [{ expression: 'object.data.x == object.data.y' }];
  await s.policy('open', { failurePolicy: 'Ignore', validations });
  await s.bind('open', 'open');
  t.equal((await s.create('a')).code, 201);
  await s.policy('closed', { validations });
  await s.bind('closed', 'closed');
  t.match((await s.create('b')).body.message, /resulted in error: no such key: data$/);
});

t.test('parameters are objects that bindings choose', async (t) => {
  const s = await scene(t);
  await s.policy('p', {
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    matchConditions: [
      { name: 'labelled', expression: "has(object.metadata.labels) && 'app' in object.metadata.labels" },
    ],
    validations: [
      { expression: "object.metadata.labels.app in params.data.apps.split(',')", message: 'unknown app' },
    ],
  });
  await s.create('apps', { data: { apps: 'a,b' } });
  const paramRef = { name: 'apps', namespace: 'default', parameterNotFoundAction: 'Deny' };
  await s.bind('b', 'p', { paramRef });
  const labelled = (app: string): Promise<Answer> =>
    s.api.send('POST', maps, { metadata: { generateName: 'm-', labels: { app } } });
  t.equal((await labelled('a')).code, 201);
  t.match((await labelled('c')).body.message, /denied request: unknown app$/);
  t.equal((await s.create('plain')).code, 201);
  await s.bind('c', 'p', { paramRef: { ...paramRef, name: 'nothing' } });
  t.match(
    (await labelled('a')).body.message,
    /'p' with binding 'c' denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction$/,
  );
});

t.test('a binding may warn and tell the audit instead', async (t) => {
  const lines: string[] = [];
  const s = await scene(t, { audit: { write: (line) => lines.push(line) } });
  await s.policy('p', {
    validations: [{ expression: 'false', message: 'never' }],
    auditAnnotations: [{ key: 'name', valueExpression: "'it is ' + object.metadata.name" }],
  });
  await s.bind('b', 'p', { validationActions: ['Warn', 'Audit'] });
  const { code, headers } = await s.create('a');
  t.equal(code, 201);
  t.equal(
    headers.get('warning'),
    `299 - "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': never"`,
  );
  const [event] = lines.map((line) => JSON.parse(line)).filter(({ requestURI }) => requestURI === maps);
  t.equal(event.annotations['p/name'], 'it is a');
  t.strictSame(JSON.parse(event.annotations['validation.policy.admission.k8s.io/validation_failure']), [
    { message: 'never', policy: 'p', binding: 'b', expressionIndex: 0, validationActions: ['Warn', 'Audit'] },
  ]);
});

t.test('policies see the request, the old object, the namespace, and may ask the authorizer', async (t) => {
  const s = await scene(t);
  const expressions = [
    "request.operation in ['CREATE', 'UPDATE', 'DELETE']",
    "request.kind.kind == 'ConfigMap' && request.resource.resource == 'configmaps' && request.namespace == 'default'",
    "request.operation != 'UPDATE' || (oldObject.data.k == '1' && object.data.k == '2')",
    "request.operation != 'DELETE' || object == null",
    "namespaceObject.metadata.labels['kubernetes.io/metadata.name'] == 'default'",
    "authorizer.group('').resource('configmaps').namespace('default').check('create').allowed()",
    'authorizer.requestResource.check(request.operation.lowerAscii()).allowed()',
    "authorizer.path('/healthz').check('get').reason() == ''",
    "authorizer.serviceAccount('default', 'default').group('').resource('pods').check('get').allowed()",
  ];
  await s.policy('p', { validations: expressions.map((expression) => ({ expression })) });
  await s.bind('b', 'p');
  const answers = [
    await s.create('a', { data: { k: '1' } }),
    await s.api.merge(`${maps}/a`, { data: { k: '2' } }),
    await s.api.send('DELETE', `${maps}/a`),
  ];
  for (const { code, body } of answers) t.ok(code < 300, body.message);
});

t.test('rules may leave out names, and connections and bindings of pods are asked about, too', async (t) => {
  const s = await scene(t);
  const resourceRules = [{ operations: ['*'], apiGroups: [''], apiVersions: ['*'], resources: ['pods/*'] }];
  const excluded = [{ ...resourceRules[0], resourceNames: ['free'] }];
  await s.policy('p', {
    matchConstraints: { resourceRules, excludeResourceRules: excluded },
    validations: [
      {
        expression: 'false',
        messageExpression: "request.operation + ' ' + request.subResource + ' ' + object.kind",
      },
    ],
  });
  await s.bind('b', 'p');
  const pods = '/api/v1/namespaces/default/pods';
  for (const name of ['free', 'held']) {
    await s.api.send('POST', pods, { metadata: { name }, spec: { containers: [{ name: 'c', image: 'i' }] } });
  }
  const said = async (method: string, path: string, body?: object): Promise<string> =>
    (await s.api.send(method, `${pods}/${path}`, body)).body.message.replace(/^.*denied request: /, '');
  t.equal(await said('POST', 'held/exec?command=ls&stdout=true'), 'CONNECT exec PodExecOptions');
  t.equal(await said('GET', 'held/proxy/x'), 'CONNECT proxy PodProxyOptions');
  const target = { kind: 'Node', name: 'n' };
  t.equal(
    await said('POST', 'held/binding', { metadata: { name: 'held' }, target }),
    'CREATE binding Binding',
  );
  t.equal(await said('POST', 'held/eviction', { metadata: { name: 'held' } }), 'CREATE eviction Eviction');
  t.equal(
    (await s.api.send('POST', `${pods}/free/binding`, { metadata: { name: 'free' }, target })).code,
    201,
  );
});

t.test('a policy or a binding that makes no sense is refused', async (t) => {
  const s = await scene(t);
  const refused = async (plural: string, spec: object): Promise<string[]> => {
    const { code, body } = await s.api.send('POST', `${registration}/${plural}`, {
      metadata: { name: 'p' },
      spec,
    });
    t.equal(code, 422);
    return body.details.causes.map(
      ({ field, message }: { field: string; message: string }) => `${field}: ${message}`,
    );
  };
  const policy = (spec: object): Promise<string[]> =>
    refused('validatingadmissionpolicies', { matchConstraints: aboutMaps, ...spec });
  const why = 'validations or auditAnnotations must contain at least one item';
  t.strictSame(await policy({ matchConstraints: {} }), [
    'spec.matchConstraints.resourceRules: Required value',
    `spec.validations: Required value: ${why}`,
    `spec.auditAnnotations: Required value: ${why}`,
  ]);
  const validations = [{ expression: '1', message: ' ', reason: 'Gone' }, { expression: ' ' }];
  t.strictSame(await policy({ validations, variables: [{ name: '1a', expression: 'true' }] }), [
    'spec.variables[0].name: Invalid value: "1a": name is not a valid CEL identifier',
    'spec.validations[0].expression: Invalid value: "1": must evaluate to bool but got int',
    'spec.validations[0].message: Invalid value: " ": message must be non-empty if specified',
    'spec.validations[0].reason: Unsupported value: "Gone": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"',
    'spec.validations[1].expression: Required value: expression is not specified',
  ]);
  const binding = (spec: object): Promise<string[]> => refused('validatingadmissionpolicybindings', spec);
  t.strictSame(await binding({ paramRef: {} }), [
    'spec.policyName: Required value',
    'spec.paramRef: Required value: one of name or selector must be specified',
    'spec.paramRef.parameterNotFoundAction: Required value',
    'spec.validationActions: Required value',
  ]);
  t.match(await binding({ policyName: 'p', validationActions: ['Deny', 'Warn'] }), [
    /^spec\.validationActions: Invalid value: \["Deny","Warn"\]: must not contain both Deny and Warn/,
  ]);
});

t.test('a policy may change objects: laid over as by an apply, or by a patch', async (t) => {
  const s = await scene(t);
  const post = async (plural: string, name: string, spec: object): Promise<void> => {
    const { code, body } = await s.api.send('POST', `${registration}/${plural}`, {
      metadata: { name },
      spec,
    });
    if (code !== 201) throw new Error(body.message);
  };
  const aboutPods = {
    resourceRules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
  };
  const change = async (name: string, mutations: object[], more: object = {}): Promise<void> => {
    const spec = { failurePolicy: 'Fail', matchConstraints: aboutPods, reinvocationPolicy: 'Never' };
    await post('mutatingadmissionpolicies', name, { ...spec, mutations, ...more });
    await post('mutatingadmissionpolicybindings', name, { policyName: name });
  };
  await change(
    'a',
    [
      {
        patchType: 'ApplyConfiguration',
        applyConfiguration: {
          expression: `Object{
            metadata: Object.metadata{labels: {"size": variables.size}},
            spec: Object.spec{
              initContainers: [Object.spec.initContainers{name: "mesh", image: "proxy:1", env: [
                Object.spec.initContainers.env{name: "X", value: "{,}"}]}]
            }
          }`,
        },
      },
    ],
    { variables: [{ name: 'size', expression: 'string(size(object.spec.containers))' }] },
  );
  await change('b', [
    {
      patchType: 'JSONPatch',
      jsonPatch: {
        expression: `[
          JSONPatch{op: "test", path: "/spec/containers/0/name", value: "c"},
          JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("a/b"), value: object.metadata.labels.size + "!"},
          JSONPatch{op: "add", path: "/spec/tolerations", value: [{"key": "k", "operator": "Exists"}]}
        ].filter(p, true)`.replace('!', 'x'),
      },
    },
  ]);
  const pods = '/api/v1/namespaces/default/pods';
  const create = (name: string, spec: object = {}): Promise<Answer> =>
    s.api.send('POST', pods, {
      metadata: { name },
      spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
    });
  const { code, body } = await create('p', { initContainers: [{ name: 'first', image: 'i' }] });
  t.equal(code, 201, body.message);
  t.strictSame(body.metadata.labels, { 'a/b': '1x', size: '1' });
  t.match(body.spec.initContainers, [
    { name: 'first' },
    { name: 'mesh', image: 'proxy:1', env: [{ name: 'X', value: '{,}' }] },
  ]);
  t.ok(body.spec.tolerations.some(({ key }: { key: string }) => key === 'k'));
  t.notOk(JSON.stringify(body.metadata.managedFields).includes('mesh'), 'nobody owns what a policy adds');
  await change('c', [
    { patchType: 'JSONPatch', jsonPatch: { expression: '[JSONPatch{op: "remove", path: "/x/y"}]' } },
  ]);
  t.match((await create('q')).body, {
    message: `policy 'c' with binding 'c' denied request: JSON Patch: remove operation does not apply: doc is missing path: "/x/y": missing value`,
    ...{ code: 403, reason: 'Invalid' },
  });
});
