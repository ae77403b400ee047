/** `keelson ctl member join`: a member is taken in by one step, or not at all. */

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { freePorts } from '../../bench/ports.ts';
import { connect } from '../../src/client/index.ts';
import { type Member, startMember } from '../../src/index.ts';
import { ctl, ctlRunning } from './ctl-harness.ts';

t.setTimeout(600_000);

const timing = { heartbeatMs: 100, electionMs: 2000 };
const listenClientUrls = ['http://127.0.0.1:0'];

async function first(
  t: Test,
): Promise<{ readonly member: Member; readonly endpoint: string; readonly peerUrl: string }> {
  const [own, next] = await freePorts(2);
  const url = `http://127.0.0.1:${own}`;
  const member = await startMember({
    name: 'm1',
    memory: true,
    listenPeerUrls: [url],
    initialCluster: { m1: [url] },
    listenClientUrls,
    ...timing,
  });
  t.teardown(() => member.close());
  await member.ready;
  return { member, endpoint: member.clientUrls[0]!, peerUrl: `http://127.0.0.1:${next}` };
}

/** The variables that a join prints for the new member. */
function variablesOf(out: string): Record<string, string> {
  return Object.fromEntries(
    [...out.matchAll(/^(ETCD_\w+)="(.*)"$/gm)].map(([, name, value]) => [name!, value!]),
  );
}

t.test('it is added, started with what is printed, caught up and promoted', async (t) => {
  const { member, endpoint, peerUrl } = await first(t);
  await using client = connect(endpoint);
  for (let at = 0; at < 50; at++) await client.put(`k${at}`, 'v');
  const joining = ctlRunning(endpoint, { args: ['member', 'join', 'm2', `--peer-urls=${peerUrl}`] });
  await joining.until(/ETCD_INITIAL_CLUSTER_STATE="existing"\n/);
  t.match(member.members(), { length: 2 });
  t.equal(member.members().filter(({ isLearner }) => isLearner).length, 1);
  const told = variablesOf(joining.out());
  t.equal(told['ETCD_NAME'], 'm2');
  const initialCluster = Object.fromEntries(
    told['ETCD_INITIAL_CLUSTER']!.split(',').map((pair) => [pair.split('=')[0]!, [pair.split('=')[1]!]]),
  );
  await using second = await startMember({
    name: 'm2',
    memory: true,
    initialCluster,
    initialClusterState: 'existing',
    listenPeerUrls: [told['ETCD_INITIAL_ADVERTISE_PEER_URLS']!],
    listenClientUrls,
    ...timing,
  });
  const { code, out, err } = await joining.ended;
  t.equal(code, 0, err);
  t.match(out, `Member ${second.id.replace(/^0+/, '')} promoted in cluster `);
  t.match(err, /m2 has started/);
  const { members } = JSON.parse((await ctl(endpoint, { args: ['member', 'list', '-w', 'json'] })).out);
  t.same(
    members.map(({ name, isLearner }: { name: string; isLearner?: boolean }) => [name, isLearner]).sort(),
    [
      ['m1', undefined],
      ['m2', undefined],
    ],
  );
  t.ok(await client.put('with two', 'votes'));
});

t.test('while a member is away nobody is taken in, and it is tried again until it is back', async (t) => {
  const ports = await freePorts(4);
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const initialCluster = { a: [urls[0]!], b: [urls[1]!], c: [urls[2]!] };
  const begin = (name: 'a' | 'b' | 'c') =>
    startMember({
      ...{ name, initialCluster, listenClientUrls, ...timing },
      memory: true,
      listenPeerUrls: initialCluster[name],
    });
  const two = await Promise.all([begin('a'), begin('b')]);
  t.teardown(() => Promise.all(two.map((member) => member.close())));
  await Promise.all(two.map(({ ready }) => ready));
  const line = ctlRunning(two[0]!.clientUrls[0]!, {
    args: ['member', 'join', 'd', `--peer-urls=${urls[3]}`],
  });
  while (!/trying again/.test(line.err())) await new Promise((resolve) => setTimeout(resolve, 10));
  const third = await begin('c');
  t.teardown(() => third.close());
  await line.until(/Learner/);
  line.interrupt();
  t.match(await line.ended, { code: 130 });
});

t.test('what does not come to an end is undone', async (t) => {
  const { member, endpoint, peerUrl } = await first(t);
  const line = (...more: string[]) => ({ args: ['member', 'join', 'm2', `--peer-urls=${peerUrl}`, ...more] });
  const ids = () => member.members().map(({ name }) => name);

  const interrupted = ctlRunning(endpoint, line());
  await interrupted.until(/Learner/);
  t.equal(ids().length, 2);
  interrupted.interrupt();
  t.match(await interrupted.ended, {
    code: 130,
    err: /has been removed again; the cluster is as it was\.\n$/,
  });
  t.same(ids(), ['m1']);

  t.match(await ctl(endpoint, line('--timeout=300ms')), {
    code: 1,
    err: /did not catch up within 0\.3 s\n$/,
  });
  t.same(ids(), ['m1']);

  const failing = await ctl(
    endpoint,
    line('--', 'sh', '-c', 'echo $ETCD_NAME $ETCD_INITIAL_CLUSTER_STATE; exit 7'),
  );
  t.match(failing, {
    code: 1,
    out: 'm2 existing\n',
    err: /command of the new member ended: exit status 7\n$/,
  });
  t.same(ids(), ['m1']);

  t.match(await ctl(endpoint, { args: ['member', 'join'] }), { code: 128, err: /name not provided/ });
  t.match(await ctl(endpoint, { args: ['member', 'join', 'm2'] }), {
    code: 128,
    err: /peer urls not provided/,
  });
});

t.test('the command that starts it is told everything, and goes on as the member', async (t) => {
  const { member, endpoint, peerUrl } = await first(t);
  const folder = mkdtempSync(join(tmpdir(), 'k-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const main = join(import.meta.dirname, '../../src/cli/main.ts');
  const [clientPort] = await freePorts(1);
  const clientUrl = `http://127.0.0.1:${clientPort}`;
  const server = [
    ...[
      process.execPath,
      '--import',
      import.meta.resolve('tsx'),
      main,
      'server',
      '--data-dir',
      join(folder, 'm2'),
    ],
    ...[
      '--listen-peer-urls',
      peerUrl,
      '--listen-client-urls',
      clientUrl,
      '--advertise-client-urls',
      clientUrl,
    ],
    ...['--heartbeat-interval', '20', '--election-timeout', '200', '--log-level', 'error'],
  ];
  const joining = ctlRunning(endpoint, {
    args: ['member', 'join', 'm2', '--peer-urls', peerUrl, '--', ...server],
  });
  await joining.until(/promoted in cluster/);
  t.same(
    member
      .members()
      .map(({ name }) => name)
      .sort(),
    ['m1', 'm2'],
  );
  joining.interrupt();
  t.equal((await joining.ended).code, 130);
  const free = createServer().listen(clientPort, '127.0.0.1');
  await once(free, 'listening');
  free.close();
  t.pass('the member ended with it');
});
