/** What clients see of a member that is asked to end. */

import { connect } from 'node:net';
import t from 'tap';
import { startMember } from '../../src/index.ts';
import { FrameType } from '../../src/rpc/http2/frames.ts';
import { frame, NO_TABLE, RawClient, wholeCall } from '../rpc/http2-raw.ts';
import { pauseFor, until } from '../waiting.ts';

const path = '/etcdserverpb.KV/Put';
const put = Buffer.from([0x0a, 1, 0x61, 0x12, 1, 0x62]);
const pingAck = 1;

t.test('a call of a client that has not heard yet that the member ends is served', async (t) => {
  const member = await startMember({ memory: true, listenClientUrls: ['http://127.0.0.1:0'] });
  const port = Number(new URL(member.clientUrls[0]!).port);
  const client = new RawClient({ raw: () => connect(port, '127.0.0.1') }, NO_TABLE);
  client.send(wholeCall(1, path, put));
  t.match(await client.answer(1), { 'grpc-status': '0' });
  let hasClosed = false;
  const closing = member.close().then(() => {
    hasClosed = true;
  });
  await client.next(FrameType.Goaway);
  // Long enough for a member that looks only for who waits.
  await pauseFor(200);
  client.send(wholeCall(3, path, put));
  // On a machine that stands still for a second the call comes too late, and is not taken; nobody says that it failed.
  const isAnswered = (): boolean => client.of(FrameType.Headers, 3).some(({ flags }) => (flags & 1) !== 0);
  await until('it is served, or not taken', () => isAnswered() || client.of(FrameType.Goaway).length > 1);
  if (isAnswered()) {
    t.match(await client.answer(3), { 'grpc-status': '0' });
    t.equal(hasClosed, false);
  }
  const ping = await client.next(FrameType.Ping);
  client.send(frame(FrameType.Ping, pingAck, 0, ping.payload));
  await until(
    'it hears that calls above the last are not taken',
    () => client.of(FrameType.Goaway).length > 1,
  );
  await closing;
});

t.test('a client that never hears does not keep a member from its end', async (t) => {
  const member = await startMember({ memory: true, listenClientUrls: ['http://127.0.0.1:0'] });
  const port = Number(new URL(member.clientUrls[0]!).port);
  const client = new RawClient({ raw: () => connect(port, '127.0.0.1') }, NO_TABLE);
  client.send(wholeCall(1, path, put));
  await client.answer(1);
  await member.close();
  await until('it is cut off', () => client.ended);
  t.ok(client.of(FrameType.Goaway).length > 0);
});
