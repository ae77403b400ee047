import t from 'tap';
import { startMember } from '../../src/index.ts';
import { answersOf, readRecord } from './bad-input-record.ts';

t.setTimeout(600_000); // A thousand requests, and the machine may be busy.

/** What is otherwise, or has changed since the release whose answers are kept: see `docs/differences.ts`. */
const newer: readonly (readonly [asked: RegExp, theirs: RegExp, ours: RegExp])[] = [
  [/"sort_order":99/, /^ok/, /^3 etcdserver: invalid sort option$/],
  [/^Maintenance\/(Defragment|Hash) by/, /^2 auth: /, /^(3|7|16) etcdserver: /],
  [/^Election\/Observe by/, /^nothing$/, /^2 etcdserver: /],
  [/^Auth\/AuthStatus by/, /^(3|7) etcdserver: /, /^ok$/],
];

t.test('what nobody should ask is refused as by etcd, code and text', async (t) => {
  const member = await startMember({
    ...{ memory: true, bcryptCost: 4, heartbeatMs: 50, electionMs: 500 },
    listenClientUrls: ['http://127.0.0.1:0'],
  });
  t.teardown(() => member.close());
  const answers = await answersOf(member.clientUrls[0]!);
  const expected = readRecord();
  t.same(
    answers.map(({ name }) => name),
    expected.map(({ name }) => name),
    'the record is of these probes; else make it anew with bad-input-main.ts',
  );
  const differing: string[] = [];
  answers.forEach(({ name, answer }, at) => {
    const { answer: theirs } = expected[at] ?? { answer: 'none' };
    if (theirs === answer) return;
    if (newer.some(([asked, old, now]) => asked.test(name) && old.test(theirs) && now.test(answer))) return;
    differing.push(`${name}\n    etcd     ${theirs}\n    keelson  ${answer}`);
  });
  t.same(differing, []);
});
