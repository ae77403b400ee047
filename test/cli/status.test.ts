import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { ClusterFolder } from '../../src/cli/cluster-folder.ts';
import { clientUrl, localCluster } from '../../src/cli/cluster-layout.ts';
import { type Answer, agreedLeader, statusTable } from '../../src/cli/status.ts';
import { askStatus, decodeStatus } from '../../src/cli/status-call.ts';

// header { cluster_id 1, member_id 0x8000000000000000, revision 300 }, version "3.5.0", dbSize 2048, leader the same,
// raftIndex 9, raftTerm 4, raftAppliedIndex 8
const LARGE = `${'80'.repeat(9)}01`;
const STATUS = Buffer.from(`0a10080110${LARGE}18ac021205332e352e3018801020${LARGE}280930043808`, 'hex');

const EXPECTED = {
  memberId: '8000000000000000',
  leaderId: '8000000000000000',
  version: '3.5.0',
  dbSizeBytes: 2048,
  revision: 300,
  term: 4,
  appliedIndex: 8,
};

t.test('a status is decoded, and rubbish is refused', async (t) => {
  t.same(decodeStatus(STATUS), EXPECTED);
  t.throws(() => decodeStatus(Buffer.from('0a05', 'hex')));
  t.throws(() => decodeStatus(Buffer.from('20ff', 'hex')));
});

async function serve(t: Tap, answer: (stream: http2.ServerHttp2Stream) => void): Promise<string> {
  const server = http2.createServer();
  const sessions: http2.ServerHttp2Session[] = [];
  server.on('session', (session) => sessions.push(session));
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    answer(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
type Tap = { teardown(fn: () => void): void };

t.test('a member is asked over gRPC', async (t) => {
  const url = await serve(t, (stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, STATUS.length]), STATUS]));
  });
  t.same(await askStatus(url, 60_000), EXPECTED);
});

t.test('a gRPC error, silence and a closed port are errors in words', async (t) => {
  const refusing = await serve(t, (stream) => {
    stream.respond({ ':status': 200, 'grpc-status': '14', 'grpc-message': 'not%20now' }, { endStream: true });
  });
  await t.rejects(askStatus(refusing, 60_000), /not now/);
  const silent = await serve(t, () => {});
  await t.rejects(askStatus(silent, 50), /no answer within 50 ms/);
  await t.rejects(askStatus('http://127.0.0.1:1', 60_000), /ECONNREFUSED/);
});

t.test(
  'RESPONSE_BYTES_MAX of cli/status-call: a status of a mebibyte is read, a longer one is none',
  async (t) => {
    const ask = async (bytes: number): Promise<unknown> => {
      const filler = bytes - STATUS.length - 5;
      // An unknown field of so many bytes, whose length takes four.
      const length = Buffer.of(
        (filler & 127) | 128,
        ((filler >>> 7) & 127) | 128,
        ((filler >>> 14) & 127) | 128,
        filler >>> 21,
      );
      const message = Buffer.concat([STATUS, Buffer.of(0x7a), length, Buffer.alloc(filler)]);
      const head = Buffer.alloc(5);
      head.writeUInt32BE(message.length, 1);
      const url = await serve(t, (stream) => {
        stream.respond({ ':status': 200 }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.concat([head, message]));
      });
      return askStatus(url, 60_000);
    };
    t.same(await ask(1024 * 1024), EXPECTED);
    await t.rejects(ask(1024 * 1024 + 1), /larger than max|too large/);
  },
);

t.test('there is a leader when all that answer say so', async (t) => {
  const says = (leaderId: string): Answer => ({ ...EXPECTED, leaderId });
  const dead: Answer = { error: 'ECONNREFUSED' };
  t.equal(agreedLeader([says('a'), says('a'), dead]), 'a');
  t.equal(agreedLeader([says('a'), says('b')]), null);
  t.equal(agreedLeader([says('0'), says('0')]), null);
  t.equal(agreedLeader([dead]), null);
});

t.test('the table shows roles and what did not answer', async (t) => {
  const text = statusTable(['http://h:1', 'http://h:2'], [EXPECTED, { error: 'gone' }], null);
  t.match(text, /8000000000000000 +h:1 +leader +4 +300 +8 +2 KiB +3\.5\.0/);
  t.match(text, /h:2 +– +gone$/m);
});

t.test('of a local cluster it shows the names of those that were asked, and their processes', async (t) => {
  const { members } = localCluster(3, 0, false);
  const folder = new ClusterFolder(join(tmpdir(), 'k-no-such-cluster'));
  const asked = [members[2]!];
  const text = statusTable(asked.map(clientUrl), [EXPECTED], { members: asked, folder });
  t.match(text, /\nm3 +127\.0\.0\.1:\d+ +gone +leader /);
  t.notMatch(text, /8000000000000000/);
});
