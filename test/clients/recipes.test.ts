import t from 'tap';
import { Workplace } from '../../bench/children.ts';
import { electionSession, lockSession } from '../etcd/recipe-session.ts';
import { Caller } from '../etcd/served.ts';
import { missingPrograms, startServers } from './harness.ts';

t.test('locks and elections are those of etcd', { skip: missingPrograms('etcd') }, async (t) => {
  const workplace = new Workplace();
  t.teardown(() => workplace.close());
  for (const session of [lockSession, electionSession]) {
    const logs = await Promise.all(
      (['etcd', 'keelson'] as const).map(async (system) => {
        const { endpoints, stop } = await startServers(system, 1, workplace);
        const caller = new Caller(endpoints[0]!);
        try {
          return await session(caller);
        } finally {
          caller.closeClient();
          await stop();
        }
      }),
    );
    t.strictSame(logs[1], logs[0], session.name);
    t.ok(logs[0]!.length > 10);
  }
});
