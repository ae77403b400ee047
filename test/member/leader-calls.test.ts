import t from 'tap';
import { LeaderCalls, LeaderMethod, type LeaderReply } from '../../src/member/leader-calls.ts';

/** A member that leads and one that asks it; what they send each other arrives at once, unless it is lost. */
class Pair {
  now = 0;
  loses = false;
  /** Of all that was asked of the leader, in order: how each is answered. */
  readonly served: LeaderReply[] = [];
  readonly leader = this.member('a', () => this.follower, 7);
  follower = this.member('b', () => this.leader, 7);

  member(id: string, other: () => LeaderCalls, run: number): LeaderCalls {
    return new LeaderCalls({
      id,
      run,
      leader: () => 'a',
      now: () => this.now,
      send: (_to, frame) => {
        if (!this.loses) other().onFrame(id, frame);
        return true;
      },
      serve: (_method, _body, reply) => this.served.push(reply),
    });
  }

  ask(method: LeaderMethod): unknown[] {
    const answers: unknown[] = [];
    this.follower.call(method, null, true, (failure, result) => answers.push(failure?.reason ?? result));
    this.follower.pump();
    return answers;
  }
}

t.test('a question whose answer was lost is asked again', async (t) => {
  const pair = new Pair();
  const answers = pair.ask(LeaderMethod.LeaseTimeToLive);
  pair.loses = true;
  pair.served[0]!(null, 'lost');
  pair.loses = false;
  pair.now += 500;
  pair.follower.pump();
  pair.served[1]!(null, 'found');
  t.same(answers, ['found']);
});

t.test('an answer to a member before its restart is none to what it asks after it', async (t) => {
  const pair = new Pair();
  pair.ask(LeaderMethod.RenewLease);
  pair.follower = pair.member('b', () => pair.leader, 8);
  const answers = pair.ask(LeaderMethod.LeaseTimeToLive);
  pair.served[0]!(null, 60);
  t.same(answers, []);
  pair.served[1]!(null, 'left');
  t.same(answers, ['left']);
});
