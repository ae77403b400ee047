import t from 'tap';
import { WorkFigures } from '../../src/etcd/work-figures.ts';
import { startMember } from '../../src/index.ts';
import { Failure } from '../../src/util/failure.ts';
import { Metrics } from '../../src/util/metrics.ts';

t.test('large works are told with how long they took, and learners with what became of them', async (t) => {
  let now = 0;
  const work = new WorkFigures({ now: () => now });
  const metrics = new Metrics();
  work.register(metrics);
  const measured = work.begin('hashRevision');
  now = 30;
  measured();
  work.countPromotion(null);
  work.countPromotion(new Failure('learnerNotReady'));
  const text = metrics.text();
  t.match(text, /^etcd_mvcc_hash_rev_duration_seconds_bucket\{le="0\.02"\} 0$/m);
  t.match(text, /^etcd_mvcc_hash_rev_duration_seconds_bucket\{le="0\.04"\} 1$/m);
  t.match(text, /^etcd_mvcc_hash_duration_seconds_count 0$/m);
  t.match(text, /^etcd_server_learner_promote_successes 1$/m);
  t.match(
    text,
    /^etcd_server_learner_promote_failures\{Reason="etcdserver: can only promote a learner.*"\} 1$/m,
  );
});

t.test('a member counts what it is asked for', async (t) => {
  await using member = await startMember({ memory: true, listenClientUrls: ['http://127.0.0.1:0'] });
  const { maintenance } = member.client;
  await maintenance.hashKv();
  await maintenance.hash();
  const text = await (await fetch(`${member.clientUrls[0]}/metrics`)).text();
  for (const name of ['hash', 'hash_rev'])
    t.match(text, `etcd_mvcc_${name}_duration_seconds_count 1\n`, name);
  t.match(text, 'etcd_disk_backend_snapshot_duration_seconds_count 0\n');
});
