/** What a server owes besides answers: figures, an audit trail, limits, deadlines, and an end in order. */

import { connect } from 'node:net';
import t from 'tap';
import { freePorts } from '../../bench/ports.ts';
import { type ControlPlaneOptions, startControlPlane } from '../../src/kube/control-plane.ts';
import { auditPolicyOf } from '../../src/kube/http/audit.ts';
import { classOf, InFlight } from '../../src/kube/http/limits.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { Api } from './api.ts';

const maps = '/api/v1/namespaces/default/configmaps';

async function start(test: Pick<typeof t, 'teardown'>, options: ControlPlaneOptions = {}): Promise<Api> {
  const plane = await startControlPlane({ runtime: nodeRuntime(), ...options });
  test.teardown(() => plane.close());
  return new Api(plane);
}

t.test('figures have the names of kube-apiserver', async (t) => {
  const api = await start(t);
  await api.send('POST', maps, { metadata: { name: 'a' } });
  await api.get(`${maps}/a`);
  await api.get(`${maps}/b`);
  await api.get(maps);
  const watching = new AbortController();
  await fetch(`${api.plane.url}${maps}?watch=1&resourceVersion=0`, { signal: watching.signal });
  await api.get('/apis/autoscaling/v1/horizontalpodautoscalers');
  await api.get('/apis/autoscaling/v2/horizontalpodautoscalers');
  const { body, headers } = await api.get('/metrics');
  watching.abort();
  t.match(headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
  const labels = (verb: string, code: number, scope: string) =>
    `apiserver_request_total{code="${code}",component="apiserver",dry_run="",group="",resource="configmaps",scope="${scope}",subresource="",verb="${verb}",version="v1"}`;
  for (const line of [
    `${labels('POST', 201, 'namespace')} 1`,
    `${labels('GET', 200, 'resource')} 1`,
    `${labels('GET', 404, 'resource')} 1`,
    `${labels('LIST', 200, 'namespace')} 1`,
    'apiserver_current_inflight_requests{request_kind="readOnly"} 0',
    'apiserver_resource_objects{group="",resource="configmaps"} 2',
    'apiserver_registered_watchers{group="",kind="ConfigMap",version="v1"} 2',
    'etcd_requests_total{operation="create",type="configmaps"} 2',
  ]) {
    const name = line.slice(0, line.lastIndexOf(' '));
    const value = line.slice(line.lastIndexOf(' ') + 1);
    const found = body.split('\n').find((one: string) => one.startsWith(`${name} `));
    // How many more there are from the start is not said here.
    if (value === '2') t.ok(found, name);
    else t.equal(found, line);
  }
  for (const name of [
    'apiserver_request_duration_seconds_bucket',
    'apiserver_response_sizes_sum',
    'apiserver_longrunning_requests',
    'apiserver_watch_events_total',
    'apiserver_storage_objects',
    'etcd_request_duration_seconds_bucket',
    'process_resident_memory_bytes',
    'kubernetes_build_info',
  ]) {
    t.match(body, new RegExp(`^${name}[ {]`, 'm'), name);
  }
  t.match(body, 'apiserver_resource_objects{group="autoscaling",resource="horizontalpodautoscalers"} 0');
  const samples = body.split('\n').filter((line: string) => line !== '' && !line.startsWith('#'));
  const series: string[] = samples.map((line: string) => line.slice(0, line.lastIndexOf(' ')));
  t.same(
    series.filter((one, at) => series.indexOf(one) !== at),
    [],
    'no series is told twice, of what has two versions neither',
  );
});

t.test('how the server was when somebody asked is told by check, and how often it was so', async (t) => {
  const api = await start(t);
  const lines = async (from: Api): Promise<string[]> => {
    const { body, headers } = await from.get('/metrics/slis');
    t.match(headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
    return body.split('\n');
  };
  t.notOk(
    (await lines(api)).some((line) => line.startsWith('kubernetes_')),
    'nobody asked',
  );
  await api.get('/readyz');
  await api.get('/readyz?exclude=ping');
  await api.get('/livez');
  await api.get('/livez/etcd');
  const told = await lines(api);
  for (const line of [
    '# HELP kubernetes_healthcheck [STABLE] This metric records the result of a single healthcheck.',
    '# TYPE kubernetes_healthcheck gauge',
    'kubernetes_healthcheck{name="etcd",type="readyz"} 1',
    '# HELP kubernetes_healthchecks_total [STABLE] This metric records the results of all healthcheck.',
    '# TYPE kubernetes_healthchecks_total counter',
    'kubernetes_healthchecks_total{name="etcd",status="success",type="livez"} 1',
    'kubernetes_healthchecks_total{name="etcd",status="success",type="readyz"} 2',
    'kubernetes_healthchecks_total{name="ping",status="success",type="readyz"} 1',
  ]) {
    t.ok(told.includes(line), line);
  }
  const ending = await start(t, { shutdownDelayMs: 2000 });
  await ending.get('/readyz');
  const closing = ending.plane.close();
  t.equal((await ending.get('/readyz')).code, 500);
  const after = await lines(ending);
  await closing;
  for (const line of [
    'kubernetes_healthcheck{name="etcd",type="readyz"} 1',
    'kubernetes_healthcheck{name="shutdown",type="readyz"} 0',
    'kubernetes_healthchecks_total{name="shutdown",status="error",type="readyz"} 1',
    'kubernetes_healthchecks_total{name="shutdown",status="success",type="readyz"} 1',
  ]) {
    t.ok(after.includes(line), line);
  }
});

t.test('each request is a line of audit, for whom and how it ended', async (t) => {
  const lines: string[] = [];
  const api = await start(t, { audit: { write: (line) => lines.push(line) }, adminToken: 'secret' });
  const admin = { authorization: 'Bearer secret', 'user-agent': 'tester' };
  await api.send('POST', maps, { metadata: { name: 'a' }, data: { key: 'hidden' } }, admin);
  await api.get(`${maps}/b?pretty=true`, { ...admin, 'impersonate-user': 'alice' });
  await api.get('/version', { authorization: 'Bearer wrong' });
  const events = lines.map((line) => JSON.parse(line));
  t.match(events, [
    {
      ...{ kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: 'Metadata', stage: 'ResponseComplete' },
      ...{ verb: 'create', requestURI: maps, userAgent: 'tester', sourceIPs: [/127\.0\.0\.1$/] },
      user: { username: 'kubernetes-admin' },
      objectRef: { resource: 'configmaps', namespace: 'default', apiVersion: 'v1' },
      responseStatus: { code: 201 },
      requestReceivedTimestamp: /^\d{4}-.*\.\d{6}Z$/,
    },
    {
      ...{ verb: 'get', requestURI: `${maps}/b?pretty=true`, responseStatus: { code: 404 } },
      ...{ user: { username: 'kubernetes-admin' }, impersonatedUser: { username: 'alice' } },
      objectRef: { name: 'b' },
    },
    { verb: 'get', requestURI: '/version', responseStatus: { code: 401 }, user: {} },
  ]);
  t.notMatch(lines.join(), /hidden|secret/, 'no bodies, no credentials');
});

t.test('a policy says of whom and what audit tells', async (t) => {
  const lines: string[] = [];
  const auditPolicy = auditPolicyOf({
    kind: 'Policy',
    rules: [
      { level: 'None', resources: [{ group: '', resources: ['secrets'] }] },
      { level: 'None', nonResourceURLs: ['/healthz*', '/version'] },
      { level: 'Metadata', verbs: ['list'], namespaces: ['default'] },
      { level: 'None', verbs: ['get'] },
      { level: 'Metadata' },
    ],
  });
  const api = await start(t, { audit: { write: (line) => lines.push(line) }, auditPolicy });
  for (const path of ['/api/v1/secrets', '/healthz/ping', '/version', maps, `${maps}/a`]) await api.get(path);
  await api.send('DELETE', `${maps}/a`);
  t.strictSame(
    lines.map((line) => JSON.parse(line)).map(({ verb, requestURI }) => `${verb} ${requestURI}`),
    [`list ${maps}`, `delete ${maps}/a`],
  );
  t.throws(() => auditPolicyOf({ kind: 'Policy', rules: [] }), /at least one rule/);
  t.throws(() => auditPolicyOf({ kind: 'Policy', rules: [{ level: 'All' }] }), /rules\[0\]\.level/);
  t.throws(() => auditPolicyOf(null), /kind Policy/);
});

/** A request whose body never comes to its end. */
function unfinished(api: Api, size: number): { answer: Promise<string>; end: () => void } {
  const socket = connect(api.plane.port, '127.0.0.1');
  socket.write(
    `POST ${maps} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${size}\r\n\r\n{`,
  );
  const answer = new Promise<string>((resolve) => {
    let text = '';
    socket.on('data', (data) => {
      text += data.toString();
      if (text.includes('\r\n\r\n') && text.includes('}')) resolve(text);
    });
    socket.on('close', () => resolve(text));
    socket.on('error', () => resolve(text));
  });
  return { answer, end: () => socket.destroy() };
}

t.test(
  'too many requests at work are refused with 429, those that read apart from those that write',
  async (t) => {
    const api = await start(t, { maxMutatingRequestsInFlight: 2, adminToken: 'secret' });
    const open = [unfinished(api, 100), unfinished(api, 100)];
    let refused = await api.send('POST', maps, { metadata: { generateName: 'a' } });
    // The two others have to arrive first.
    for (let tries = 0; tries < 6000 && refused.code !== 429; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      refused = await api.send('POST', maps, { metadata: { generateName: 'a' } });
    }
    t.equal(refused.code, 429);
    t.equal(refused.headers.get('retry-after'), '1');
    t.match(refused.body, { kind: 'Status', reason: 'TooManyRequests' });
    t.equal((await api.get(maps)).code, 200, 'reads go on');
    t.equal((await api.get('/readyz')).code, 200);
    const admin = { authorization: 'Bearer secret' };
    t.equal(
      (await api.send('POST', maps, { metadata: { name: 'b' } }, admin)).code,
      201,
      'administrators too',
    );
    for (const { end } of open) end();
    let after = await api.send('POST', maps, { metadata: { generateName: 'a' } });
    for (let tries = 0; tries < 6000 && after.code !== 201; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      after = await api.send('POST', maps, { metadata: { generateName: 'a' } });
    }
    t.equal(after.code, 201, 'whoever went away counts no more');
    t.strictSame([classOf('list'), classOf('deletecollection')], ['readOnly', 'mutating']);
    const none = new InFlight({ reading: 0, writing: 0 });
    const nobody = { username: '', uid: '', groups: [], extra: {} };
    t.ok(none.enter('readOnly', nobody), '0 is any number');
  },
);

t.test('a request that takes too long is answered with 504', async (t) => {
  const api = await start(t, { requestTimeoutMs: 200 });
  const { answer, end } = unfinished(api, 100);
  const text = await answer;
  end();
  t.match(text, /^HTTP\/1\.1 504 /);
  t.match(text, /"reason":"Timeout"/);
  const query = 'watch=1&resourceVersion=0';
  const response = await fetch(`${api.plane.url}${maps}?${query}`);
  await new Promise((resolve) => setTimeout(resolve, 400));
  // It has no more time than the one before, which may be too little.
  for (let code = 0; code !== 201 && code !== 409; ) {
    code = (await api.send('POST', maps, { metadata: { name: 'late' } })).code;
  }
  let seen = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    seen += chunk;
    if (seen.includes('"late"')) break;
  }
  t.match(seen, /"late"/, 'watches may take as long as they like');
});

t.test('at the end it says so, lets watches end and requests finish', async (t) => {
  const runtime = nodeRuntime();
  const shutdownDelayMs = 2500;
  let goOn = (): void => {};
  // It goes on serving until the test has looked.
  const clock: typeof runtime.clock = {
    now: () => runtime.clock.now(),
    wallNow: () => runtime.clock.wallNow(),
    setTimer: (delay, fire) => {
      if (delay !== shutdownDelayMs) return runtime.clock.setTimer(delay, fire);
      goOn = fire;
      return { cancel: () => {} };
    },
  };
  const [port] = await freePorts(1);
  const plane = await startControlPlane({ runtime: { ...runtime, clock }, shutdownDelayMs, port: port! });
  const api = new Api(plane);
  const watch = await fetch(`${plane.url}${maps}?watch=1&resourceVersion=0`);
  const text = watch.text();
  const closing = plane.close();
  const ready = await api.get('/readyz');
  t.equal(ready.code, 500, 'those who spread requests send them elsewhere');
  t.match(ready.body, /\[-\]shutdown failed: reason withheld\n/);
  t.equal((await api.get('/livez')).code, 200);
  t.equal((await api.get(maps)).code, 200, 'and it still serves');
  goOn();
  await closing;
  await t.resolves(text, 'the watch ended with its last chunk');
  await t.rejects(fetch(plane.url), 'nobody is there any more');
});

t.test('many servers in a process leave nothing behind', async (t) => {
  const before = process.getActiveResourcesInfo().length;
  const planes = await Promise.all(Array.from({ length: 5 }, () => startControlPlane()));
  const codes = await Promise.all(planes.map(async ({ url }) => (await fetch(`${url}/readyz`)).status));
  t.strictSame(codes, [200, 200, 200, 200, 200]);
  await Promise.all(planes.map((plane) => plane.close()));
  let left = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 6000 && left > before; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    // The timer of this very pause is one of them while it runs, and fetch keeps its connections for a while.
    left = process.getActiveResourcesInfo().filter((kind) => !/Timeout|TCPSocketWrap/.test(kind)).length;
  }
  t.ok(left <= before, `${left} of at most ${before}`);
});
