import t, { type Test } from 'tap';
import { Workplace } from '../../bench/children.ts';
import { authSession, clusterAuthSession } from './etcdctl-auth-session.ts';
import { clusterSession, newerSession, type Step, session } from './etcdctl-session.ts';
import { comparable, type Names, words } from './etcdctl-text.ts';
import { missingPrograms, Running, run, type Servers, startServers } from './harness.ts';

const skip = missingPrograms('etcd', 'etcdctl');
t.setTimeout(600_000); // Hundreds of commands, and the machine may be busy.

function namesOf(servers: Servers): Names {
  return {
    clientHosts: servers.endpoints,
    peerHosts: servers.members.map(({ peerUrl }) => new URL(peerUrl).host),
  };
}

/** What a step of the session showed on one system: exit code, standard output and standard error of each command. */
async function perform(servers: Servers, step: Step, workplace: Workplace): Promise<string[]> {
  const options = { env: { ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: servers.endpoints.join(',') } };
  const ctl = (line: string): string[] => ['etcdctl', ...words(line)];
  const shown = (line: string, ran: { code: unknown; out: string; err: string }): string => {
    const text = `$ etcdctl ${line}\n${ran.out}--- ${ran.code}\n${ran.err}`;
    return comparable(text, namesOf(servers));
  };
  if (typeof step === 'string') return [shown(step, await run(workplace, ctl(step), options))];
  if ('run' in step) {
    const ran = await run(workplace, ctl(step.run), { ...options, input: step.input });
    return [shown(titleOf(step), ran)];
  }
  const input = { input: step.input ?? '', keepInputOpen: true };
  const watch = new Running(workplace, ctl(step.watch), { ...options, ...input });
  const results: string[] = [];
  if (step.during !== undefined) await watch.untilPrinted('\n');
  for (const line of step.during ?? []) results.push(...(await perform(servers, line, workplace)));
  await watch.untilPrinted(step.until);
  return [shown(step.watch, await watch.interrupt()), ...results];
}

type Pair = readonly [etcd: Servers, keelson: Servers];

/** A cluster of each system, of `count` members. */
async function startBoth(
  t: Test,
  count: number,
  flags: Readonly<Record<string, string>> = {},
): Promise<[Pair, Workplace]> {
  const workplace = new Workplace();
  t.teardown(() => workplace.close());
  const [etcd, keelson] = await Promise.all([
    startServers('etcd', count, workplace),
    startServers('keelson', count, workplace, async () => {}, flags),
  ]);
  return [[etcd, keelson], workplace];
}

function titleOf(step: Step): string {
  if (typeof step === 'string') return step;
  return 'run' in step ? `${step.run} <<< ${step.input.slice(0, 300)}` : step.watch;
}

async function performBoth(servers: Pair, step: Step, workplace: Workplace): Promise<[string[], string[]]> {
  const [etcd, keelson] = servers.map((system) => perform(system, step, workplace));
  return Promise.all([etcd!, keelson!]);
}

/** Takes the steps on both systems and compares what each showed. */
async function compare(t: Test, servers: Pair, steps: readonly Step[], workplace: Workplace): Promise<void> {
  for (const step of steps) {
    const [etcd, keelson] = await performBoth(servers, step, workplace);
    t.same(keelson, etcd, titleOf(step));
  }
}

t.test('etcdctl cannot tell a member from etcd', { skip }, async (t) => {
  const [servers, workplace] = await startBoth(t, 1);
  await compare(t, servers, session, workplace);
  const help = await run(workplace, ['etcdctl', 'get', '--help'], { env: { ETCDCTL_API: '3' } });
  if (help.out.includes('--count-only')) await compare(t, servers, newerSession, workplace);
  else t.comment('this etcdctl is older than 3.5: its newer flags are not tried');
});

t.test('nor where @grpc/grpc-js serves it', { skip }, async (t) => {
  const [servers, workplace] = await startBoth(t, 1, { 'rpc-transport': 'grpc-js' });
  await compare(t, servers, session, workplace);
});

t.test(
  'etcdctl cannot tell the users, roles and permissions of a member from those of etcd',
  { skip },
  async (t) => {
    const [servers, workplace] = await startBoth(t, 1);
    await compare(t, servers, authSession, workplace);
  },
);

t.test('etcdctl cannot tell three members from three of etcd', { skip }, async (t) => {
  const [servers, workplace] = await startBoth(t, 3);
  await compare(t, servers, clusterSession, workplace);
  await compare(t, servers, clusterAuthSession, workplace);
});

t.test('what differs between clusters that behave alike is left out, and nothing else', async (t) => {
  const names = { clientHosts: ['127.0.0.1:1', '127.0.0.1:2'], peerHosts: ['127.0.0.1:3'] };
  const alike = (one: string, other: string): boolean => comparable(one, names) === comparable(other, names);
  const json = (raftTerm: number, revision: number) => `{"raft_term":${raftTerm},"revision":${revision}}`;
  t.ok(alike(json(2, 7), json(30, 7)));
  t.notOk(alike(json(2, 7), json(2, 8)), 'revisions count');
  t.ok(alike('"MemberID" : 12\n"Version" : 2', '"MemberID" : 3\n"Version" : 2'));
  t.notOk(alike('"MemberID" : 12\n"Version" : 2', '"MemberID" : 3\n"Version" : 3'), 'versions of keys count');
  const row = (host: string, leads: boolean, learner: boolean) =>
    `| ${host} | 8e9e05c52164694d | 3.4.23 | 20 kB | ${leads} | ${learner} | 2 | 9 | 9 |  |`;
  t.ok(alike(row('127.0.0.1:1', true, false), row('127.0.0.1:2', false, false)));
  t.notOk(alike(row('127.0.0.1:1', true, false), row('127.0.0.1:1', true, true)), 'learners count');
  t.ok(alike('127.0.0.1:1 a\n127.0.0.1:2 b', '127.0.0.1:2 b\n127.0.0.1:1 a'), 'in any order');
  t.notOk(alike('a\nb', 'b\na'), 'keys in their order');
  t.ok(alike('took = 1.5ms', 'took = 912.3µs'));
  t.same(words('put "with space" ""  -w json'), ['put', 'with space', '', '-w', 'json']);
});
