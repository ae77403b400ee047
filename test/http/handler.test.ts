import { request } from 'node:http';
import t from 'tap';
import { Failure } from '../../src/util/failure.ts';
import { MEMBER_ID } from '../etcd/fake-member.ts';
import { Served } from '../etcd/served.ts';

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers: Headers;
}

async function get(served: Served, path: string, method = 'GET'): Promise<Reply> {
  const response = await fetch(`${served.url}${path}`, { method });
  return { status: response.status, body: await response.text(), headers: response.headers };
}

async function line(served: Served, path: string): Promise<string> {
  const { status, body } = await get(served, path);
  return `${status} ${body}`;
}

const nospace = { memberId: MEMBER_ID, alarm: 1 };
const corrupt = { memberId: MEMBER_ID, alarm: 2 };

t.test('/version is what etcd clients and kube tools parse', async (t) => {
  const served = await Served.open(t);
  const { status, body, headers } = await get(served, '/version');
  t.equal(status, 200);
  t.equal(body, '{"etcdserver":"3.7.1","etcdcluster":"3.7.0","storage":"3.7.0"}');
  t.equal(headers.get('content-type'), 'application/json');
});

t.test('/health says why a member is not well: alarms first, then the leader, then a read', async (t) => {
  const served = await Served.open(t);
  const { member } = served;
  t.equal(await line(served, '/health'), '200 {"health":"true","reason":""}');
  member.refusal = new Failure('timeout');
  t.equal(
    await line(served, '/health'),
    '503 {"health":"false","reason":"RANGE ERROR:etcdserver: request timed out"}\n',
  );
  member.hasLeader = false;
  t.equal(await line(served, '/health'), '503 {"health":"false","reason":"RAFT NO LEADER"}\n');
  t.equal(await line(served, '/health?serializable=true'), '200 {"health":"true","reason":""}');
  t.equal(await line(served, '/health?serializable=1'), '503 {"health":"false","reason":"RAFT NO LEADER"}\n');
  member.alarmList = [corrupt, nospace];
  t.equal(await line(served, '/health'), '503 {"health":"false","reason":"ALARM CORRUPT"}\n');
  t.equal(await line(served, '/health?exclude=CORRUPT'), '503 {"health":"false","reason":"ALARM NOSPACE"}\n');
  t.equal(
    await line(served, '/health?exclude=CORRUPT&exclude=NOSPACE&serializable=true'),
    '200 {"health":"true","reason":""}',
  );
  member.alarmList = [{ memberId: MEMBER_ID, alarm: 77 }];
  t.equal(await line(served, '/health'), '503 {"health":"false","reason":"ALARM UNKNOWN"}\n');
});

t.test('/livez is about the process: no quorum and no alarm makes it fail', async (t) => {
  const served = await Served.open(t);
  const { member } = served;
  member.hasLeader = false;
  member.refusal = new Failure('timeout');
  member.alarmList = [corrupt];
  t.equal(await line(served, '/livez'), '200 ok\n');
  t.equal(await line(served, '/livez?verbose'), '200 [+]serializable_read ok\nok\n');
  t.equal(await line(served, '/livez/serializable_read'), '200 ok\n');
  member.store.range = () => {
    throw new Failure('timeout');
  };
  t.equal(await line(served, '/livez'), '503 [-]serializable_read failed: etcdserver: request timed out\n\n');
  t.equal(await line(served, '/livez?exclude=serializable_read'), '200 ok\n');
});

t.test('/readyz runs every check and tells which one failed', async (t) => {
  const served = await Served.open(t);
  const { member } = served;
  t.equal(await line(served, '/readyz'), '200 ok\n');
  t.equal(
    await line(served, '/readyz?verbose=true'),
    '200 [+]data_corruption ok\n[+]serializable_read ok\n[+]linearizable_read ok\n[+]non_learner ok\nok\n',
  );
  member.alarmList = [nospace];
  t.equal(await line(served, '/readyz'), '200 ok\n', 'NOSPACE stops no reads');
  member.alarmList = [corrupt];
  member.isLearner = true;
  member.refusal = new Failure('leaderChanged');
  t.equal(
    await line(served, '/readyz'),
    '503 [-]data_corruption failed: alarm activated: CORRUPT\n[+]serializable_read ok\n' +
      '[-]linearizable_read failed: etcdserver: leader changed\n' +
      '[-]non_learner failed: not supported for learner\n\n',
  );
  const excluded = 'exclude=data_corruption&exclude=linearizable_read&exclude=non_learner&exclude=nothing';
  t.equal(await line(served, `/readyz?verbose&${excluded}`), '200 [+]serializable_read ok\nok\n');
});

t.test('every check has a path of its own', async (t) => {
  const served = await Served.open(t);
  served.member.refusal = new Failure('timeout');
  t.equal(await line(served, '/readyz/serializable_read?verbose'), '200 [+]serializable_read ok\nok\n');
  t.equal(await line(served, '/readyz/data_corruption'), '200 ok\n');
  t.equal(await line(served, '/readyz/non_learner'), '200 ok\n');
  t.equal(
    await line(served, '/readyz/linearizable_read?exclude=linearizable_read'),
    '503 [-]linearizable_read failed: etcdserver: request timed out\n\n',
  );
  t.equal(await line(served, '/readyz/nothing'), '404 404 page not found\n');
  t.equal(await line(served, '/livez/linearizable_read'), '404 404 page not found\n');
});

t.test('/debug/vars tells the state of Raft as etcd names it, and is JSON as a whole', async (t) => {
  const served = await Served.open(t);
  const { status, body, headers } = await get(served, '/debug/vars');
  t.equal(status, 200);
  t.equal(headers.get('content-type'), 'application/json; charset=utf-8');
  const variables = JSON.parse(body);
  t.equal(variables['raft.status'].raftState, 'StateLeader');
  t.equal(variables['raft.status'].id, served.member.status().id.replace(/^0+/, ''));
  t.equal(variables['raft.status'].commit, served.member.status().committedIndex);
  t.ok(variables.memstats.HeapAlloc > 0);
  t.match(body, /^"raft\.status": \{.*\}$/m, 'a line per variable');
});

t.test('what is not there is 404, what may not be done 405, and both as Go says it', async (t) => {
  const served = await Served.open(t);
  for (const path of ['/', '/v2/keys', '/health/', '/version/x', '/Health', '/...', '/v3x']) {
    t.equal(await line(served, path), '404 404 page not found\n', path);
  }
  for (const path of ['/health', '/livez', '/readyz/non_learner', '/version']) {
    const { status, body, headers } = await get(served, path, 'POST');
    t.equal(`${status} ${body}`, '405 Method Not Allowed\n', path);
    t.equal(headers.get('allow'), 'GET');
    t.equal((await get(served, path, 'HEAD')).status, 405);
  }
});

t.test('a path that is written in a roundabout way is sent to the plain one, as by Go', async (t) => {
  const served = await Served.open(t);
  const { hostname, port } = new URL(served.url);
  // As it is written: fetch would make it plain before.
  const seen = (path: string, method = 'GET'): Promise<string> =>
    new Promise((resolve, reject) => {
      const asked = request({ hostname, port, path, method }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          body += part;
        });
        const { location, 'content-type': type } = response.headers;
        response.on('end', () => resolve(`${response.statusCode} ${location} ${type} ${body}`));
      });
      asked.on('error', reject);
      asked.end();
    });
  const moved = (to: string): string =>
    `301 ${to} text/html; charset=utf-8 <a href="${to}">Moved Permanently</a>.\n\n`;
  t.equal(await seen('//health'), moved('/health'));
  t.equal(await seen('/x//../livez/'), moved('/livez/'));
  t.equal(await seen('//'), moved('/'));
  t.equal(await seen('//version?a=1'), moved('/version?a=1'));
  t.equal(await seen('//health', 'POST'), '301 /health undefined ');
  const { headers } = await get(served, '/health');
  t.equal(headers.get('x-content-type-options'), null);
});

t.test('browsers may ask from anywhere, and are told so on every answer', async (t) => {
  const served = await Served.open(t);
  const answers = [
    await get(served, '/anything', 'OPTIONS'),
    await get(served, '/health'),
    await get(served, '/anything'),
  ];
  t.strictSame(
    answers.map(({ status }) => status),
    [200, 200, 404],
  );
  t.equal(answers[0]!.body, '');
  for (const { headers } of answers) {
    t.equal(headers.get('access-control-allow-origin'), '*');
    t.equal(headers.get('access-control-allow-methods'), 'POST, GET, OPTIONS, PUT, DELETE');
    t.equal(headers.get('access-control-allow-headers'), 'accept, content-type, authorization');
  }
  t.equal(answers[1]!.headers.get('content-type'), 'text/plain; charset=utf-8');
});
