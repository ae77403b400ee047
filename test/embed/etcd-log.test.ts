/** The log of an etcd is read as etcd reads it, and what it asks for stands in Keelson's log in the same order. */

import t from 'tap';
import { type EtcdEntry, readEtcdLog } from '../../src/embed/etcd-log.ts';
import { translateEntries } from '../../src/embed/etcd-requests.ts';
import { EnvelopeCodec } from '../../src/member/envelope.ts';
import { RequestKind } from '../../src/member/types.ts';
import { crc32c } from '../../src/util/crc32c.ts';
import { memoryDisk } from '../../src/util/memory-disk.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { decodeAuthOperation } from '../../src/wire/auth-codec.ts';
import { encodePutRequest } from '../../src/wire/kv-codec.ts';
import { encodeLeaseGrantRequest } from '../../src/wire/lease-codec.ts';
import { Writer } from '../../src/wire/proto-writer.ts';

const directory = 'wal';

function varint(number: number): number[] {
  const bytes: number[] = [];
  let rest = number;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}

const field = (number: number, bytes: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]);
const number = (at: number, value: number): Buffer => Buffer.from([...varint(at * 8), ...varint(value)]);

/** Writes a log as etcd does: `files` of entries, each with the checksum of the one before. */
class EtcdLog {
  readonly disk = memoryDisk(nodeRuntime().scheduler);
  #crc = 0;
  #frames: Buffer[] = [];

  record(type: number, data: Uint8Array): this {
    if (type !== 4) this.#crc = crc32c(data, this.#crc);
    const record = Buffer.concat([
      number(1, type),
      number(2, this.#crc),
      data.length > 0 ? field(3, data) : Buffer.of(),
    ]);
    const padding = (8 - (record.length % 8)) % 8;
    const frame = Buffer.alloc(8);
    frame.writeUInt32LE(record.length);
    if (padding > 0) frame[7] = 0x80 | padding;
    this.#frames.push(frame, record, Buffer.alloc(padding));
    return this;
  }

  entry(index: number, data: Uint8Array = Buffer.from(`data of ${index}`), term = 1): this {
    return this.record(2, Buffer.concat([number(1, 0), number(2, term), number(3, index), field(4, data)]));
  }

  constructor() {
    this.disk.makeDirectory(directory);
  }

  /** @param change is done to the bytes of the file */
  file(sequence: number, index: number, change: (bytes: Buffer) => Buffer = (bytes) => bytes): this {
    const hex = (value: number): string => value.toString(16).padStart(16, '0');
    const bytes = change(Buffer.concat(this.#frames));
    const file = this.disk.create(`${directory}/${hex(sequence)}-${hex(index)}.wal`);
    file.writeSync(Buffer.concat([bytes, Buffer.alloc(4096)]), 0);
    file.closeSync();
    this.#frames = [];
    this.record(4, Buffer.of());
    return this;
  }

  read(after: number): string[] {
    return readEtcdLog(this.disk, directory, after).map(({ index, term }) => `${index}/${term}`);
  }
}

const begun = (): EtcdLog => new EtcdLog().record(4, Buffer.of()).record(1, Buffer.from('metadata'));

t.test('entries of several files come in order, from the one that is asked for', async (t) => {
  const log = begun()
    .entry(1)
    .entry(2)
    .file(0, 0)
    .entry(3)
    .record(3, Buffer.from('state'))
    .entry(4)
    .file(1, 3);
  t.same(log.read(0), ['1/1', '2/1', '3/1', '4/1']);
  t.same(log.read(2), ['3/1', '4/1']);
  t.same(log.read(3), ['4/1']);
  t.same(log.read(9), []);
});

t.test('an entry that was written anew takes the place of what stood there and behind it', async (t) => {
  const log = begun().entry(1).entry(2).entry(3).entry(2, Buffer.from('new'), 2).file(0, 0);
  t.same(log.read(0), ['1/1', '2/2']);
  t.same(log.read(1), ['2/2']);
});

t.test('a record that was not written whole ends the log; a damaged one is told', async (t) => {
  const cut = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length - 24);
  const big = Buffer.alloc(3000, 'x');
  const torn = begun()
    .entry(1)
    .entry(2, big)
    .file(0, 0, (bytes) => bytes.fill(0, 1024, 2048));
  t.same(torn.read(0), ['1/1']);
  const flip = (bytes: Buffer): Buffer => {
    bytes[bytes.length - 10]! ^= 1;
    return bytes;
  };
  t.throws(() => begun().entry(1).entry(2).file(0, 0, flip).read(0), /not whole/);
  const early = begun().entry(1).entry(2, big).file(0, 0, cut).entry(3).file(1, 3);
  t.throws(() => early.read(0), /not whole/);
  const gap = begun().entry(1).entry(3).file(0, 0);
  t.throws(() => gap.read(0), { message: /entry 3 stands where 2 should/ });
});

const requestOf = (at: number, body: Uint8Array, user = ''): Uint8Array => {
  const header =
    user === '' ? Buffer.of() : field(100, Buffer.concat([field(2, Buffer.from(user)), number(3, 7)]));
  return Buffer.concat([header, field(at, body)]);
};
const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const putOf = (key: string): Uint8Array =>
  encodePutRequest({
    key: bytesOf(key),
    value: bytesOf('v'),
    lease: 0n,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
  });

function translated(
  data: readonly Uint8Array[],
  alarms: Parameters<typeof translateEntries>[1] = [],
): string[] {
  const entries = data.map((bytes, at): EtcdEntry => ({ type: 0, term: 1, index: at + 1, data: bytes }));
  const codec = new EnvelopeCodec('f'.repeat(16), 1);
  return translateEntries(entries, alarms, (password) => `hash of ${password}`).map((sealed) => {
    const opened = codec.open(sealed);
    t.ok(opened.next());
    const { kind, asker, body } = opened;
    const who = asker === 'member' ? 'member' : asker.user;
    return `${kind} ${who} ${Buffer.from(body).toString('latin1')}`;
  });
}

t.test(
  'requests keep their bytes, and who asked; what changes nothing that is kept is left out',
  async (t) => {
    const put = putOf('a');
    const text = Buffer.from(put).toString('latin1');
    const writer = new Writer();
    writer.stringField(3, '/v2/keys');
    writer.stringField(2, 'PUT');
    writer.int64Field(1, 9);
    t.same(
      translated([
        requestOf(4, put),
        requestOf(3, bytesOf('a range')),
        requestOf(4, put, 'ann'),
        writer.finish(),
        Buffer.of(),
        requestOf(1300, bytesOf('a version')),
        requestOf(7, bytesOf('compact'), 'ann'),
        requestOf(8, encodeLeaseGrantRequest({ id: 5n, ttl: 1 })),
      ]),
      [
        `${RequestKind.Put}  ${text}`,
        `${RequestKind.Put} ann ${text}`,
        `${RequestKind.Compact} member compact`,
        `${RequestKind.LeaseGrant} member ${Buffer.from(encodeLeaseGrantRequest({ id: 5n, ttl: 2 })).toString('latin1')}`,
      ],
    );
  },
);

t.test('what an alarm made etcd refuse is left out, until the alarm ends', async (t) => {
  const alarm = (action: number): Uint8Array =>
    requestOf(10, Buffer.concat([number(1, action), number(2, 1), number(3, 1)]));
  const remaining = translated([
    requestOf(4, putOf('a')),
    alarm(1),
    requestOf(4, putOf('b')),
    requestOf(5, bytesOf('')),
    alarm(2),
    requestOf(4, putOf('c')),
  ]);
  t.equal(remaining.length, 3);
  const all = [requestOf(4, putOf('a')), requestOf(5, bytesOf(''))];
  t.equal(translated(all, [{ alarm: 1, memberId: 1n }]).length, 1);
  t.equal(translated(all, [{ alarm: 2, memberId: 1n }]).length, 0);
});

t.test(
  'a password that stands in the log of an etcd 3.4 is hashed, and does not stand in the new one',
  async (t) => {
    const add = Buffer.concat([field(1, bytesOf('ann')), field(2, bytesOf('secret'))]);
    const change = Buffer.concat([field(1, bytesOf('ann')), field(2, bytesOf('other'))]);
    const bodies = (...requests: Uint8Array[]): Buffer[] =>
      translated(requests).map((line) => Buffer.from(line.replace(/^\d+ \w* /, ''), 'latin1'));
    const [added, changed] = bodies(requestOf(1100, add, 'root'), requestOf(1103, change));
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    t.match(decodeAuthOperation(added!), {
      kind: 'userAdd',
      name: 'ann',
      hashedPassword: base64('hash of secret'),
    });
    t.match(decodeAuthOperation(changed!), {
      kind: 'userChangePassword',
      hashedPassword: base64('hash of other'),
    });
    t.notOk(added!.includes('secret'));
    const hashed = Buffer.concat([field(1, bytesOf('ann')), field(4, bytesOf('aGFzaA=='))]);
    t.match(decodeAuthOperation(bodies(requestOf(1100, hashed))[0]!), { hashedPassword: 'aGFzaA==' });
    const without = Buffer.concat([field(1, bytesOf('bob')), field(2, bytesOf('x')), field(3, number(1, 1))]);
    t.match(decodeAuthOperation(bodies(requestOf(1100, without))[0]!), {
      noPassword: true,
      hashedPassword: '',
    });
  },
);
