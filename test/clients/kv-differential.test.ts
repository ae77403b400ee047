import t from 'tap';
import { Workplace } from '../../bench/children.ts';
import { type Client, connect, type Message } from '../../examples/grpc-from-proto.ts';
import { missingPrograms, startServers } from './harness.ts';
import { RandomRequests, type Request } from './random-requests.ts';

const requestCount = 1500;
const { SEED: seedText = '1' } = process.env;
const seed = Number(seedText);

/** What an answer says that is the same for two clusters with the same history. */
function comparable(answer: unknown): unknown {
  if (Buffer.isBuffer(answer)) return answer.toString('utf8');
  if (Array.isArray(answer)) return answer.map(comparable);
  if (answer === null || typeof answer !== 'object') return answer;
  const ids = ['cluster_id', 'member_id', 'raft_term'];
  const kept = Object.entries(answer).filter(([name]) => !ids.includes(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, comparable(value)]));
}

async function ask(kv: Client, { method, message }: Request): Promise<unknown> {
  try {
    return comparable(await kv.call(method, message));
  } catch (error) {
    const { code, details } = error as { code: number; details: string };
    return `code ${code}: ${details}`;
  }
}

t.test(
  'random requests get the answers and the refusals of etcd',
  { skip: missingPrograms('etcd') },
  async (t) => {
    const workplace = new Workplace();
    t.teardown(() => workplace.close());
    const [etcd, keelson] = await Promise.all([
      startServers('etcd', 1, workplace),
      startServers('keelson', 1, workplace),
    ]);
    using etcdKv = connect('etcdserverpb.KV', etcd.members[0]!.clientUrl);
    using keelsonKv = connect('etcdserverpb.KV', keelson.members[0]!.clientUrl);
    const requests = new RandomRequests(seed);
    const kinds = new Set<string>();
    let differences = 0;
    for (let count = 0; count < requestCount && differences < 5; count++) {
      const request = requests.next();
      const [expected, actual] = await Promise.all([ask(etcdKv, request), ask(keelsonKv, request)]);
      kinds.add(typeof expected === 'string' ? expected : request.method);
      const { header } = (typeof expected === 'string' ? {} : expected) as { header?: { revision: string } };
      requests.revision = Math.max(requests.revision, Number(header?.revision ?? 0));
      const alike = JSON.stringify(actual) === JSON.stringify(expected);
      if (alike) continue;
      differences++;
      t.same(actual, expected, `seed ${seed}, request ${count}: ${request.method} ${shown(request.message)}`);
    }
    t.equal(differences, 0, `${requestCount} requests of seed ${seed}`);
    t.ok(kinds.size >= 10, `answers and refusals of ${kinds.size} kinds: ${[...kinds].join('; ')}`);
    await Promise.all([etcd.stop(), keelson.stop()]);
  },
);

function shown(message: Message): string {
  return JSON.stringify(comparable(message));
}
