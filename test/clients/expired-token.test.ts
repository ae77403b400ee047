import t from 'tap';
import { startMember } from '../../src/index.ts';
import { enableAuth, guardedProbes, Server } from './bad-input.ts';

t.setTimeout(600_000); // The machine may be busy.

const bad = 'by a bad token';
const good = 'by who may do nothing';

/** Asks everything with a token that is good at first, and again once it is too old. */
async function outcomes(
  options: object,
): Promise<{ never: Map<string, string>; expired: Map<string, string> }> {
  const member = await startMember({
    ...{ memory: true, bcryptCost: 4, listenClientUrls: ['http://127.0.0.1:0'] },
    ...options,
  });
  try {
    using server = new Server(member.clientUrls[0]!);
    await enableAuth(server);
    const ask = async (who: string): Promise<Map<string, string>> => {
      const answers = new Map<string, string>();
      for (const { name, send } of guardedProbes()) {
        if (name.endsWith(who)) answers.set(name.slice(0, -who.length), await send(server));
      }
      return answers;
    };
    const never = await ask(bad);
    const range = guardedProbes().find(({ name }) => name === `KV/Range ${good}`)!;
    const isExpired = async (): Promise<boolean> => (await range.send(server)) === never.get('KV/Range ');
    // A simple token lives on while it is used: it is left alone for as long as it lives.
    for (let isOver = false; !isOver; ) {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      isOver = await isExpired();
    }
    return { never, expired: await ask(good) };
  } finally {
    await member.close();
  }
}

const folder = t.testdir({ secret: 'a secret of some length' });

for (const [kind, options] of [
  ['simple', { authTokenTtlMs: 1000 }],
  ['jwt', { authToken: `jwt,sign-method=HS256,priv-key=${folder}/secret,ttl=1s` }],
] as const) {
  t.test(`a ${kind} token that is too old is worth what one is that never was, to any method`, async (t) => {
    const { never, expired } = await outcomes(options);
    t.same(expired, never);
    t.ok(expired.size > 30, `${expired.size} methods`);
    t.equal(expired.get('KV/Range '), '16 etcdserver: invalid auth token');
  });
}
