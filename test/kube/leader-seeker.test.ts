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
