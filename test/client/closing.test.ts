/** What a client says of calls that it gives up, and what it does not give up. */

import { getEventListeners } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { freePorts } from '../../bench/ports.ts';
import { type Client, connect } from '../../src/client/index.ts';
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

t.test(
  'any number of calls hang on one signal, which is listened to once and left alone afterwards',
  async (t) => {
    await using member = await startMember({ memory: true });
    const { client } = member;
    const controller = new AbortController();
    const { signal } = controller;
    const listeners = () => getEventListeners(signal, 'abort').length;
    await Promise.all(Array.from({ length: 20 }, (_, at) => client.put(`${at}`, '1', { signal })));
    t.equal(listeners(), 0);
    const held = await client.lock('door');
    const reason = new Error('not needed');
    const waiting = Array.from({ length: 20 }, () => t.rejects(client.lock('door', { signal }), reason));
    const watches = Array.from({ length: 20 }, () => client.watch('a', { signal }));
    await Promise.all(watches.map(({ created }) => created));
    const ended = watches.map((watch) => t.rejects(watch.messages().next(), reason));
    const read = client.get('a', { signal });
    // Of the locks those that wait listen through signals of their own, which Node makes of two.
    t.equal(listeners(), 1);
    controller.abort(reason);
    await Promise.all([...waiting, ...ended, t.rejects(read, reason)]);
    t.equal(listeners(), 0);
    await held.release();
    t.equal(await client.count({ prefix: 'door/' }), 0, 'who gave up has left the line');
  },
);

t.test('the stack of an error leads to who called', async (t) => {
  await using member = await startMember({ memory: true, listenClientUrls: ['http://127.0.0.1:0'] });
  await using client = connect(member.clientUrls);
  async function attach(one: Client): Promise<unknown> {
    try {
      return await one.put('a', '1', { lease: 5n });
    } catch (error) {
      return error;
    }
  }
  for (const one of [client, member.client]) {
    const stack = /requested lease not found\n.* attach .*closing\.test\.ts/s;
    t.match(await attach(one), { reason: 'leaseNotFound', stack });
  }
});

t.test('who gives up waiting for a lock is let go where nobody answers any more', async (t) => {
  const member = await startMember({ memory: true, listenClientUrls: ['http://127.0.0.1:0'] });
  await using client = connect({ endpoints: member.clientUrls, timeoutMs: 600_000 });
  await client.lock('door');
  const controller = new AbortController();
  const reason = new Error('not needed');
  const waiting = t.rejects(client.lock('door', { signal: controller.signal }), reason);
  while ((await member.client.count({ prefix: 'door/' })) < 2) await pauseFor(10);
  await member.close();
  controller.abort(reason);
  await waiting;
});
