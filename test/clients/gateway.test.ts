import t from 'tap';
import { Workplace } from '../../bench/children.ts';
import { findTool } from '../tools.ts';
import { type Servers, startServers } from './harness.ts';

const tool = findTool('etcd');

/** Path behind `/v3/`, body, and headers besides. `HTTP` stands for another method. */
type Request = readonly [path: string, body: string, headers?: Record<string, string>];

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const [a, b, c] = ['a', 'b', 'c'].map(base64);
const kv = (key: string, value: string): string => JSON.stringify({ key: base64(key), value: base64(value) });

/** In order, on a fresh member of each system. */
const session: readonly Request[] = [
  ['kv/put', kv('a', '1')],
  ['kv/put', kv('a', '2')],
  ['kv/put', `{"key":"${b}","value":"","prev_kv":true}`],
  ['kv/put', `{"key":"${a}","value":"Mw==","prevKv":true}`],
  ['kv/put', `{"key":"${a}","ignore_value":true,"value":"Mw=="}`],
  ['kv/put', `{"key":"${a}","lease":"99"}`],
  ['kv/put', ''],
  ['kv/range', `{"key":"${a}"}`],
  ['kv/range', `{"key":"${a}","range_end":"AA=="}`],
  ['kv/range', `{"key":"${a}","rangeEnd":"${c}","limit":1}`],
  ['kv/range', `{"key":"${a}","range_end":"${c}","limit":"1","sort_order":"DESCEND","sort_target":"MOD"}`],
  ['kv/range', `{"key":"${a}","range_end":"${c}","sort_order":2,"sort_target":1,"keys_only":true}`],
  ['kv/range', `{"key":"${a}","range_end":"${c}","count_only":true}`],
  ['kv/range', `{"key":"${a}","revision":"2"}`],
  ['kv/range', `{"key":"${a}","revision":2}`],
  ['kv/range', `{"key":"${a}","revision":"1000000"}`],
  ['kv/range', `{"key":"${a}","serializable":true,"unknown":[1,{"x":null}]}`],
  ['kv/range', `{"key":null,"limit":null}`],
  ['kv/range', ` \n{"key":"${a}"}  {"key":"${b}"}`],
  ['kv/range', `{"key":"${a}"} behind`],
  [
    'kv/txn',
    JSON.stringify({
      compare: [{ key: a, target: 'VERSION', result: 'GREATER', version: '1' }],
      success: [
        { request_put: { key: a, value: c } },
        { requestRange: { key: a } },
        { request_delete_range: { key: b, prev_kv: true } },
      ],
      failure: [{ request_range: { key: b } }],
    }),
  ],
  [
    'kv/txn',
    JSON.stringify({
      compare: [{ key: a, target: 'CREATE', result: 'EQUAL', createRevision: 0 }],
      failure: [{ request_txn: { success: [{ request_range: { key: a, range_end: c } }] } }],
    }),
  ],
  ['kv/txn', '{}'],
  ['kv/txn', `{"success":[{"request_put":{"key":"${a}"}},{"request_put":{"key":"${a}"}}]}`],
  ['kv/deleterange', `{"key":"${a}","prev_kv":true}`],
  ['kv/deleterange', `{"key":"${a}"}`],
  ['kv/deleterange', '{}'],
  ['kv/compaction', '{"revision":"3","physical":true}'],
  ['kv/compaction', '{"revision":"3"}'],
  ['kv/compaction', '{"revision":1000}'],
  ['lease/grant', '{"TTL":"600","ID":"7587848943239472555"}'],
  ['lease/grant', '{"TTL":600,"ID":7587848943239472555}'],
  ['lease/grant', '{"TTL":600,"ID":"-5"}'],
  ['kv/put', `{"key":"${a}","lease":"7587848943239472555"}`],
  ['kv/range', `{"key":"${a}"}`],
  ['lease/timetolive', '{"ID":"12","keys":true}'],
  ['kv/lease/timetolive', '{"ID":"12"}'],
  ['lease/keepalive', '{"ID":"7587848943239472555"}'],
  ['lease/keepalive', '{"ID":"12"}{"ID":"-5"}\n{"ID":"12"}'],
  ['lease/keepalive', ''],
  ['lease/revoke', '{"ID":"7587848943239472555"}'],
  ['kv/lease/revoke', '{"ID":"7587848943239472555"}'],
  ['lease/leases', '{}'],
  ['kv/lease/leases', '{}'],
  ['cluster/member/list', '{}'],
  ['cluster/member/remove', '{"ID":"12"}'],
  ['maintenance/alarm', '{"action":"GET"}'],
  ['maintenance/alarm', '{"action":"ACTIVATE","alarm":"NOSPACE"}'],
  ['maintenance/alarm', '{"action":0,"alarm":1}'],
  ['kv/put', kv('a', 'no room')],
  ['maintenance/alarm', '{"action":"DEACTIVATE","alarm":"NOSPACE"}'],
  ['maintenance/transfer-leadership', '{"targetID":"1"}'],
  ['auth/user/add', '{"name":"root","password":"root"}'],
  ['auth/user/add', '{"name":"bob","password":"bob"}'],
  ['auth/user/add', '{"name":"bob"}'],
  ['auth/user/list', '{}'],
  ['auth/user/get', '{"name":"bob"}'],
  ['auth/role/add', '{"name":"reader"}'],
  ['auth/role/grant', `{"name":"reader","perm":{"permType":"READ","key":"${a}","range_end":"${c}"}}`],
  ['auth/role/get', '{"role":"reader"}'],
  ['auth/user/grant', '{"user":"bob","role":"reader"}'],
  ['auth/user/grant', '{"user":"root","role":"root"}'],
  ['auth/authenticate', '{"name":"root","password":"root"}'],
  ['auth/enable', '{}'],
  ['auth/authenticate', '{"name":"root","password":"wrong"}'],
  ['kv/range', `{"key":"${a}"}`],
  ['kv/range', `{"key":"${a}"}`, { Authorization: 'nonsense' }],
  ['kv/range', `{"key":"${a}"}`, { Authorization: '$bob' }],
  ['kv/range', `{"key":"${a}"}`, { 'Grpc-Metadata-Token': '$bob' }],
  ['kv/range', `{"key":"${a}"}`, { 'Grpc-Metadata-Authorization': '$bob' }],
  ['kv/put', kv('a', 'bob'), { Authorization: '$bob' }],
  ['kv/put', kv('a', 'root'), { Authorization: '$root' }],
  ['auth/disable', '{}', { Authorization: '$root' }],
  ['kv/range', `{"key":"${a}"}`, { 'Grpc-Metadata-Hasleader': 'true' }],
  ['lock/unlock', `{"key":"${a}"}`],
  ['lock/lock', `{"name":"${a}","lease":"12"}`],
  ['election/leader', `{"name":"${a}"}`],
  ['election/proclaim', '{}'],
  ['kv/range', '{"key":'],
  ['kv/range', '[1]'],
  ['kv/range', '{"key":5}'],
  ['kv/range', '{"key":"***"}'],
  ['kv/range', `{"key":"${a}","limit":"x"}`],
  ['kv/range', `{"key":"${a}","limit":{}}`],
  ['kv/range', `{"key":"${a}","sort_order":"NOPE"}`],
  ['kv/range', `{"key":"${a}","serializable":"yes"}`],
  ['kv/nothing', '{}'],
  ['', '{}'],
];

/** What differs between two clusters that behave alike; and what etcd 3.4 lacks in errors, or says in words of Go. */
function comparable(text: string): unknown {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      let value: unknown;
      try {
        value = JSON.parse(line);
      } catch {
        return line;
      }
      return JSON.parse(
        JSON.stringify(value, (name, field: unknown) => {
          if (
            /^(cluster_id|member_id|memberID|raft_term|ID|token|(peer|client)URLs)$/.test(name) &&
            field !== '-5'
          )
            return '<any>';
          return field;
        }),
      );
    });
}

/** The words about JSON that is wrong are those of Go's parsers. */
function isAboutJson({ status, body }: Answer): boolean {
  return (
    status === 400 &&
    /json|base64|character|enum|EOF|unmarshal|not "|no JSON object|, not |"proto:\s/.test(
      JSON.stringify(body),
    )
  );
}

/** Without what is otherwise since etcd 3.5: the status of what the state does not allow, and the headers of alarms. */
function lasting(answer: Answer, [path]: Request): Answer {
  const status = answer.status === 412 ? 400 : answer.status;
  if (path !== 'maintenance/alarm') return { ...answer, status };
  const [body] = answer.body as [object];
  return { ...answer, body: [{ ...body, header: null }] };
}

/** The gateway of etcd 3.6, and of some builds of 3.5, tells a refusal once; ours tells it under the older name, too. */
function alike(actual: Answer, expected: Answer): Answer {
  const [body, other] = [actual.body, expected.body].map((lines) => Object((lines as unknown[])[0]));
  if (!('code' in body) || !('code' in other) || 'error' in other) return actual;
  const { error: _, ...rest } = body as { error?: string };
  return { ...actual, body: [rest] };
}

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: unknown;
}

class System {
  readonly #url: string;
  readonly #tokens = new Map<string, string>();

  constructor(servers: Servers) {
    this.#url = servers.members[0]!.clientUrl;
  }

  async ask([path, body, headers = {}]: Request): Promise<Answer> {
    const told: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers)) {
      told[name] = value.startsWith('$') ? await this.#token(value.slice(1)) : value;
    }
    const answer = await fetch(`${this.#url}/v3/${path}`, { method: 'POST', body, headers: told });
    const type = answer.headers.get('content-type');
    return { status: answer.status, type, body: comparable(await answer.text()) };
  }

  async #token(name: string): Promise<string> {
    let token = this.#tokens.get(name);
    if (token === undefined) {
      const body = JSON.stringify({ name, password: name });
      const answer = await fetch(`${this.#url}/v3/auth/authenticate`, { method: 'POST', body });
      ({ token } = (await answer.json()) as { token: string });
      this.#tokens.set(name, token);
    }
    return token;
  }
}

t.test(
  'clients of the JSON gateway get the answers of etcd',
  { skip: tool === null && 'not installed here: etcd' },
  async (t) => {
    const workplace = new Workplace();
    t.teardown(() => workplace.close());
    const servers = await Promise.all([
      startServers('etcd', 1, workplace, async () => {}, {}, [tool!.path, '--logger=zap']),
      startServers('keelson', 1, workplace),
    ]);
    const [etcd, keelson] = servers.map((system) => new System(system)) as [System, System];
    for (const request of session) {
      const [expected, actual] = await Promise.all([etcd.ask(request), keelson.ask(request)]);
      const title = request.join(' ');
      if (/for enum/.test(JSON.stringify(expected.body)))
        t.equal(actual.status, 200, `${title}: since gateway 2`);
      else if (isAboutJson(expected)) t.ok(isAboutJson(actual) && actual.status === 400, title);
      else if (expected.type !== 'application/json') t.equal(actual.status, expected.status, title);
      else t.same(lasting(alike(actual, expected), request), lasting(expected, request), title);
    }
    await Promise.all(servers.map((system) => system.stop()));
  },
);
