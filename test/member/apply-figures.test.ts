import t from 'tap';
import { ApplyFigures } from '../../src/member/apply-figures.ts';
import { RequestKind } from '../../src/member/types.ts';

t.test('what is applied is timed under the word that etcd has for it', async (t) => {
  let now = 0;
  const figures = new ApplyFigures(() => now);
  figures.begin();
  now = 3000;
  figures.appliedWrite(RequestKind.Put);
  figures.settle();
  now = 5000;
  figures.applied(RequestKind.LeaseExpire, false);
  now = 6000;
  figures.appliedAuth('userAdd', false);
  figures.appliedAuth('userAdd', true);
  figures.appliedAuth('authenticate', false);
  const count = (counts: readonly number[]): number => counts.reduce((sum, one) => sum + one, 0);
  const told = [...figures.times].map(([word, { succeeded, refused }]) => [
    word,
    ...[count(succeeded.counts), count(refused.counts), succeeded.sum],
  ]);
  t.same(told, [
    ['Put', 1, 0, 3],
    ['LeaseRevoke', 1, 0, 2],
    ['AuthUserAdd', 1, 1, 1],
    ['Authenticate', 1, 0, 0],
  ]);
});

t.test('puts share out the time that a few of them took', async (t) => {
  let now = 0;
  let readings = 0;
  const figures = new ApplyFigures(() => {
    readings++;
    return now;
  });
  figures.begin();
  for (let put = 1; put <= 40; put++) {
    now += 1000;
    figures.appliedWrite(RequestKind.Put);
  }
  figures.settle();
  figures.settle();
  const { succeeded, refused } = figures.times.get('Put')!;
  t.equal(succeeded.sum, 40);
  t.equal(
    succeeded.counts.reduce((sum, count) => sum + count, 0),
    40,
  );
  t.equal(refused.sum, 0);
  t.equal(readings, 1 + 3, 'at the beginning, after 16, after 32, at the end');
});

t.test('puts and txns in turns have their time each', async (t) => {
  let now = 0;
  const figures = new ApplyFigures(() => now);
  figures.begin();
  for (const [kind, ms] of [
    [RequestKind.Put, 1000],
    [RequestKind.Put, 1000],
    [RequestKind.Txn, 5000],
    [RequestKind.Txn, 5000],
    [RequestKind.Put, 1000],
  ] as const) {
    figures.next(kind);
    now += ms;
    figures.appliedWrite(kind);
  }
  figures.settle();
  t.equal(figures.times.get('Put')!.succeeded.sum, 3);
  t.equal(figures.times.get('Txn')!.succeeded.sum, 10);
});
