/** Admission webhooks: what they are asked, what they may answer, and what becomes of a request when they cannot be asked. */

import t, { type Test } from 'tap';
import { startControlPlane } from '../../src/kube/control-plane.ts';
import type { ControlPlaneOptions } from '../../src/kube/control-plane-options.ts';
import type { WebhookCaller } from '../../src/kube/webhooks/types.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { type Answer, Api } from './api.ts';
import {
  admitted,
  patchOf,
  type Question,
  type Reply,
  startWebhook,
  type WebhookServer,
} from './webhook-server.ts';

const registration = '/apis/admissionregistration.k8s.io/v1';
const core = '/api/v1/namespaces/default';
const maps = `${core}/configmaps`;

type Kind = 'Mutating' | 'Validating';

class Scene {
  readonly api: Api;
  readonly webhook: WebhookServer;
  answer: (question: Question) => Reply = (question) => admitted(question);

  constructor(api: Api, webhook: WebhookServer) {
    this.api = api;
    this.webhook = webhook;
  }

  /** Webhooks of a configuration, each with what is not as usual. */
  configure(kind: Kind, name: string, ...hooks: object[]): Promise<Answer> {
    const usual = {
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      clientConfig: { url: `${this.webhook.url}/${name}`, caBundle: this.webhook.caBundle },
      rules: [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
    };
    const webhooks = hooks.map((hook, at) => ({ name: `${name}${at}.example.com`, ...usual, ...hook }));
    return this.api.send('POST', `${registration}/${kind.toLowerCase()}webhookconfigurations`, {
      metadata: { name },
      webhooks,
    });
  }

  create(name: string, more: object = {}): Promise<Answer> {
    return this.api.send('POST', maps, { metadata: { name }, ...more });
  }

  asked(): Question['body'][] {
    return this.webhook.questions.splice(0).map(({ body }) => body.request);
  }
}

async function scene(test: Test, options: ControlPlaneOptions = {}, hosts?: string[]): Promise<Scene> {
  const plane = await startControlPlane({ runtime: nodeRuntime(), ...options });
  test.teardown(() => plane.close());
  const webhook = await startWebhook(test, (question) => made.answer(question), hosts);
  const made: Scene = new Scene(new Api(plane), webhook);
  return made;
}

t.test('a webhook is asked with the whole request', async (t) => {
  const s = await scene(t);
  t.equal((await s.configure('Validating', 'v', {})).code, 201);
  await s.api.send('POST', `${maps}?fieldManager=me&dryRun=All`, { metadata: { name: 'a' } });
  await s.create('a', { data: { k: '1' } });
  await s.api.merge(`${maps}/a`, { data: { k: '2' } });
  await s.api.send('DELETE', `${maps}/a`, {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    propagationPolicy: 'Background',
  });
  const [{ path, body }] = s.webhook.questions as [Question];
  t.equal(path, '/v?timeout=10s');
  t.match(body, { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' });
  const [dry, create, update, gone] = s.asked();
  const kind = { group: '', version: 'v1', kind: 'ConfigMap' };
  const resource = { group: '', version: 'v1', resource: 'configmaps' };
  t.match(dry, {
    ...{ kind, resource, requestKind: kind, requestResource: resource },
    ...{ name: 'a', namespace: 'default', operation: 'CREATE', dryRun: true, oldObject: null },
    options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', dryRun: ['All'], fieldManager: 'me' },
    userInfo: { username: 'system:anonymous', groups: ['system:unauthenticated'] },
    object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a', namespace: 'default' } },
  });
  t.match(create, { dryRun: false, object: { metadata: { uid: /.{36}/ }, data: { k: '1' } } });
  t.match(update, { operation: 'UPDATE', object: { data: { k: '2' } }, oldObject: { data: { k: '1' } } });
  t.match(gone, {
    ...{ operation: 'DELETE', object: null, oldObject: { data: { k: '2' } } },
    options: { kind: 'DeleteOptions', propagationPolicy: 'Background' },
  });
  t.equal(s.webhook.connections(), 1, 'one connection serves them all');
});

t.test('a refusal is the word of the webhook', async (t) => {
  const s = await scene(t);
  await s.configure('Validating', 'v', {});
  const refused = async (status: object | undefined): Promise<Answer['body']> => {
    s.answer = (question) => admitted(question, { allowed: false, status });
    return (await s.create('a')).body;
  };
  const who = 'admission webhook "v0.example.com" denied the request';
  t.match(await refused(undefined), { message: `${who} without explanation`, code: 400, status: 'Failure' });
  t.match(await refused({ message: 'no' }), { message: `${who}: no`, code: 400 });
  t.match(await refused({ reason: 'Conflict', code: 200 }), {
    message: `${who}: Conflict`,
    reason: 'Conflict',
    code: 400,
  });
  t.match(await refused({ message: 'm', code: 403, reason: 'Forbidden' }), {
    message: `${who}: m`,
    ...{ code: 403, reason: 'Forbidden' },
  });
  s.answer = (question) => admitted(question, { warnings: ['mind this', 'mind this'] });
  t.equal((await s.create('w')).headers.get('warning'), '299 - "mind this"');
});

t.test('who cannot be asked stops the request, or is passed over', async (t) => {
  const s = await scene(t);
  await s.configure('Validating', 'v', {});
  const problem = async (answer: (question: Question) => Reply): Promise<string> => {
    s.answer = answer;
    const { code, body } = await s.create('a');
    t.match({ code, reason: body.reason }, { code: 500, reason: 'InternalError' });
    const prefix = 'Internal error occurred: failed calling webhook "v0.example.com": ';
    t.equal(body.message.slice(0, prefix.length), prefix);
    return body.message.slice(prefix.length);
  };
  const failed = 'failed to call webhook: ';
  const wrong = 'received invalid webhook response: ';
  t.equal(
    await problem(() => ({ code: 500, text: 'boom' })),
    `${failed}an error on the server ("boom") has prevented the request from succeeding`,
  );
  t.equal(
    await problem(() => ({ code: 404, text: '' })),
    `${failed}the server could not find the requested resource`,
  );
  t.equal(
    await problem(() => ({ code: 200, text: '' })),
    `${failed}0-length response with status code: 200 and content type: text/plain`,
  );
  t.match(
    await problem((question) => admitted(question, { uid: 'x' })),
    /^received invalid webhook response: expected response\.uid=".{36}", got "x"$/,
  );
  t.equal(
    await problem(() => ({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' })),
    `${wrong}webhook response was absent`,
  );
  t.equal(
    await problem(({ body }) => ({ response: { uid: body.request.uid, allowed: true } })),
    `${wrong}expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=`,
  );
  t.equal(
    await problem((question) => admitted(question, patchOf([{ op: 'remove', path: '/data' }]))),
    `${wrong}validating webhook may not return response.patch`,
  );
  await s.api.send('DELETE', `${registration}/validatingwebhookconfigurations/v`);
  const nowhere = { clientConfig: { url: 'https://127.0.0.1:1/x' } };
  await s.configure('Validating', 'v', nowhere);
  s.answer = admitted;
  t.equal(
    await problem(admitted),
    `${failed}Post "https://127.0.0.1:1/x?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused`,
  );
  await s.api.send('DELETE', `${registration}/validatingwebhookconfigurations/v`);
  await s.configure('Validating', 'v', { ...nowhere, failurePolicy: 'Ignore' });
  t.equal((await s.create('b')).code, 201);
});

t.test('a webhook has its time, and must be who it says', async (t) => {
  const s = await scene(t);
  await s.configure('Validating', 'slow', { timeoutSeconds: 1 });
  s.answer = () => null;
  t.match(
    (await s.create('a')).body.message,
    /Post "https:\/\/127\.0\.0\.1:\d+\/slow\?timeout=1s": context deadline exceeded$/,
  );
  await s.api.send('DELETE', `${registration}/validatingwebhookconfigurations/slow`);
  s.answer = admitted;
  await s.configure('Validating', 'stranger', { clientConfig: { url: s.webhook.url } });
  t.match(
    (await s.create('a')).body.message,
    /Post "https:\/\/127\.0\.0\.1:\d+\/\?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority$/,
  );
});

t.test('a service is called where its endpoints are, by its name', async (t) => {
  const s = await scene(t, {}, ['hook.default.svc']);
  const { caBundle, port } = s.webhook;
  const clientConfig = { caBundle, service: { namespace: 'default', name: 'hook', path: '/p' } };
  await s.configure('Validating', 'v', { clientConfig });
  const why = (text: string): string =>
    `Internal error occurred: failed calling webhook "v0.example.com": failed to call webhook: Post "https://hook.default.svc:443/p?timeout=10s": ${text}`;
  t.equal((await s.create('a')).body.message, why('service "hook" not found'));
  const ports = [{ port: 443 }];
  await s.api.send('POST', `${core}/services`, { metadata: { name: 'hook' }, spec: { ports } });
  t.equal((await s.create('a')).body.message, why('no endpoints available for service "hook"'));
  const called: object[] = [];
  const webhookCaller: WebhookCaller = {
    post: (request) => {
      called.push(request);
      return Promise.resolve({ code: 200, contentType: '', body: '{}' });
    },
    close: () => {},
  };
  const other = await scene(t, { webhookCaller });
  await other.api.send('POST', `${core}/services`, { metadata: { name: 'hook' }, spec: { ports } });
  await other.api.send('POST', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
    metadata: { name: 'hook', labels: { 'kubernetes.io/service-name': 'hook' } },
    addressType: 'IPv4',
    ports: [{ name: '', port }],
    endpoints: [{ addresses: ['10.1.2.3'] }],
  });
  await other.configure('Validating', 'v', { clientConfig });
  await other.create('a');
  await other.api.send('DELETE', `${core}/services/hook`);
  const spec = { type: 'ExternalName', externalName: 'elsewhere.example' };
  await other.api.send('POST', `${core}/services`, { metadata: { name: 'hook' }, spec });
  await other.create('a');
  const url = 'https://hook.default.svc:443/p?timeout=10s';
  t.match(called, [
    { url, dial: { host: '10.1.2.3', port } },
    { url, dial: { host: 'elsewhere.example', port: 443 } },
  ]);
});

t.test('webhooks that change see one another’s changes, and again what came later', async (t) => {
  const s = await scene(t);
  await s.configure('Mutating', 'b', { reinvocationPolicy: 'IfNeeded' }, {});
  await s.configure('Mutating', 'a', {});
  let count = 0;
  s.answer = (question) =>
    admitted(
      question,
      patchOf([{ op: 'add', path: `/data/${question.path.slice(1, 2)}${count++}`, value: 'x' }]),
    );
  const { code, body } = await s.create('m', { data: { given: '1' } });
  t.equal(code, 201);
  t.strictSame(Object.keys(body.data), ['a0', 'b1', 'b2', 'b3', 'given']);
  const asked = s.asked();
  t.strictSame(
    asked.map(({ object }) => Object.keys(object.data).join()),
    ['given', 'a0,given', 'a0,b1,given', 'a0,b1,b2,given'],
  );
  t.notOk('uid' in asked[0].object.metadata, 'a new object has no uid yet');
  t.match(body.metadata.uid, /.{36}/);
  t.notOk(JSON.stringify(body.metadata.managedFields).includes('f:a0'), 'what they add is nobody’s');
});

t.test('a patch must fit, and what comes out of it be an object', async (t) => {
  const s = await scene(t);
  await s.configure('Mutating', 'm', {});
  const patched = async (...operations: object[]): Promise<string> => {
    s.answer = (question) => admitted(question, patchOf(operations));
    return (await s.create('p', { data: { a: '1' } })).body.message;
  };
  const internal = 'Internal error occurred: ';
  t.equal(
    await patched({ op: 'remove', path: '/data/b' }),
    `${internal}error in remove for path: '/data/b': unable to remove nonexistent key: b: missing value`,
  );
  t.equal(
    await patched({ op: 'add', path: '/x/y', value: 1 }),
    `${internal}add operation does not apply: doc is missing path: "/x/y": missing value`,
  );
  t.equal(
    await patched({ op: 'test', path: '/data/a', value: '2' }),
    `${internal}testing value /data/a failed: test failed`,
  );
  t.match(
    await patched({ op: 'add', path: '/data/a', value: 5 }),
    /^Internal error occurred: json: cannot unmarshal number/,
  );
  t.match(
    await patched({ op: 'add', path: '/metadata/labels', value: { 'a b': '' } }),
    /metadata\.labels: Invalid value: "a b"/,
  );
  t.equal(
    await patched({ op: 'replace', path: '/metadata/namespace', value: 'zz' }),
    'the namespace of the provided object does not match the namespace sent on the request',
  );
  s.answer = (question) => admitted(question, { patch: 'AAAA' });
  t.match(
    (await s.create('p')).body.message,
    /received invalid webhook response: webhook returned response\.patch but not response\.patchType$/,
  );
  s.answer = admitted;
  await s.create('q');
  s.answer = (question) => admitted(question, patchOf([{ op: 'add', path: '/data', value: {} }]));
  t.match(
    (await s.api.send('DELETE', `${maps}/q`)).body.message,
    /attempted to modify the object, which is not supported for this operation$/,
  );
});

t.test('rules, selectors and conditions say which requests are meant', async (t) => {
  const s = await scene(t);
  const meant = async (hook: object, run: () => Promise<unknown>): Promise<number> => {
    const { code, body } = await s.configure('Validating', 'v', hook);
    if (code !== 201) throw new Error(body.message);
    s.asked();
    await run();
    await s.api.send('DELETE', `${registration}/validatingwebhookconfigurations/v`);
    return s.asked().length;
  };
  let count = 0;
  const create =
    (labels: object = {}) =>
    () =>
      s.api.send('POST', maps, { metadata: { name: `m${count++}`, labels }, data: {} });
  const rule = (more: object): object => ({
    rules: [{ operations: ['CREATE'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'], ...more }],
  });
  t.equal(await meant(rule({}), create()), 1);
  t.equal(await meant(rule({ operations: ['UPDATE', 'DELETE'] }), create()), 0);
  t.equal(await meant(rule({ resources: ['pods', 'configmaps/status'] }), create()), 0);
  t.equal(await meant(rule({ scope: 'Cluster' }), create()), 0);
  t.equal(await meant(rule({ scope: 'Namespaced' }), create()), 1);
  const ofNamespace = (name: string): object => ({
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
  });
  t.equal(await meant(ofNamespace('default'), create()), 1);
  t.equal(await meant(ofNamespace('other'), create()), 0);
  const objectSelector = { matchExpressions: [{ key: 'k', operator: 'In', values: ['1'] }] };
  t.equal(await meant({ objectSelector }, create()), 0);
  t.equal(await meant({ objectSelector }, create({ k: '1' })), 1);
  const condition = (expression: string): object => ({ matchConditions: [{ name: 'c', expression }] });
  t.equal(await meant(condition("object.metadata.name.startsWith('zz')"), create()), 0);
  t.equal(await meant(condition("request.userInfo.username == 'system:anonymous'"), create()), 1);
  t.equal(
    await meant(condition("authorizer.group('').resource('pods').check('get').allowed()"), create()),
    1,
  );
  t.equal(
    await meant({ ...rule({ resources: ['deployments/scale'], operations: ['UPDATE'] }) }, async () => {
      const labels = { a: 'b' };
      const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } };
      const deployments = '/apis/apps/v1/namespaces/default/deployments';
      await s.api.send('POST', deployments, {
        metadata: { name: 'd' },
        spec: { selector: { matchLabels: labels }, template },
      });
      await s.api.merge(`${deployments}/d/scale`, { spec: { replicas: 3 } });
    }),
    1,
  );
  await s.configure('Validating', 'v', condition('object.nothing == 1'));
  t.equal(
    (await s.create('zz')).body.message,
    `configmaps "zz" is forbidden: expression 'object.nothing == 1' resulted in error: no such key: nothing`,
  );
});

t.test('configuring webhooks is no matter of webhooks, and a dry run only of harmless ones', async (t) => {
  const s = await scene(t);
  const rules = [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }];
  s.answer = (question) => admitted(question, { allowed: false });
  await s.configure('Validating', 'v', { rules });
  t.equal((await s.create('a')).code, 400);
  t.equal((await s.configure('Mutating', 'm', { rules })).code, 201);
  t.equal((await s.api.send('DELETE', `${registration}/validatingwebhookconfigurations/v`)).code, 200);
  t.equal((await s.api.send('DELETE', `${registration}/mutatingwebhookconfigurations/m`)).code, 200);
  t.equal((await s.create('a')).code, 201);
});

t.test('an object is shown in the version that the webhook knows', async (t) => {
  const s = await scene(t);
  const rules = [{ operations: ['*'], apiGroups: ['autoscaling'], apiVersions: ['v1'], resources: ['*'] }];
  await s.configure('Mutating', 'm', { rules });
  s.answer = (question) =>
    admitted(question, patchOf([{ op: 'replace', path: '/spec/maxReplicas', value: 7 }]));
  const path = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers';
  const spec = { maxReplicas: 2, scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' } };
  const { body } = await s.api.send('POST', path, { metadata: { name: 'h' }, spec });
  t.match(body, { apiVersion: 'autoscaling/v2', spec: { maxReplicas: 7 } });
  t.match(s.asked(), [
    {
      kind: { version: 'v1' },
      requestKind: { version: 'v2' },
      object: { apiVersion: 'autoscaling/v1', spec: { maxReplicas: 2 } },
    },
  ]);
});

t.test('audit hears what webhooks say', async (t) => {
  const lines: string[] = [];
  const s = await scene(t, { audit: { write: (line) => lines.push(line) } });
  await s.configure('Mutating', 'm', {});
  s.answer = (question) => admitted(question, { auditAnnotations: { seen: 'yes' } });
  await s.create('a');
  const [event] = lines.map((line) => JSON.parse(line)).filter(({ requestURI }) => requestURI === maps);
  t.strictSame(event.annotations, {
    'm0.example.com/seen': 'yes',
    'mutation.webhook.admission.k8s.io/round_0_index_0': JSON.stringify({
      configuration: 'm',
      webhook: 'm0.example.com',
      mutated: false,
    }),
  });
});

t.test('a configuration that makes no sense is refused', async (t) => {
  const s = await scene(t);
  const refused = async (hook: object): Promise<string[]> => {
    const { code, body } = await s.configure('Mutating', 'm', hook);
    t.equal(code, 422);
    return body.details.causes.map(
      ({ field, message }: { field: string; message: string }) => `${field}: ${message}`,
    );
  };
  const rule = (more: object): object => ({
    rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], ...more }],
  });
  const at = 'webhooks[0].';
  t.strictSame(await refused({ name: 'a.b', sideEffects: 'Some', timeoutSeconds: 31 }), [
    `${at}name: Invalid value: "a.b": should be a domain with at least three segments separated by dots`,
    `${at}sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"`,
    `${at}timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds`,
  ]);
  t.strictSame(await refused(rule({ operations: ['*', 'CREATE'], resources: ['pods/*', 'pods/log', ''] })), [
    `${at}rules[0].operations: Invalid value: ["*","CREATE"]: if '*' is present, must not specify other operations`,
    `${at}rules[0].resources[1]: Invalid value: "pods/log": if 'pods/*' is present, must not specify pods/log`,
    `${at}rules[0].resources[2]: Required value`,
  ]);
  const client = (clientConfig: object): Promise<string[]> => refused({ clientConfig });
  t.strictSame(await client({ url: 'http://u:p@h/x?y=1#f' }), [
    `${at}clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
    `${at}clientConfig.url: Invalid value: "u:p": user information is not permitted in the URL`,
    `${at}clientConfig.url: Invalid value: "f": fragments are not permitted in the URL`,
    `${at}clientConfig.url: Invalid value: "y=1": query parameters are not permitted in the URL`,
  ]);
  t.strictSame(await client({ service: { name: 'a', namespace: 'b', path: 'x', port: 70_000 } }), [
    `${at}clientConfig.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive`,
    `${at}clientConfig.service.path: Invalid value: "x": must start with a '/'`,
    `${at}clientConfig.service.path: Invalid value: "x": segment[0] may not be empty`,
  ]);
  t.match(await refused({ matchConditions: [{ name: 'c', expression: 'object.x +' }] }), [
    /^webhooks\[0\]\.matchConditions\[0\]\.expression: Invalid value: "object\.x \+": compilation failed: ERROR/,
  ]);
  t.strictSame(await refused({ matchConditions: [{ name: 'c', expression: '1 + 1' }] }), [
    `${at}matchConditions[0].expression: Invalid value: "1 + 1": must evaluate to bool but got int`,
  ]);
});

t.test(
  'custom resources and applied objects are changed, too; a status stays apart from the rest',
  async (t) => {
    const s = await scene(t);
    const schema = {
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          properties: { a: { type: 'string' }, b: { type: 'string', default: 'given' } },
        },
        status: { type: 'object', properties: { c: { type: 'string' } } },
      },
    };
    const names = { plural: 'boats', singular: 'boat', kind: 'Boat', listKind: 'BoatList' };
    await s.api.send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      metadata: { name: 'boats.sea.example.com' },
      spec: {
        ...{ group: 'sea.example.com', scope: 'Namespaced', names },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            subresources: { status: {} },
            schema: { openAPIV3Schema: schema },
          },
        ],
      },
    });
    const boats = '/apis/sea.example.com/v1/namespaces/default/boats';
    for (let tries = 0; tries < 5000 && (await s.api.get(boats)).code !== 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const rules = [
      {
        operations: ['*'],
        apiGroups: ['sea.example.com', ''],
        apiVersions: ['v1'],
        resources: ['*', '*/status'],
      },
    ];
    await s.configure('Mutating', 'm', { rules });
    const kind = { apiVersion: 'sea.example.com/v1', kind: 'Boat' };
    const add = (path: string, value: unknown): object => ({ op: 'add', path, value });
    s.answer = (question) => admitted(question, patchOf([add('/spec/a', 'x'), add('/spec/unknown', 1)]));
    const { body: made } = await s.api.send('POST', boats, { ...kind, metadata: { name: 'b' }, spec: {} });
    t.strictSame(made.spec, { a: 'x', b: 'given' }, 'pruned, and filled in');
    s.answer = (question) => admitted(question, patchOf([add('/spec/a', 'y'), add('/status', { c: 'z' })]));
    t.match((await s.api.merge(`${boats}/b/status`, { status: { c: 'w' } })).body, {
      spec: { a: 'x' },
      status: { c: 'z' },
    });
    const { body: changed } = await s.api.merge(`${boats}/b`, { spec: { b: 'q' } });
    t.match(changed, { spec: { a: 'y', b: 'q' }, status: { c: 'z' } });
    s.answer = (question) => admitted(question, patchOf([add('/metadata/labels', { by: 'webhook' })]));
    const apply = (): Promise<Answer> =>
      s.api.send(
        'PATCH',
        `${maps}/applied?fieldManager=me`,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data: { k: '1' } },
        { 'content-type': 'application/apply-patch+yaml' },
      );
    const first = await apply();
    t.match(first, { code: 201, body: { metadata: { labels: { by: 'webhook' } } } });
    const second = await apply();
    t.match(second, {
      code: 200,
      body: { metadata: { resourceVersion: first.body.metadata.resourceVersion } },
    });
  },
);
