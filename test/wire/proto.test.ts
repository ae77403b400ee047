import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import {
  bigVarintBytes,
  Reader,
  varintBytes,
  Writer,
  writeBigVarint,
  writeVarint,
} from '../../src/wire/proto.ts';
import { hex, leaseArbitrary, numberArbitrary } from './messages.ts';
import { refusal } from './refusal.ts';

const maxSafe = Number.MAX_SAFE_INTEGER;

function reader(text: string): Reader {
  return new Reader(Buffer.from(text, 'hex'));
}

function varint(value: bigint): Uint8Array {
  const bytes = new Uint8Array(10);
  return bytes.subarray(0, writeBigVarint(bytes, 0, value));
}

t.test('varints are written as the specification shows them', async (t) => {
  const cases: [bigint, string][] = [
    [0n, '00'],
    [1n, '01'],
    [127n, '7f'],
    [150n, '9601'],
    [300n, 'ac02'],
    [-1n, 'ffffffffffffffffff01'],
    [-2n, 'feffffffffffffffff01'],
    [2n ** 63n - 1n, 'ffffffffffffffff7f'],
    [-(2n ** 63n), '80808080808080808001'],
    [2n ** 64n - 1n, 'ffffffffffffffffff01'],
    [BigInt(maxSafe), 'ffffffffffffff0f'],
  ];
  for (const [value, text] of cases) {
    t.equal(hex(varint(value)), text);
    if (value < -BigInt(maxSafe) || value > BigInt(maxSafe)) continue;
    const bytes = new Uint8Array(10);
    t.equal(hex(bytes.subarray(0, writeVarint(bytes, 0, Number(value)))), text);
  }
});

t.test('every safe integer survives, and takes as many bytes as were counted', async (t) => {
  fc.assert(
    fc.property(numberArbitrary, (value) => {
      const bytes = new Uint8Array(12).fill(0xee);
      const end = writeVarint(bytes, 1, value);
      assert.equal(end, 1 + varintBytes(value));
      assert.equal(end, 1 + bigVarintBytes(BigInt(value)));
      assert.equal(hex(bytes.subarray(1, end)), hex(varint(BigInt(value))));
      assert.equal(bytes[0], 0xee);
      const read = new Reader(bytes, 1, end);
      assert.equal(read.int64(), value);
      assert.equal(read.at, end);
    }),
    { numRuns: 2000 },
  );
  t.pass('2000 values');
});

t.test('every int64 survives as bigint, signed and unsigned', async (t) => {
  fc.assert(
    fc.property(leaseArbitrary, (value) => {
      const bytes = varint(value);
      assert.equal(bytes.length, bigVarintBytes(value));
      assert.equal(new Reader(bytes).bigInt64(), value);
      assert.equal(new Reader(bytes).bigUint64(), BigInt.asUintN(64, value));
    }),
    { numRuns: 2000 },
  );
  t.pass('2000 values');
});

t.test('numbers beyond the safe integers saturate, on the right side', async (t) => {
  const cases: [bigint, number][] = [
    [2n ** 53n - 2n, maxSafe - 1],
    [2n ** 53n - 1n, maxSafe],
    [2n ** 53n, maxSafe],
    [2n ** 53n + 1n, maxSafe],
    [2n ** 56n, maxSafe],
    [2n ** 63n - 1n, maxSafe],
    [-(2n ** 53n) + 2n, -maxSafe + 1],
    [-(2n ** 53n) + 1n, -maxSafe],
    [-(2n ** 53n), -maxSafe],
    [-(2n ** 53n) - 1n, -maxSafe],
    [-(2n ** 56n), -maxSafe],
    [-(2n ** 63n), -maxSafe],
  ];
  for (const [value, expected] of cases) {
    t.equal(new Reader(varint(value)).int64(), expected, `int64 ${value}`);
    const unsigned = value < 0n ? maxSafe : expected;
    t.equal(new Reader(varint(value)).uint64(), unsigned, `uint64 ${BigInt.asUintN(64, value)}`);
  }
});

t.test('bits above the 64th are dropped and an eleventh byte is refused, as in Go', async (t) => {
  t.equal(reader('ffffffffffffffffff7f').bigInt64(), -1n);
  t.equal(reader('8080808080808080807e').bigInt64(), 0n);
  t.equal(reader('8000').int64(), 0, 'longer than needed is legal');
  t.equal(
    refusal(() => reader('8080808080808080808001').int64()),
    'malformedRequest',
    'eleven bytes',
  );
  t.equal(
    refusal(() => reader('ffff').int64()),
    'malformedRequest',
    'ends inside',
  );
  t.equal(
    refusal(() => reader('').int64()),
    'malformedRequest',
    'nothing at all',
  );
});

t.test('enums keep their low 32 bits with sign, bools take any varint', async (t) => {
  t.equal(reader('ffffffffffffffffff01').int32(), -1);
  t.equal(reader('ffffffff0f').int32(), -1);
  t.equal(reader('8080808010').int32(), 0);
  t.equal(reader('ffffffff0f').uint32(), 2 ** 32 - 1);
  t.equal(reader('02').bool(), true);
  t.equal(reader('80808080808080808001').bool(), true);
  t.equal(reader('8000').bool(), false);
});

t.test('tags: field number 0 and numbers beyond 32 bits are refused', async (t) => {
  t.equal(reader('0a').tag(), 10);
  t.equal(reader('8204').tag(), (64 << 3) | 2);
  t.equal(reader('f8ffffff0f').tag(), 0xfffffff8);
  t.equal(
    refusal(() => reader('00').tag()),
    'malformedRequest',
    'number 0',
  );
  t.equal(
    refusal(() => reader('8000').tag()),
    'malformedRequest',
    'number 0, long',
  );
  t.equal(
    refusal(() => reader('8080808010').tag()),
    'malformedRequest',
    '33 bits',
  );
});

t.test('a length that leaves the message is refused, also when the buffer goes on behind it', async (t) => {
  const bytes = Buffer.from('05616263646566', 'hex');
  t.equal(hex(new Reader(bytes).view()), '6162636465');
  t.equal(
    refusal(() => new Reader(bytes, 0, 5).view()),
    'malformedRequest',
    'beyond the end',
  );
  t.equal(
    refusal(() => reader('ffffffffffffffff7f').view()),
    'malformedRequest',
    'a length of 2^63 - 1',
  );
  const inner = new Reader(Buffer.from('02080512', 'hex'));
  inner.enter();
  t.equal(inner.tag(), 8);
  t.equal(inner.int64(), 5);
  t.equal(
    refusal(() => inner.tag()),
    'malformedRequest',
    'nothing is left in the inner message, though the outer goes on',
  );
});

t.test('unknown fields are skipped by wire type, groups whole; unknown wire types are refused', async (t) => {
  const groups = [
    'a306a406',
    'a3060a0178090102030405060708150000000018ff01a406',
    'a3060b0c130b0c14a406',
    'a3060c',
  ];
  for (const text of ['a00696ffffff7f', 'a1060102030405060708', 'a20603010203', 'a506ffffffff', ...groups]) {
    const read = reader(text);
    read.skip(read.tag(), 10);
    t.equal(read.at, read.end, text);
  }
  for (const text of [
    'a306',
    'a3060b0c',
    'a3060e0c',
    'a306080c',
    'a406',
    'a606',
    'a706',
    'a10601',
    'a50601',
    'a2060401',
  ]) {
    const read = reader(text);
    t.equal(
      refusal(() => read.skip(read.tag(), 10)),
      'malformedRequest',
      text,
    );
  }
  const known = reader('0d00000000');
  t.equal(
    refusal(() => known.skip(known.tag(), 10)),
    'malformedRequest',
    'a known field with a wrong wire type',
  );
});

t.test('views share the memory of the request', async (t) => {
  const bytes = Buffer.from('03616263', 'hex');
  const view = new Reader(bytes).view();
  bytes[1] = 0x7a;
  t.equal(Buffer.from(view).toString(), 'zbc');
});

t.test('the writer grows, and what it gave away stays as it was', async (t) => {
  const writer = new Writer(4);
  const results: Uint8Array[] = [];
  const expected: string[] = [];
  for (const size of [1, 3, 100, 2047, 2048, 5000, 100_000, 2]) {
    const value = new Uint8Array(size).fill(size & 0xff);
    writer.bytesField(1, value);
    results.push(writer.finish());
    const length = new Uint8Array(10);
    expected.push(`0a${hex(length.subarray(0, writeVarint(length, 0, size)))}${hex(value)}`);
  }
  t.same(results.map(hex), expected);
});
