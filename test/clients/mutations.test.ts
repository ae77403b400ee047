import t from 'tap';
import { type Member, startMember } from '../../src/index.ts';
import { sendMutations } from './mutations.ts';

const { SEED: seedText = '1' } = process.env;

t.setTimeout(600_000); // The machine may be busy.

t.test('requests that somebody changed are answered or refused, and the member serves on', async (t) => {
  const member: Member = await startMember({
    ...{ memory: true, bcryptCost: 4 },
    listenClientUrls: ['http://127.0.0.1:0'],
  });
  t.teardown(() => member.close());
  const [url] = member.clientUrls;
  const { requests, answered, refused, lost } = await sendMutations(url!, Number(seedText), 600);
  t.same(lost, [], `seed ${seedText}`);
  t.equal(answered + refused, requests);
  t.ok(answered > 10 && refused > 100, `${answered} answered, ${refused} refused`);
  const health = await fetch(`${url}/health?serializable=true`);
  t.equal(health.status === 200 || (await health.text()).includes('ALARM'), true);
});
