/** What a kube-apiserver says where it is easily forgotten: methods of paths, rules of kinds that few know. */

import { request } from 'node:http';
import t from 'tap';
import { startApi } from './api.ts';

const maps = '/api/v1/namespaces/default/configmaps';

t.test('a method that a path has not is refused, and does not do what another path would', async (t) => {
  const api = await startApi(t);
  await api.send('POST', maps, { metadata: { name: 'kept' } });
  for (const [method, path] of [
    ['HEAD', maps],
    ['HEAD', `${maps}/kept`],
    ['HEAD', '/api'],
    ['HEAD', '/api/v1'],
    ['HEAD', '/apis/apps/v1'],
    ['HEAD', '/version'],
    ['PUT', maps],
    ['PATCH', maps],
    ['DELETE', '/api/v1/watch/namespaces/default/configmaps'],
    ['POST', '/api/v1/watch/namespaces/default/configmaps'],
    ['DELETE', '/api/v1/watch/namespaces/default/configmaps/kept'],
    ['POST', '/openid/v1/jwks'],
  ] as const) {
    const hasBody = method === 'PUT' || method === 'PATCH' || method === 'POST';
    const answer = await api.send(method, path, hasBody ? {} : undefined);
    t.equal(answer.code, 405, `${method} ${path}`);
  }
  t.equal((await api.get(`${maps}/kept`)).code, 200, 'nothing was deleted');
  for (const path of ['/', '/apis', '/apis/apps']) {
    t.equal((await api.send('HEAD', path)).code, 200, `HEAD ${path}`);
    t.equal((await api.send('POST', path, {})).code, 200, `POST ${path}`);
  }
});

t.test('the keys of tokens have one form, and may be kept for an hour', async (t) => {
  const api = await startApi(t);
  const keys = await api.get('/openid/v1/jwks', { accept: 'application/jwk-set+json' });
  t.equal(keys.code, 200);
  t.equal(keys.headers.get('cache-control'), 'public, max-age=3600');
  const refused = await api.get('/openid/v1/jwks', { accept: 'application/json' });
  t.equal(refused.code, 406);
  t.match(
    refused.body.message,
    /^406: Not Acceptable\n\nAvailable representations: application\/jwk-set\+json$/,
  );
});

t.test('who may not do something is not told whether it exists', async (t) => {
  const api = await startApi(t, {
    authorizationModes: ['RBAC'],
    adminToken: 'secret',
  });
  const bob = { authorization: 'Bearer secret', 'impersonate-user': 'bob' };
  for (const path of ['/api/v1/nothing', '/apis/apps/v1/namespaces/default/nothing/x']) {
    const answer = await api.get(path, bob);
    t.equal(answer.code, 403, path);
    t.equal(answer.headers.get('x-content-type-options'), 'nosniff');
  }
  const admin = await api.get('/api/v1/nothing', { authorization: 'Bearer secret' });
  t.equal(admin.code, 404);
  t.equal(admin.headers.get('x-content-type-options'), null);
  t.equal((await api.get('/api/v1/nothing', { authorization: 'Bearer wrong' })).code, 401);
});

t.test('a refusal of a HEAD has no body', async (t) => {
  const api = await startApi(t);
  const { port } = new URL(api.plane.url);
  const bytes = await new Promise<number>((resolve, reject) => {
    const sent = request({ port, path: maps, method: 'HEAD' }, (response) => {
      let count = 0;
      response.on('data', (chunk: Buffer) => {
        count += chunk.length;
      });
      response.on('end', () => resolve(count));
    });
    sent.on('error', reject);
    sent.end();
  });
  t.equal(bytes, 0);
});

t.test('a LimitRange without a name gets one, and a generateName may change', async (t) => {
  const api = await startApi(t);
  const made = await api.send('POST', '/api/v1/namespaces/default/limitranges', { spec: { limits: [] } });
  t.equal(made.code, 201);
  t.match(made.body.metadata.name, /^[0-9a-f-]{36}$/);
  await api.send('POST', maps, { metadata: { name: 'a', generateName: 'x-' } });
  const changed = await api.merge(`${maps}/a`, { metadata: { generateName: 'y-' } });
  t.equal(changed.body.metadata.generateName, 'y-');
  const gone = await api.send('PUT', `${maps}/a`, { metadata: { name: 'a' } });
  t.equal(gone.body.metadata.generateName, undefined);
});

t.test('no policy at all is not the default policies of an autoscaler', async (t) => {
  const api = await startApi(t);
  const create = (behavior: object): ReturnType<typeof api.send> =>
    api.send('POST', '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers?dryRun=All', {
      metadata: { name: 'a' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' },
        maxReplicas: 2,
        behavior,
      },
    });
  const refused = await create({ scaleUp: { policies: [] } });
  t.equal(refused.code, 422);
  t.match(
    refused.body.message,
    /spec\.behavior\.scaleUp\.policies: Required value: must specify at least one Policy/,
  );
  t.equal((await create({ scaleUp: { policies: null } })).body.spec.behavior.scaleUp.policies.length, 2);
});

t.test('the flow of those who are never limited, and of all others, stays as it is', async (t) => {
  const api = await startApi(t);
  const levels = '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations';
  const schemas = '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas';
  const schema = await api.merge(`${schemas}/catch-all`, { spec: { matchingPrecedence: 9000 } });
  t.equal(schema.code, 422);
  t.match(schema.body.message, /spec of 'catch-all' must equal the fixed value$/);
  const shares = { spec: { limited: { nominalConcurrencyShares: 7 } } };
  t.equal((await api.merge(`${levels}/catch-all`, shares)).code, 422);
  t.equal((await api.merge(`${levels}/workload-low`, shares)).code, 200);
  const exempt = await api.merge(`${levels}/exempt`, { spec: { exempt: { lendablePercent: 10 } } });
  t.equal(exempt.code, 200);
  t.equal((await api.merge(`${levels}/exempt`, { metadata: { labels: { a: 'b' } } })).code, 200);
});

t.test('the name of an initiator has room for its volume and portal', async (t) => {
  const api = await startApi(t);
  const create = (name: string): ReturnType<typeof api.send> =>
    api.send('POST', '/api/v1/persistentvolumes?dryRun=All', {
      metadata: { name },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        iscsi: {
          ...{ targetPortal: '10.0.0.1:3260', iqn: 'iqn.2015-02.example.com:test', lun: 0 },
          initiatorName: 'iqn.2015-02.example.com:init',
        },
      },
    });
  t.equal((await create('a'.repeat(50))).code, 201);
  const long = await create('a'.repeat(51));
  t.equal(long.code, 422);
  t.match(
    long.body.message,
    /spec\.iscsi\.targetportal: Invalid value: "10\.0\.0\.1:3260": Total length of <volume name>/,
  );
});

t.test('a pod has processes of the host only, or none', async (t) => {
  const api = await startApi(t);
  const create = async (spec: object): Promise<string> => {
    const pod = { metadata: { name: 'a' }, spec };
    const { code, body } = await api.send('POST', '/api/v1/namespaces/default/pods?dryRun=All', pod);
    return code === 201 ? '' : body.message.replace('Pod "a" is invalid: ', '');
  };
  const container = (hostProcess?: boolean): object => ({
    ...{ name: `c${hostProcess ?? ''}`, image: 'i' },
    ...(hostProcess === undefined ? {} : { securityContext: { windowsOptions: { hostProcess } } }),
  });
  t.equal(await create({ hostNetwork: true, containers: [container(true)] }), '');
  t.match(
    await create({ containers: [container(true)] }),
    'spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers',
  );
  t.match(
    await create({ hostNetwork: true, containers: [container(true), container()] }),
    /^spec: Invalid value: "": If pod contains any hostProcess containers then all containers must be/,
  );
  const securityContext = { windowsOptions: { hostProcess: true } };
  t.match(
    await create({ hostNetwork: true, securityContext, containers: [container(false), container()] }),
    /spec\.containers\[0\]\.securityContext\.windowsOptions\.hostProcess: Invalid value: false: pod hostProcess value must be identical if both are specified, was true/,
  );
});

t.test('who may do everything is told so once', async (t) => {
  const api = await startApi(t, { authorizationModes: ['RBAC'], adminToken: 'secret' });
  const reviews = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews';
  const sent = { spec: { namespace: 'default' } };
  const { body } = await api.send('POST', reviews, sent, { authorization: 'Bearer secret' });
  const isEverything = ({ nonResourceURLs }: { nonResourceURLs: string[] }): boolean =>
    nonResourceURLs.includes('*');
  t.equal(body.status.nonResourceRules.filter(isEverything).length, 1);
});

t.test(
  'options within an eviction are options of a delete, and a token is bound to what there is',
  async (t) => {
    const api = await startApi(t);
    const pods = '/api/v1/namespaces/default/pods';
    const pod = { metadata: { name: 'a' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    await api.send('POST', pods, pod);
    const refused = await api.send('POST', `${pods}/a/eviction`, {
      metadata: { name: 'a' },
      deleteOptions: { dryRun: ['Some'] },
    });
    t.equal(refused.code, 422);
    t.match(refused.body.message, /^DeleteOptions\.meta\.k8s\.io "" is invalid: dryRun: Unsupported value/);
    t.equal((await api.get(`${pods}/a`)).code, 200, 'nothing was evicted');
    const bind = async (boundObjectRef: object): Promise<string> =>
      (
        await api.send('POST', '/api/v1/namespaces/default/serviceaccounts/default/token', {
          spec: { boundObjectRef },
        })
      ).body.message;
    t.equal(
      await bind({ apiVersion: 'v1', kind: 'Foo', name: 'a' }),
      'cannot bind token to object of type /v1, Kind=Foo',
    );
    t.match(
      await bind({ apiVersion: 'v1', kind: 'Pod', name: 'a', uid: 'x' }),
      /^Operation cannot be fulfilled on Pod "a": the UID in the bound object reference \(x\)/,
    );
  },
);
