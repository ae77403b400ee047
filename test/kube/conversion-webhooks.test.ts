/** Custom resources whose versions a webhook converts: stored in one, read, written, listed and watched in any. */

import t, { type Test } from 'tap';
import { startControlPlane } from '../../src/kube/control-plane.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { type Answer, Api } from './api.ts';
import { type Question, type Reply, startWebhook, type WebhookServer } from './webhook-server.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const boats = (version: string): string => `/apis/sea.example.com/${version}/namespaces/default/boats`;

interface Boat {
  apiVersion: string;
  metadata: { name: string; labels?: Record<string, string>; uid?: string };
  spec: { sails?: number; rig?: { sails: number } };
}

/** v1 has `spec.sails`, v2 `spec.rig.sails`. */
function converted(boat: Boat, apiVersion: string): Boat {
  const sails = boat.spec.sails ?? boat.spec.rig?.sails ?? 0;
  const spec = apiVersion.endsWith('/v2') ? { rig: { sails } } : { sails };
  const labels = { ...boat.metadata.labels, from: boat.apiVersion.slice(-2) };
  return { ...boat, apiVersion, metadata: { ...boat.metadata, labels }, spec };
}

function reviewed({ body }: Question, change: (objects: Boat[]) => unknown[] = (objects) => objects): object {
  const { uid, objects, desiredAPIVersion } = body.request;
  const made = objects.map((boat: Boat) => converted(boat, desiredAPIVersion));
  const { kind, apiVersion } = body;
  return {
    kind,
    apiVersion,
    response: { uid, result: { status: 'Success' }, convertedObjects: change(made) },
  };
}

class Scene {
  readonly api: Api;
  readonly webhook: WebhookServer;
  answer: (question: Question) => Reply = (question) => reviewed(question);

  constructor(api: Api, webhook: WebhookServer) {
    this.api = api;
    this.webhook = webhook;
  }

  definition(storage: string): object {
    const number = { type: 'integer' };
    const spec = (properties: object): object => ({
      type: 'object',
      properties: { spec: { type: 'object', properties } },
    });
    const version = (name: string, properties: object): object => ({
      ...{ name, served: true, storage: name === storage, subresources: { status: {} } },
      schema: { openAPIV3Schema: spec(properties) },
    });
    return {
      metadata: { name: 'boats.sea.example.com' },
      spec: {
        ...{ group: 'sea.example.com', scope: 'Namespaced' },
        names: { plural: 'boats', singular: 'boat', kind: 'Boat', listKind: 'BoatList' },
        versions: [
          version('v1', { sails: number }),
          version('v2', { rig: { type: 'object', properties: { sails: number } } }),
        ],
        conversion: {
          strategy: 'Webhook',
          webhook: {
            conversionReviewVersions: ['v1'],
            clientConfig: { url: `${this.webhook.url}/convert`, caBundle: this.webhook.caBundle },
          },
        },
      },
    };
  }

  async define(storage: string): Promise<void> {
    const { code, body } = await this.api.send('POST', definitions, this.definition(storage));
    if (code !== 201) throw new Error(body.message);
    for (let tries = 0; tries < 5000; tries++) {
      if ((await this.api.get(boats('v2'))).code === 200) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  create(version: string, name: string, spec: object): Promise<Answer> {
    const apiVersion = `sea.example.com/${version}`;
    return this.api.send('POST', boats(version), { apiVersion, kind: 'Boat', metadata: { name }, spec });
  }
}

async function scene(test: Test): Promise<Scene> {
  const plane = await startControlPlane({ runtime: nodeRuntime() });
  test.teardown(() => plane.close());
  const webhook = await startWebhook(test, (question) => made.answer(question));
  const made: Scene = new Scene(new Api(plane), webhook);
  return made;
}

t.test('objects are stored in one version, and read and written in any', async (t) => {
  const s = await scene(t);
  await s.define('v1');
  t.equal((await s.create('v1', 'a', { sails: 2 })).code, 201);
  t.equal(s.webhook.questions.length, 0, 'what is stored as it is served needs no conversion');
  const { body: read } = await s.api.get(`${boats('v2')}/a`);
  t.match(read, {
    apiVersion: 'sea.example.com/v2',
    spec: { rig: { sails: 2 } },
    metadata: { labels: { from: 'v1' } },
  });
  const [{ path, body }] = s.webhook.questions as [Question];
  t.equal(path, '/convert?timeout=30s');
  t.match(body, {
    ...{ kind: 'ConversionReview', apiVersion: 'apiextensions.k8s.io/v1' },
    request: {
      uid: /.{36}/,
      desiredAPIVersion: 'sea.example.com/v2',
      objects: [{ apiVersion: 'sea.example.com/v1' }],
    },
  });
  const { code, body: made } = await s.create('v2', 'b', { rig: { sails: 5 } });
  t.match(
    { code, made },
    { code: 201, made: { apiVersion: 'sea.example.com/v2', spec: { rig: { sails: 5 } } } },
  );
  t.match((await s.api.get(`${boats('v1')}/b`)).body, { spec: { sails: 5 } });
  const patched = await s.api.merge(`${boats('v2')}/a`, { spec: { rig: { sails: 3 } } });
  t.match(patched, { code: 200, body: { spec: { rig: { sails: 3 } } } });
  const { body: after } = await s.api.get(`${boats('v1')}/a`);
  t.match(after, { spec: { sails: 3 }, metadata: { uid: read.metadata.uid } });
  t.equal(
    (await s.api.send('PUT', `${boats('v2')}/a`, { ...patched.body, spec: { rig: { sails: 4 } } })).code,
    200,
  );
  t.match((await s.api.get(boats('v2'))).body.items, [
    { metadata: { name: 'a' }, spec: { rig: { sails: 4 } } },
    { metadata: { name: 'b' }, spec: { rig: { sails: 5 } } },
  ]);
  t.equal((await s.api.send('DELETE', `${boats('v2')}/b`)).code, 200);
  t.equal((await s.api.get(`${boats('v1')}/b`)).code, 404);
});

t.test('a watch of one version sees what is written in another', async (t) => {
  const s = await scene(t);
  await s.define('v1');
  const pending = s.api.frames(`${boats('v2')}?watch=1`, 3);
  await s.create('v1', 'a', { sails: 1 });
  await s.api.merge(`${boats('v1')}/a`, { spec: { sails: 2 } });
  await s.api.send('DELETE', `${boats('v1')}/a`);
  const frames = await pending;
  t.strictSame(
    frames.map(({ type, object }) => [type, object.apiVersion, object.spec.rig.sails]),
    [
      ['ADDED', 'sea.example.com/v2', 1],
      ['MODIFIED', 'sea.example.com/v2', 2],
      ['DELETED', 'sea.example.com/v2', 2],
    ],
  );
});

t.test('what was stored before another version became the stored one is converted too', async (t) => {
  const s = await scene(t);
  await s.define('v1');
  await s.create('v1', 'old', { sails: 1 });
  const { body } = await s.api.get(`${definitions}/boats.sea.example.com`);
  const next = s.definition('v2') as { metadata: object };
  const { code } = await s.api.send('PUT', `${definitions}/boats.sea.example.com`, {
    ...next,
    metadata: { ...next.metadata, resourceVersion: body.metadata.resourceVersion },
  });
  t.equal(code, 200);
  await s.create('v2', 'new', { rig: { sails: 2 } });
  t.match((await s.api.get(`${boats('v1')}/new`)).body, { spec: { sails: 2 } });
  t.match((await s.api.get(`${boats('v2')}/old`)).body, { spec: { rig: { sails: 1 } } });
});

t.test('a webhook that does not convert says why', async (t) => {
  const s = await scene(t);
  await s.define('v1');
  await s.create('v1', 'a', { sails: 1 });
  const who = 'conversion webhook for sea.example.com/v1, Kind=Boat';
  const said = async (answer: (question: Question) => Reply): Promise<string> => {
    s.answer = answer;
    const { code, body } = await s.api.get(`${boats('v2')}/a`);
    t.equal(code, 500);
    return body.message;
  };
  const result = (status: object): ((question: Question) => object) => {
    return ({ body: { kind, apiVersion, request } }) => ({
      ...{ kind, apiVersion },
      response: { uid: request.uid, result: status, convertedObjects: [] },
    });
  };
  t.equal(await said(result({ status: 'Failure', message: 'no wind' })), `${who} failed: no wind`);
  t.equal(
    await said(result({ status: 'Failed' })),
    `${who} failed: response.result.status was 'Failed', not 'Success'`,
  );
  t.equal(await said(result({ status: 'Success' })), `${who} returned 0 objects, expected 1`);
  t.equal(
    await said((question) => reviewed(question, ([boat]) => [{ ...boat!, apiVersion: 'x/v9' }])),
    `${who} returned invalid object at index 0: invalid groupVersion (expected sea.example.com/v2, received x/v9)`,
  );
  t.equal(
    await said((question) =>
      reviewed(question, ([boat]) => [{ ...boat!, metadata: { ...boat!.metadata, name: 'z' } }]),
    ),
    `${who} returned invalid object: must have the same name: a != z`,
  );
  t.match(
    await said(() => ({ code: 500, text: 'boom' })),
    `${who} failed: an error on the server ("boom") has prevented`,
  );
  s.answer = reviewed;
  t.match((await s.api.get(`${boats('v2')}/a`)).body, { spec: { rig: { sails: 1 } } });
  t.equal((await s.api.get(boats('v2'))).code, 200);
});
