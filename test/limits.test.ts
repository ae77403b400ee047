/**
 * Limits of the lower rooms at their edges: what is at the limit passes, and what is one beyond is refused, or does what
 * the comment of the limit says. `test/house/limits.test.ts` demands that each limit of `src` is named by such a test.
 */

import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import t from 'tap';
import { JwtTokens, maxVerifiedTokens } from '../src/auth/jwt.ts';
import { bcryptCost, isTooLong } from '../src/auth/passwords.ts';
import { maxSimpleTokens, SimpleTokens } from '../src/auth/simple-tokens.ts';
import { BoltReader } from '../src/bolt/bolt-reader.ts';
import { BoltWriter } from '../src/bolt/bolt-writer.ts';
import { OneByOne } from '../src/etcd/one-by-one.ts';
import { SharedEvents } from '../src/etcd/shared-events.ts';
import { closeFrame, WebSocketReader, webSocketFrame } from '../src/http/web-socket.ts';
import { decodeConfigEntry, encodeConfigEntry } from '../src/raft/conf-codec.ts';
import { endpointOf } from '../src/rpc/address.ts';
import { dialer } from '../src/rpc/dial.ts';
import { decodeIntroduction, encodeIntroduction, MAX_INTRODUCTION_BYTES } from '../src/rpc/peer-frames.ts';
import { getText } from '../src/rpc/peer-request.ts';
import { revokedSerials } from '../src/rpc/revocation.ts';
import { Failure } from '../src/util/failure.ts';
import { maxVoteBytes } from '../src/wal/record.ts';
import { decodeSegmentHeader, encodeSegmentHeader, maxMetadataBytes } from '../src/wal/segment.ts';
import { encodeProtoJson } from '../src/wire/proto-json.ts';
import { TestClock, testRandom } from './auth/rig.ts';

t.setTimeout(600_000); // The machine may be busy.

const silent = { debug() {}, info() {}, warn() {}, error() {} };

// auth

const secret = 'secret';
const jwtKey = {
  method: 'HS256',
  sign: (text: string) => createHmac('sha256', secret).update(text).digest(),
  verify: (text: string, signature: Buffer) =>
    createHmac('sha256', secret).update(text).digest().equals(signature),
};

t.test('maxTokenLength of auth/jwt: a longer token is not looked at', async (t) => {
  const tokens = new JwtTokens(new TestClock(), jwtKey as never, 60_000);
  const issued = (letters: number): string => tokens.issue('u'.repeat(letters), '', 1, 1);
  let letters = 12_000;
  while (issued(letters + 1).length <= 16_384) letters++;
  t.equal(issued(letters).length, 16_384);
  t.ok(tokens.judge(issued(letters)));
  t.equal(tokens.judge(issued(letters + 1)), null);
});

t.test('maxVerifiedTokens of auth/jwt: so many are remembered, and one more is taken as well', async (t) => {
  t.equal(maxVerifiedTokens, 4096);
  const tokens = new JwtTokens(new TestClock(), jwtKey as never, 60_000, 3);
  for (const user of ['a', 'b', 'c']) tokens.judge(tokens.issue(user, '', 1, 1));
  t.equal(tokens.rememberedCount, 3);
  t.match(tokens.judge(tokens.issue('d', '', 1, 1)), { user: 'd' });
  t.equal(tokens.rememberedCount, 3);
});

t.test(
  'maxSimpleTokens of auth/simple-tokens: one more takes the place of the one unused longest',
  async (t) => {
    t.equal(maxSimpleTokens, 100_000);
    const tokens = new SimpleTokens(new TestClock(), testRandom(), 1000, 2);
    const issued = [1, 2, 3].map((index) => {
      const prefix = tokens.newPrefix();
      return { index, prefix, token: tokens.issue('u', prefix, index) };
    });
    const take = ({ index, prefix }: { index: number; prefix: string }): void =>
      tokens.authenticated('u', prefix, index);
    take(issued[0]!);
    take(issued[1]!);
    t.ok(issued.slice(0, 2).every(({ token }) => tokens.judge(token, 1) !== null));
    take(issued[2]!);
    t.same(
      issued.map(({ token }) => tokens.judge(token, 1) !== null),
      [false, true, true],
    );
  },
);

t.test('maxBcryptCost of auth/passwords: 31 is a cost, 32 is the default and a warning', async (t) => {
  const warnings: unknown[] = [];
  const log = { warn: (text: string) => warnings.push(text) };
  t.equal(bcryptCost(31, log as never), 31);
  t.same(warnings, []);
  t.equal(bcryptCost(32, log as never), 10);
  t.equal(warnings.length, 1);
});

t.test('maxPasswordBytes of auth/passwords: bytes are counted, not letters', async (t) => {
  t.notOk(isTooLong('x'.repeat(72)));
  t.ok(isTooLong('x'.repeat(73)));
  t.notOk(isTooLong('é'.repeat(36)));
  t.ok(isTooLong(`${'é'.repeat(36)}x`));
});

// bolt

t.test(
  'maxDepth of bolt/bolt-reader: a page that is its own child is told, and no stack overflows',
  async (t) => {
    const pages: Buffer[] = [];
    const writer = new BoltWriter((page) => pages.push(page));
    writer.begin('key');
    for (let at = 0; at < 1000; at++) writer.put(Buffer.from(String(at).padStart(8, '0')), Buffer.alloc(50));
    writer.end();
    const metas = writer.finish();
    const file = Buffer.concat([metas, ...pages]);
    const pageBytes = 4096;
    const open = (): BoltReader => new BoltReader((offset, length) => file.subarray(offset, offset + length));
    t.equal([...open().entries('key')].length, 1000);
    const isBranch = (page: number): boolean => (file.readUInt16LE(page * pageBytes + 8) & 1) !== 0;
    const branch = Array.from({ length: file.length / pageBytes }, (_, page) => page).find(
      (page) => page > 1 && isBranch(page),
    )!;
    file.writeBigUInt64LE(BigInt(branch), branch * pageBytes + 16 + 8);
    t.throws(() => [...open().entries('key')], /go round in a circle/);
  },
);

// etcd

t.test('maxWaiting of etcd/one-by-one: a hundred pieces wait, the next is refused', async (t) => {
  const line = new OneByOne();
  const ends: (() => void)[] = [];
  const run = (): void => line.run((ended) => ends.push(ended));
  for (let at = 0; at < 101; at++) run();
  t.throws(run, new Failure('tooManyRequests'));
  ends[0]!();
  t.equal(ends.length, 2, 'the next one has begun');
  t.doesNotThrow(run);
});

t.test(
  'maxRememberedBytes of etcd/shared-events: larger ones are encoded each time, and the same',
  async (t) => {
    const shared = new SharedEvents();
    const events = (bytes: number) => {
      const event = { type: 0, kv: Buffer.alloc(bytes, 'v'), prevKv: null };
      return [event, event];
    };
    const small = events(100_000);
    t.equal(shared.encode(small), shared.encode(small), 'the very same bytes');
    const large = events(140_000);
    t.not(shared.encode(large), shared.encode(large));
    t.same(shared.encode(large), shared.encode(large));
  },
);

// http

/** What a client would send: masked with zeros. */
function masked(frame: Buffer, headBytes: number): Buffer {
  const head = Buffer.from(frame.subarray(0, headBytes));
  head[1]! |= 0x80;
  return Buffer.concat([head, Buffer.alloc(4), frame.subarray(headBytes)]);
}

t.test(
  'maxControlBytes of http/web-socket: a ping of 125 bytes is answered, one of 126 is a fault',
  async (t) => {
    const seen: string[] = [];
    const reader = () =>
      new WebSocketReader(1000, {
        message: () => seen.push('message'),
        ping: (payload: Buffer) => seen.push(`ping ${payload.length}`),
        close: () => seen.push('close'),
        fault: (code: number) => seen.push(`fault ${code}`),
      } as never);
    reader().read(masked(webSocketFrame(9, Buffer.alloc(125)), 2));
    reader().read(masked(webSocketFrame(9, Buffer.alloc(126)), 4));
    t.same(seen, ['ping 125', 'fault 1002']);
  },
);

t.test('maxControlBytes of http/web-socket: a long reason is cut between characters', async (t) => {
  const reasonOf = (reason: string): string => {
    const frame = closeFrame(1011, reason);
    t.equal(frame[1], frame.length - 2);
    return new TextDecoder('utf-8', { fatal: true }).decode(frame.subarray(4));
  };
  t.equal(reasonOf('x'.repeat(123)), 'x'.repeat(123));
  t.equal(reasonOf('x'.repeat(124)), 'x'.repeat(123));
  t.equal(reasonOf('é'.repeat(61)), 'é'.repeat(61));
  t.equal(reasonOf('é'.repeat(62)), 'é'.repeat(61), 'and no half of one');
});

t.test('maxHeadBytes of http/web-socket: a head that comes byte by byte is understood', async (t) => {
  const lengths: number[] = [];
  const reader = new WebSocketReader(100_000, {
    message: (message: Buffer) => lengths.push(message.length),
    fault: t.fail,
  } as never);
  const frame = masked(webSocketFrame(2, Buffer.alloc(65_536)), 10);
  for (let at = 0; at < 14; at++) reader.read(frame.subarray(at, at + 1));
  reader.read(frame.subarray(14));
  t.same(lengths, [65_536]);
});

// raft

t.test(
  'maxIdBytes of raft/conf-codec, maxListLength of raft/conf-codec: what does not fit its length is refused',
  async (t) => {
    const conf = (voters: string[]) => ({
      ...{ voters, votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false },
    });
    const none = new Uint8Array(0);
    const roundTrip = (voters: string[]) =>
      decodeConfigEntry(encodeConfigEntry(conf(voters), none)).conf.voters;
    t.same(roundTrip(['n'.repeat(255)]), ['n'.repeat(255)]);
    t.throws(() => encodeConfigEntry(conf(['n'.repeat(256)]), none), /node id of 256 bytes/);
    t.throws(() => encodeConfigEntry(conf(['']), none), /node id of 0 bytes/);
    const many = Array.from({ length: 65_535 }, (_, at) => at.toString(36));
    t.equal(roundTrip(many).length, 65_535);
    t.throws(() => encodeConfigEntry(conf([...many, 'more']), none), /configuration of 65536 nodes/);
  },
);

// rpc

t.test('answerBytesMax of rpc/peer-request: a longer answer is given up', async (t) => {
  let body = '';
  const server = createServer((_request, response) => response.end(body));
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const ask = () =>
    getText(dialer(null, silent), endpointOf(`http://127.0.0.1:${port}`)!, '/members', 60_000);
  body = 'x'.repeat(16 * 1024 * 1024);
  t.equal((await ask()).body.length, body.length);
  body += 'x';
  await t.rejects(ask(), { message: 'the answer is too long' });
});

t.test('MAX_INTRODUCTION_BYTES of rpc/peer-frames: one byte more is refused by its length', async (t) => {
  const introduction = (bytes: number): Buffer => {
    const strings: string[] = [];
    let left = bytes - encodeIntroduction([]).length;
    while (left > 0) {
      const taken = Math.min(left, 256);
      strings.push('x'.repeat(taken - 1));
      left -= taken;
    }
    return encodeIntroduction(strings);
  };
  const longest = introduction(MAX_INTRODUCTION_BYTES);
  t.equal(longest.length, 1024);
  t.equal(decodeIntroduction(longest)!.bytes, 1024);
  t.throws(() => decodeIntroduction(introduction(1025)), /an introduction of 1025 bytes is too long/);
});

t.test('maxLengthBytes of rpc/revocation: a length of five bytes is damage', async (t) => {
  // A sequence whose length says that it ends behind the file, in four and in five bytes.
  const list = (lengthBytes: number): Buffer =>
    Buffer.concat([
      Buffer.of(0x30, 0x80 + lengthBytes),
      Buffer.alloc(lengthBytes - 1),
      Buffer.of(0),
      Buffer.alloc(8),
    ]);
  t.throws(() => revokedSerials(list(4)), /not one of X\.509/, 'an empty sequence');
  t.throws(() => revokedSerials(list(5)), /cut off/);
});

t.test(
  'UNIX_PATH_BYTES_MAX of rpc/listener: the longest path is listened on, a longer one refused',
  async (t) => {
    const { startMember } = await import('../src/index.ts');
    const path = (bytes: number): string => {
      const folder = tmpdir().length < 60 ? tmpdir() : '/tmp';
      const base = `${folder}/k${process.pid}-`;
      return base + 'p'.repeat(bytes - base.length);
    };
    const open = (bytes: number) =>
      startMember({ memory: true, bcryptCost: 4, listenClientUrls: [`unix://${path(bytes)}`] });
    const member = await open(107);
    await member.close();
    await t.rejects(open(108), { reason: 'badConfig', message: /at most 107 bytes/ });
  },
);

// wal

t.test('maxMetadataBytes of wal/segment, maxVoteBytes of wal/record: a header holds so much', async (t) => {
  const header = (metadataBytes: number, voteBytes: number) =>
    encodeSegmentHeader({
      ...{ sequence: 1, seed: 0, link: 0, group: 0, base: { index: 0, term: 0 } },
      hardState: { term: 1, vote: 'v'.repeat(voteBytes), commit: 0 },
      metadata: Buffer.alloc(metadataBytes, 'm'),
    } as never);
  const longest = header(maxMetadataBytes, maxVoteBytes);
  t.match(
    decodeSegmentHeader((offset, length) => longest.subarray(offset, offset + length)),
    { header: { hardState: { vote: 'v'.repeat(64) } } },
  );
  t.throws(() => header(4097, 1), /metadata of 4097 bytes are longer than 4096/);
  t.throws(() => header(1, 65), /a vote of 65 bytes is longer than 64/);
});

// wire

t.test('maxDepth of wire/proto-json: a message in a hundred others, and none deeper', async (t) => {
  const nested = (depth: number): string => {
    let text = '{}';
    // A txn in an operation in a txn: two levels each.
    for (let at = 0; at < depth / 2; at++) text = `{"success":[{"request_txn":${text}}]}`;
    return text;
  };
  t.doesNotThrow(() => encodeProtoJson('etcdserverpb.TxnRequest', nested(100)));
  t.throws(() => encodeProtoJson('etcdserverpb.TxnRequest', nested(102)), /nested too deep/);
});
