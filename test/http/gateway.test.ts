/** The JSON gateway on a running member, over HTTP/1.1 and HTTP/2: what is not in the comparison with etcd. */

import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:http2';
import t, { type Test } from 'tap';
import { nobody } from '../../src/auth/types.ts';
import { catalog } from '../../src/etcd/catalog.ts';
import { gatewayOf } from '../../src/http/gateway.ts';
import { gatewayMethods } from '../../src/http/gateway-paths.ts';
import { type Member, startMember } from '../../src/index.ts';
import { FakeAuth } from '../etcd/fake-auth.ts';
import { FakeMember } from '../etcd/fake-member.ts';
import { until } from '../waiting.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function open(t: Test, options: object = {}): Promise<{ url: string; member: Member }> {
  const urls = { listenClientUrls: ['http://127.0.0.1:0'] };
  const member = await startMember({ memory: true, bcryptCost: 4, ...urls, ...options });
  t.teardown(() => member.close());
  return { url: member.clientUrls[0]!, member };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

type Ask = (path: string, body: string, headers?: Record<string, string>, method?: string) => Promise<Answer>;

const overHttp1 =
  (url: string): Ask =>
  async (path, body, headers = {}, method = 'POST') => {
    const answer = await fetch(`${url}${path}`, { method, headers, ...(method === 'GET' ? {} : { body }) });
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: await answer.text(),
    };
  };

function overHttp2(t: Test, url: string): Ask {
  const session = connect(url);
  t.teardown(() => session.close());
  return (path, body, headers = {}, method = 'POST') =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ':path': path, ':method': method, ...headers });
      let text = '';
      let answered: Readonly<Record<string, unknown>> = {};
      stream.on('response', (received) => {
        answered = received;
      });
      stream.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      stream.on('end', () => resolve({ status: Number(answered[':status']), headers: answered, body: text }));
      stream.on('error', reject);
      if (method !== 'GET') stream.end(body);
    });
}

/** A request whose body stays open, and the lines of its answer. */
class Lines {
  readonly lines: string[] = [];
  status = 0;
  isEnded = false;
  readonly #request: ReturnType<typeof httpRequest>;

  constructor(url: string) {
    let rest = '';
    this.#request = httpRequest(url, { method: 'POST' }, (response) => {
      this.status = response.statusCode!;
      response.setEncoding('utf8').on('data', (part: string) => {
        const lines = `${rest}${part}`.split('\n');
        rest = lines.pop()!;
        this.lines.push(...lines);
      });
      response.on('end', () => {
        this.isEnded = true;
      });
      response.on('error', () => {});
    });
    this.#request.on('error', () => {});
    this.#request.flushHeaders();
  }

  send(text: string): void {
    this.#request.write(text);
  }

  end(): void {
    this.#request.end();
  }

  cut(): void {
    this.#request.destroy();
  }

  async until(count: number): Promise<string[]> {
    await until(`${count} lines`, () => this.lines.length >= count);
    return this.lines.map((line) => line.replace(/"header":\{[^}]*\},?/, ''));
  }
}

t.test('every method of etcd has a path, but for those that have none in etcd either', async (t) => {
  const served = new Set([...gatewayMethods.values()].map(({ path }) => path));
  const none = [...catalog]
    .flatMap(([service, methods]) => [...methods.keys()].map((name) => `/${service}/${name}`))
    .filter((path) => !served.has(path) && !path.startsWith('/grpc.'));
  t.same(none, ['/etcdserverpb.KV/RangeStream']);
  t.equal(gatewayMethods.size, 50 - 1 - 2 + 3 + 1, 'three of them under two paths');
});

t.test('over HTTP/1.1 and HTTP/2 alike: answers, errors, and what is nowhere', async (t) => {
  const { url } = await open(t);
  for (const [title, ask] of [
    ['HTTP/1.1', overHttp1(url)],
    ['HTTP/2', overHttp2(t, url)],
  ] as const) {
    const put = await ask('/v3/kv/put', `{"key":"${base64('a')}","value":"${base64(title)}"}`);
    t.equal(put.status, 200, title);
    t.match(put.headers, {
      'content-type': 'application/json',
      'grpc-metadata-content-type': 'application/grpc',
      'access-control-allow-origin': '*',
    });
    for (const path of ['/v3/kv/range', '/v3beta/kv/range', '/v3/kv/range?pretty']) {
      const { body } = await ask(path, `{"key":"${base64('a')}"}`);
      t.match(JSON.parse(body), { kvs: [{ value: base64(title) }], count: '1' }, `${title} ${path}`);
    }
    const shown = async (...request: Parameters<Ask>): Promise<string> => {
      const { status, body } = await ask(...request);
      return `${status} ${body}`;
    };
    const words = 'etcdserver: key is not provided';
    t.equal(await shown('/v3/kv/range', ''), `400 {"error":"${words}","code":3,"message":"${words}"}`);
    t.equal(await shown('/v3/kv/ranges', '{}'), '404 {"error":"Not Found","code":5,"message":"Not Found"}');
    t.equal(
      await shown('/v3/kv/range', '', {}, 'GET'),
      '501 {"error":"Method Not Allowed","code":12,"message":"Method Not Allowed"}',
    );
    // Sent on to /v3/, and there is nothing: a client that follows sees that.
    t.match(await shown('/v3', '{}'), /^(301 $|404 .*"Not Found")/);
    t.match(
      await shown('/v3/lease/revoke', '{"ID":5}'),
      '404 {"error":"etcdserver: requested lease not found"',
    );
    t.match(
      await shown('/v3/kv/put', '{"key":"YQ==","lease":"5"} garbage'),
      /^404 /,
      'what follows is not read',
    );
    t.match(await shown('/health', '', {}, 'GET'), '200 {"health":"true"');
    t.match(await shown('/metrics', '', {}, 'GET'), /grpc_method="Put",[^}]*} \d/);
  }
});

t.test('a range of very many keys comes in parts, and is what one in a piece would be', async (t) => {
  const { url, member } = await open(t);
  const { client } = member;
  const value = 'v'.repeat(2000);
  const keys = Array.from({ length: 1700 }, (_, i) => `key/${1000 + i}`);
  await Promise.all(keys.map((key) => client.put(key, value)));
  const request = JSON.stringify({ key: base64('key/'), range_end: base64('key0') });
  for (const ask of [overHttp1(url), overHttp2(t, url)]) {
    const { status, headers, body } = await ask('/v3/kv/range', request);
    t.equal(status, 200);
    t.equal(headers['content-type'], 'application/json');
    const answer = JSON.parse(body) as {
      header: object;
      kvs: { key: string; value: string }[];
      count: string;
    };
    t.same(Object.keys(answer), ['header', 'kvs', 'count']);
    t.equal(answer.count, '1700');
    t.same(
      answer.kvs.map((pair) => pair.key),
      keys.map(base64),
    );
    t.ok(answer.kvs.every((pair) => pair.value === base64(value)));
  }
  const { id } = await client.leases.grant(1000, { keepAlive: false });
  for (let from = 0; from < 4500; from += 100) {
    await Promise.all(
      Array.from({ length: 100 }, (_, i) => client.put(`leased/${10_000 + from + i}`, '', { lease: id })),
    );
  }
  const left = await overHttp1(url)('/v3/lease/timetolive', JSON.stringify({ ID: String(id), keys: true }));
  const told = JSON.parse(left.body) as { grantedTTL: string; keys: string[] };
  t.equal(told.grantedTTL, '1000');
  t.same(
    told.keys,
    Array.from({ length: 4500 }, (_, i) => base64(`leased/${10_000 + i}`)),
  );
});

t.test('a client that leaves in the middle of a long answer is written no more of it', async (t) => {
  const { url, member } = await open(t);
  const { client } = member;
  const value = Buffer.alloc(64 * 1024, 'v');
  await Promise.all(Array.from({ length: 700 }, (_, i) => client.put(`key/${1000 + i}`, value)));
  const body = JSON.stringify({ key: base64('key/'), range_end: base64('key0') });
  const asking = httpRequest(`${url}/v3/kv/range`, { method: 'POST' });
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    asking.on('response', resolve).on('error', reject).end(body);
  });
  answer.on('error', () => {});
  await new Promise((resolve) => answer.once('data', resolve));
  answer.destroy();
  const { count } = await client.range({ prefix: 'key/' }, { countOnly: true });
  t.equal(Number(count), 700, 'others are served');
});

t.test('a watch: requests one behind the other, a line per answer', async (t) => {
  const { url } = await open(t);
  const ask = overHttp1(url);
  const watch = new Lines(`${url}/v3/watch`);
  watch.send(`{"create_request":{"key":"${base64('a')}","watch_id":"7"}}{"create_`);
  t.same(await watch.until(1), ['{"result":{"watch_id":"7","created":true}}']);
  watch.send(`request":{"key":"${base64('b')}","range_end":"${base64('c')}","filters":["NOPUT"]}}\n`);
  t.equal((await watch.until(2))[1], '{"result":{"created":true}}');
  watch.end();
  await ask('/v3/kv/put', `{"key":"${base64('b')}"}`);
  await ask('/v3/kv/put', `{"key":"${base64('a')}","value":"${base64('1')}"}`);
  const [, , put] = await watch.until(3);
  t.match(JSON.parse(put!), {
    result: { watch_id: '7', events: [{ kv: { key: base64('a'), mod_revision: '3', value: base64('1') } }] },
  });
  t.notMatch(put, 'type', 'PUT is the default');
  await ask('/v3/kv/deleterange', `{"key":"${base64('b')}"}`);
  t.match(JSON.parse((await watch.until(4))[3]!), { result: { events: [{ type: 'DELETE' }] } });
  t.notOk(watch.isEnded, 'the end of the requests is not the end of the call');
  t.match(await metricsOf(ask), 'etcd_debugging_mvcc_watcher_total 2');
  watch.cut();
  for (let tries = 0; tries < 6000; tries++) {
    if ((await metricsOf(ask)).includes('etcd_debugging_mvcc_watcher_total 0')) break;
  }
  t.match(await metricsOf(ask), 'etcd_debugging_mvcc_watcher_total 0', 'a client that left watches nothing');
});

async function metricsOf(ask: Ask): Promise<string> {
  return (await ask('/metrics', '', {}, 'GET')).body;
}

t.test('a first request in a stream that cannot be read ends it, with what is wrong', async (t) => {
  const { url } = await open(t);
  const first = new Lines(`${url}/v3/watch`);
  first.send('{"create_request":5}');
  await until('the end', () => first.isEnded);
  t.equal(first.status, 400);
  const error = { code: 3, grpc_code: 3, http_code: 400, http_status: 'Bad Request' };
  t.match(JSON.parse(first.lines[0]!), { error });
  const cut = new Lines(`${url}/v3/lease/keepalive`);
  cut.send('{"ID":');
  cut.end();
  await until('the end', () => cut.isEnded);
  t.match(JSON.parse(cut.lines[0]!), { error: { code: 3, message: 'unexpected EOF' } });
});

t.test('what cannot be read behind a request ends the requests, not the call, as with etcd', async (t) => {
  const { url } = await open(t);
  const ask = overHttp1(url);
  const first = `{"create_request":{"key":"${base64('a')}"}}`;
  const watches: Lines[] = [];
  for (const [at, parts] of [
    [first, ' junk'],
    [`${first} junk`],
    [`${first}{"create_request":5}`],
    [first, '{"create_request":5}', first],
    [`${first}{"create_`],
  ].entries()) {
    const watch = new Lines(`${url}/v3/watch`);
    watches.push(watch);
    for (const part of parts) {
      watch.send(part);
      await watch.until(1);
    }
    if (at % 2 === 0) watch.end();
  }
  await ask('/v3/kv/put', `{"key":"${base64('a')}","value":"${base64('1')}"}`);
  for (const watch of watches) {
    const [created, put] = await watch.until(2);
    t.match(JSON.parse(created!), { result: { created: true } });
    t.match(JSON.parse(put!), { result: { events: [{ kv: { value: base64('1') } }] } });
    t.notOk(watch.isEnded);
    watch.cut();
  }
  for (const junk of [' junk', '{"ID":5.5}', '{']) {
    const renewals = await ask('/v3/lease/keepalive', `{"ID":"77"}${junk}`);
    t.equal(renewals.status, 200);
    t.match(JSON.parse(renewals.body), { result: { ID: '77' } });
  }
});

t.test('other streams: renewals, and a snapshot in parts', async (t) => {
  const { url } = await open(t);
  for (const ask of [overHttp1(url), overHttp2(t, url)]) {
    const { body: granted } = await ask('/v3/lease/grant', '{"TTL":"100"}');
    const { ID } = JSON.parse(granted) as { ID: string };
    const renewals = await ask('/v3/lease/keepalive', `{"ID":"${ID}"}{"ID":"77"}`);
    t.equal(renewals.status, 200);
    const lines = renewals.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    t.same(
      lines.map(({ result }: { result: { ID: string; TTL?: string } }) => [result.ID, result.TTL]).sort(),
      [
        ['77', undefined],
        [ID, '100'],
      ].sort(),
    );
    const { status, body } = await ask('/v3/maintenance/snapshot', '{}');
    t.equal(status, 200);
    const parts = body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { result: { blob?: string } });
    const size = parts.reduce((sum, { result }) => sum + Buffer.from(result.blob ?? '', 'base64').length, 0);
    t.ok(size >= 16384, `a database of ${size} bytes`);
  }
});

t.test('a message that is too large is refused, and a body without end', async (t) => {
  const { url } = await open(t, { maxRequestBytes: 1000 });
  const limit = 1000 + 512 * 1024;
  for (const ask of [overHttp1(url), overHttp2(t, url)]) {
    const value = (length: number): string => `{"key":"YQ==","value":"${'A'.repeat(length)}"}`;
    const large = await ask('/v3/kv/put', value(4 * 200_000));
    t.equal(large.status, 429);
    t.match(large.body, `grpc: received message larger than max (600007 vs. ${limit})`);
    t.match((await ask('/v3/kv/put', value(4000))).body, 'etcdserver: request is too large');
    const endless = await ask('/v3/kv/put', `{"a":"${' '.repeat(3 * limit)}"}`);
    t.equal(endless.status, 429);
    t.equal((await ask('/v3/kv/put', value(4))).status, 200, 'the next one is served');
  }
});

t.test('a call ends when its time is over', async (t) => {
  const { url } = await open(t);
  const ask = overHttp1(url);
  const held = await ask('/v3/lock/lock', `{"name":"${base64('l')}"}`);
  t.equal(held.status, 200);
  const waiting = await ask('/v3/lock/lock', `{"name":"${base64('l')}"}`, { 'Grpc-Timeout': '50m' });
  t.equal(waiting.status, 504);
  t.match(JSON.parse(waiting.body), { code: 4, message: 'context deadline exceeded' });
  const watch = await ask('/v3/watch', '{"create_request":{}}', { 'Grpc-Timeout': '50m' });
  t.match(JSON.parse(watch.body.split('\n')[1]!), { error: { code: 4 } });
});

t.test('auth: tokens in headers, over both', async (t) => {
  const { url } = await open(t);
  const ask = overHttp1(url);
  const ok = async (path: string, body: string): Promise<string> => {
    const answer = await ask(`/v3/auth/${path}`, body);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.body}`);
    return answer.body;
  };
  await ok('user/add', '{"name":"root","password":"pw"}');
  await ok('user/grant', '{"user":"root","role":"root"}');
  await ok('enable', '{}');
  const { token } = JSON.parse(await ok('authenticate', '{"name":"root","password":"pw"}')) as {
    token: string;
  };
  for (const ask of [overHttp1(url), overHttp2(t, url)]) {
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await ask('/v3/kv/range', '{"key":"YQ=="}', headers)).status;
    t.equal(await status({}), 400);
    t.equal(await status({ authorization: 'x' }), 401);
    t.equal(await status({ authorization: token }), 200);
    t.equal(await status({ authorization: `Bearer ${token}` }), 200);
    t.equal(await status({ 'grpc-metadata-token': token }), 200);
    t.equal(await status({ token }), 400, 'other headers are no metadata');
  }
});

t.test('a client that leaves over HTTP/2 watches nothing', async (t) => {
  const { url } = await open(t);
  const session = connect(url);
  t.teardown(() => session.close());
  const stream = session.request({ ':path': '/v3/watch', ':method': 'POST' });
  let text = '';
  stream.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  stream.on('error', () => {});
  stream.end('{"create_request":{}}');
  await until('it is created', () => text.includes('"created":true'));
  const ask = overHttp1(url);
  t.match(await metricsOf(ask), 'etcd_debugging_mvcc_watcher_total 1');
  stream.close();
  for (let tries = 0; tries < 6000; tries++) {
    if ((await metricsOf(ask)).includes('etcd_debugging_mvcc_watcher_total 0')) break;
  }
  t.match(await metricsOf(ask), 'etcd_debugging_mvcc_watcher_total 0');
});

t.test('a certificate with a name is refused while auth is on, for it would name nobody', async (t) => {
  const member = await FakeMember.open();
  const auth = await FakeAuth.open(member.runtime);
  Object.assign(member, { auth });
  auth.trustsCommonName = true;
  const gateway = gatewayOf(member, { methods: new Map(), maxReceiveBytes: 1000 });
  const status = (commonName: string): number => {
    const response = { statusCode: 200, setHeader: () => {}, end: () => {}, headersSent: false };
    const request = { method: 'GET', headers: {}, commonName };
    gateway('/v3/kv/range', request as unknown as IncomingMessage, response as unknown as ServerResponse);
    return response.statusCode;
  };
  t.equal(status('alice'), 501, 'while auth is off nobody is named');
  auth.apply({ kind: 'userAdd', name: 'root', hashedPassword: '', noPassword: true }, nobody);
  auth.apply({ kind: 'userGrantRole', name: 'root', role: 'root' }, nobody);
  auth.apply({ kind: 'enable' }, nobody);
  t.equal(status('alice'), 400);
  t.equal(status(''), 501);
});
