import t from 'tap';
import { ApplyFigures } from '../../src/member/apply-figures.ts';
import { RequestKind } from '../../src/member/types.ts';

t.test('what is applied is timed under the word that etcd has for it', async (t) => {
  let now = 0;
  const figures = new ApplyFigures(() => now);
  figures.begin();
  now = 3000;
  figures.applied(RequestKind.Put, false);
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
