import t from 'tap';
import { LeaderCalls, LeaderMethod, type LeaderReply } from '../../src/member/leader-calls.ts';
import { Failure } from '../../src/util/failure.ts';

/** A member that leads and one that asks it; what they send each other arrives at once, unless it is lost. */
class Pair {
  now = 0;
  term = 1;
  loses = false;
  /** Of all that was asked of the leader, in order: how each is answered. */
  readonly served: LeaderReply[] = [];
  readonly leader = this.member('a', 'b', () => this.follower, 7);
  follower = this.member('b', 'a', () => this.leader, 7);

  member(id: string, other: string, to: () => LeaderCalls, run: number): LeaderCalls {
    return new LeaderCalls({
      id,
      run,
      leader: () => 'a',
      term: () => this.term,
      now: () => this.now,
      send: (_to, frame) => {
        if (!this.loses) to().onFrame(other === 'a' ? 'b' : 'a', frame);
        return true;
      },
      serve: (_method, _body, reply) => this.served.push(reply),
    });
  }
}

function ask(calls: LeaderCalls, method: LeaderMethod = LeaderMethod.LeaseTimeToLive): unknown[] {
  const answers: unknown[] = [];
  calls.call(method, null, true, (failure, result) => answers.push(failure?.reason ?? result));
  calls.pump();
  return answers;
}

for (const who of ['leader', 'follower'] as const) {
  t.test(
    `a question of the ${who} that is asked again while it is answered is not worked on twice`,
    async (t) => {
      const pair = new Pair();
      const calls = pair[who];
      const answers = ask(calls);
      for (let i = 0; i < 10; i++) {
        pair.now += 500;
        calls.pump();
      }
      t.equal(pair.served.length, 1);
      pair.served[0]!(null, 'list');
      t.same(answers, ['list']);
      t.notOk(calls.isWaiting);
    },
  );

  t.test(`a question of the ${who} is worked on anew in another term`, async (t) => {
    const pair = new Pair();
    const calls = pair[who];
    const answers = ask(calls);
    pair.term = 2;
    pair.now += 500;
    calls.pump();
    t.equal(pair.served.length, 2);
    pair.served[0]!(new Failure('timeout'), null);
    t.same(answers, ['timeout'], 'the first answer counts');
    pair.served[1]!(null, 'second');
    t.same(answers, ['timeout']);
    const more = ask(calls);
    pair.served[2]!(null, 'third');
    t.same(more, ['third']);
  });
}

t.test('a question whose answer was lost is worked on anew', async (t) => {
  const pair = new Pair();
  const answers = ask(pair.follower);
  pair.loses = true;
  pair.served[0]!(null, 'lost');
  pair.loses = false;
  pair.now += 500;
  pair.follower.pump();
  t.equal(pair.served.length, 2);
  pair.served[1]!(null, 'found');
  t.same(answers, ['found']);
});

t.test('an answer to a member before its restart is none to what it asks after it', async (t) => {
  const pair = new Pair();
  ask(pair.follower, LeaderMethod.RenewLease);
  pair.follower = pair.member('b', 'a', () => pair.leader, 8);
  const answers = ask(pair.follower);
  pair.served[0]!(null, 60);
  t.same(answers, []);
  pair.served[1]!(null, 'left');
  t.same(answers, ['left']);
});
