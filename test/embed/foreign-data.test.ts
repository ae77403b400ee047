import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startMember } from '../../src/index.ts';
import { Failure } from '../../src/util/failure.ts';

t.test(
  'the data directory of an etcd is refused with what to do, and never hidden behind an empty member',
  async (t) => {
    const dataDir = t.testdir({ member: { snap: { db: 'of etcd' }, wal: {} } });
    const error = await startMember({ dataDir }).then(
      () => null,
      (reason: unknown) => reason,
    );
    t.ok(error instanceof Failure && error.reason === 'dataDirForeign');
    t.match((error as Error).message, `keelson restore ${dataDir} --data-dir OTHER`);
  },
);

t.test('a member goes on that was started beside etcd’s files before', async (t) => {
  const dataDir = t.testdir();
  const first = await startMember({ dataDir });
  await first.client.put('k', 'v');
  await first.close();
  mkdirSync(join(dataDir, 'member', 'snap'), { recursive: true });
  writeFileSync(join(dataDir, 'member', 'snap', 'db'), 'of etcd');
  const again = await startMember({ dataDir });
  t.teardown(() => again.close());
  t.equal((await again.client.get('k'))?.text, 'v');
});
