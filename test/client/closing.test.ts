/** What a client says of calls that it gives up, and what it does not give up. */

import { join } from 'node:path';
import t from 'tap';
import { freePorts } from '../../bench/ports.ts';
import { connect } from '../../src/client/index.ts';
import { startMember } from '../../src/index.ts';
import { pauseFor } from '../waiting.ts';
import { failing } from './failing.ts';

t.test('a call that is under way when its client closes says whether it may have happened', async (t) => {
  await using member = await startMember({ memory: true, listenClientUrls: ['http://127.0.0.1:0'] });
  for (const open of [() => connect(member.clientUrls), () => member.openClient()]) {
    const client = open();
    await client.put('a', '1');
    const put = client.put('a', '2');
    const get = client.get('a');
    const reads = client.txn().then().commit();
    const refused = [
      t.rejects(put, failing({ reason: 'clientClosed', mayHaveHappened: true })),
      t.rejects(get, failing({ reason: 'clientClosed', mayHaveHappened: false })),
      t.rejects(reads, failing({ reason: 'clientClosed', mayHaveHappened: false })),
    ];
    await client.close();
    await Promise.all(refused);
    await t.rejects(client.put('a', '3'), failing({ reason: 'clientClosed', mayHaveHappened: false }));
  }
});

t.test('what never left has not happened', async (t) => {
  const [port] = await freePorts(1);
  const client = connect(`http://127.0.0.1:${port}`);
  const refused = t.rejects(
    client.put('a', '1'),
    failing({ reason: 'clientClosed', mayHaveHappened: false }),
  );
  await client.close();
  await refused;
});

t.test('to who waits for a lock the end of the client is why, and not the end of the lease', async (t) => {
  await using member = await startMember({ memory: true });
  const client = member.openClient();
  const lease = await client.lease(60);
  const refused = t.rejects(client.lock('door', { lease }), failing({ reason: 'clientClosed' }));
  await client.close();
  await refused;
  t.match(await lease.lost, { reason: 'leaseLost', message: /the client is closed/ });
});

t.test('a watch waits for a token for as long as it takes, as it does for a connection', async (t) => {
  const [port] = await freePorts(1);
  const options = {
    dataDir: join(t.testdir(), 'data'),
    listenClientUrls: [`http://127.0.0.1:${port}`],
    bcryptCost: 4,
  };
  const auth = { username: 'root', password: 'secret' };
  const first = await startMember(options);
  await first.client.auth.users.add(auth.username, auth.password);
  await first.client.auth.users.grantRole('root', 'root');
  await first.client.auth.enable();
  await first.close();

  await using client = connect({ endpoints: options.listenClientUrls, auth, timeoutMs: 200 });
  const watch = client.watch('a');
  await pauseFor(500);
  await using member = await startMember(options);
  await watch.created;
  await using writer = member.openClient({ auth });
  await writer.put('a', '1');
  for await (const { pair } of watch) {
    t.equal(pair.text, '1');
    break;
  }
});
