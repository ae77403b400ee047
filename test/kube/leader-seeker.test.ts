/** The client of a store talks to the member that leads. */

import t from 'tap';
import type { Client } from '../../src/client/index.ts';
import { LeaderSeeker } from '../../src/kube/store/leader-seeker.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';

interface Told {
  readonly leader: bigint;
  readonly raftTerm: number;
}

function fakeClient(endpoints: readonly string[], told: () => Told | null) {
  const preferred: (string | null)[] = [];
  const seen = { asked: 0, preferred };
  const client = {
    endpoints,
    maintenance: {
      async status({ endpoint }: { endpoint: string }) {
        seen.asked++;
        const state = told();
        if (state === null) throw new Error('away');
        return { ...state, endpoint, header: { memberId: BigInt(endpoints.indexOf(endpoint) + 1) } };
      },
    },
    preferEndpoint: (endpoint: string | null) => void preferred.push(endpoint),
  };
  return { client: client as unknown as Client, seen };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

t.test('members are asked who leads once in a term, and again in the next', async (t) => {
  let now = 0;
  const clock = { ...nodeRuntime().clock, now: () => now };
  let state: Told | null = { leader: 2n, raftTerm: 3 };
  const { client, seen } = fakeClient(['http://a', 'http://b'], () => state);
  const seeker = new LeaderSeeker(client, clock);
  for (let answers = 0; answers < 5; answers++) seeker.saw(3);
  await settled();
  t.strictSame(seen, { asked: 2, preferred: ['http://b'] });
  seeker.saw(3);
  await settled();
  t.equal(seen.asked, 2);
  now += 5000;
  state = null;
  seeker.saw(4);
  await settled();
  t.equal(seen.asked, 4);
  state = { leader: 1n, raftTerm: 4 };
  seeker.saw(4);
  await settled();
  t.equal(seen.asked, 4, 'not at once again');
  now += 5000;
  seeker.saw(4);
  await settled();
  t.strictSame(seen, { asked: 6, preferred: ['http://b', 'http://a'] });
});

t.test('of a single member nobody asks', async (t) => {
  const { client, seen } = fakeClient(['http://a'], () => ({ leader: 1n, raftTerm: 1 }));
  new LeaderSeeker(client, nodeRuntime().clock).saw(1);
  await settled();
  t.equal(seen.asked, 0);
});

t.test('a leader that answers nothing any more is left, and sought again with the next answer', async (t) => {
  let now = 0;
  const due: { at: number; fire: () => void }[] = [];
  const clock = {
    ...nodeRuntime().clock,
    now: () => now,
    setTimer(delayMs: number, fire: () => void) {
      const timer = { at: now + delayMs, fire };
      due.push(timer);
      return { cancel: () => void due.splice(due.indexOf(timer) >>> 0, 1) };
    },
  };
  const pass = (ms: number): void => {
    now += ms;
    for (const timer of due.filter(({ at }) => at <= now)) {
      due.splice(due.indexOf(timer), 1);
      timer.fire();
    }
  };
  const { client, seen } = fakeClient(['http://a', 'http://b'], () => ({ leader: 1n, raftTerm: 2 }));
  const seeker = new LeaderSeeker(client, clock);
  const answer = { header: { raftTerm: 2 } };
  await seeker.follow(Promise.resolve(answer));
  await settled();
  t.strictSame(seen.preferred, ['http://a']);
  t.equal(due.length, 0, 'nothing is waited for');
  let give: (value: typeof answer) => void = () => {};
  const late = seeker.follow(new Promise<typeof answer>((resolve) => (give = resolve)));
  pass(1000);
  await seeker.follow(Promise.resolve(answer));
  pass(1500);
  t.equal(seen.preferred.length, 1, 'others were answered meanwhile');
  pass(2500);
  t.strictSame(seen.preferred, ['http://a', null]);
  pass(1500);
  give(answer);
  t.equal(await late, answer);
  await settled();
  t.strictSame(seen.preferred, ['http://a', null, 'http://a']);
  await t.rejects(seeker.follow(Promise.reject(new Error('away'))), { message: 'away' });
  t.equal(due.length, 0);
});
