/** HPACK (RFC 7541): the examples of its appendix C, its limits, and any list in any form. */

import fc from 'fast-check';
import t from 'tap';
import { ConnectionError, ErrorCode } from '../../src/rpc/http2/frames.ts';
import { HeaderDecoder } from '../../src/rpc/http2/header-decoder.ts';
import { DynamicTable, headerField, STATIC_TABLE } from '../../src/rpc/http2/header-table.ts';
import { http2Transport } from '../../src/rpc/http2/http2-transport.ts';
import { requestHead } from '../../src/rpc/http2/request-head.ts';
import { percentEncoded } from '../../src/rpc/http2/response-blocks.ts';
import type { UnaryHandler } from '../../src/rpc/transport.ts';
import { framed, Harness, requestHeaders } from './grpc-harness.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const LIST_MAX = 64 * 1024;

function decoder(): (text: string | Buffer) => string[] {
  const decoder = new HeaderDecoder(LIST_MAX);
  return (block) => {
    const bytes = typeof block === 'string' ? hex(block) : block;
    return decoder.decode(bytes, 0, bytes.length).map(({ name, value }) => `${name}: ${value}`);
  };
}

t.test('the requests of C.3 and C.4 are read, plain and Huffman-coded', async (t) => {
  const common = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
  const secure = [
    ':method: GET',
    ':scheme: https',
    ':path: /index.html',
    ':authority: www.example.com',
    'custom-key: custom-value',
  ];
  const plain = decoder();
  t.same(plain('8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d'), common);
  t.same(plain('8286 84be 5808 6e6f 2d63 6163 6865'), [...common, 'cache-control: no-cache']);
  t.same(plain('8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65'), secure);
  const coded = decoder();
  t.same(coded('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff'), common);
  t.same(coded('8286 84be 5886 a8eb 1064 9cbf'), [...common, 'cache-control: no-cache']);
  t.same(coded('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf'), secure);
});

t.test('the literals of C.2 are read', async (t) => {
  const read = decoder();
  t.same(read('400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572'), [
    'custom-key: custom-header',
  ]);
  t.same(read('040c 2f73 616d 706c 652f 7061 7468'), [':path: /sample/path']);
  t.same(read('1008 7061 7373 776f 7264 0673 6563 7265 74'), ['password: secret']);
  t.same(read('82'), [':method: GET']);
});

const evil: Record<string, string> = {
  'index 0': '80',
  'an index beyond the table': 'be',
  'a name beyond the table': '7e 01 61',
  'an integer without end': 'ff ff ff ff ff ff 7f',
  'an integer beyond 28 bits': 'ff 80 80 80 80 01',
  'a string that is cut': '00 05 61 62',
  'a name without a value': '00 01 61',
  'a table larger than ours': '3f e2 1f',
  'a table size within the block': '82 20',
  'Huffman padding of zeros': '00 81 18 01 61',
  'a whole octet of padding': '00 82 1f ff 01 61',
  'the end-of-string symbol': '00 84 ff ff ff ff 01 61',
};
t.test('what is no header block is refused as such', async (t) => {
  for (const [title, block] of Object.entries(evil)) {
    try {
      t.same(decoder()(block), [], title);
    } catch (error) {
      t.ok(error instanceof ConnectionError && error.code === ErrorCode.CompressionError, title);
    }
  }
});

t.test('the table evicts the oldest, is emptied by what does not fit, and can be resized', async (t) => {
  const table = new DynamicTable(128);
  const sized = (name: string) => headerField(name, 'x'.repeat(32 - name.length));
  for (const name of ['a', 'b', 'c']) table.insert(sized(name));
  t.same([table.get(62)?.name, table.get(63)?.name, table.get(64)], ['c', 'b', undefined]);
  table.resize(64);
  t.same([table.get(62)?.name, table.get(63)], ['c', undefined]);
  table.resize(128);
  table.insert(headerField('large', 'x'.repeat(200)));
  t.equal(table.get(62), undefined);
  for (let round = 0; round < 100; round += 1) table.insert(sized(String(round)));
  t.same([table.get(62)?.name, table.get(63)?.name, table.get(64)], ['99', '98', undefined]);
});

t.test('a list beyond its limit is cut, and the table learns all of it', async (t) => {
  const decoder = new HeaderDecoder(100);
  const block = Buffer.concat([hex('40 01 61 01 62'), Buffer.alloc(10, 0xbe), hex('40 01 63 01 64')]);
  t.equal(decoder.decode(block, 0, block.length).length, 2);
  t.equal(decoder.truncated, true);
  t.same(
    decoder.decode(hex('bebf'), 0, 2).map(({ name }) => name),
    ['c', 'a'],
  );
  t.equal(decoder.truncated, false);
});

// An encoder that draws each form at random

interface Draw {
  readonly name: string;
  readonly value: string;
  /** 0: without indexing; 1: never indexed; 2: with indexing; whether names and whole fields are looked up. */
  readonly form: number;
  readonly lookUp: boolean;
}

function integer(pattern: number, bits: number, value: number): Buffer {
  const limit = 2 ** bits - 1;
  if (value < limit) return Buffer.from([pattern | value]);
  const octets = [pattern | limit];
  let rest = value - limit;
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets.push((rest % 128) | 128);
  return Buffer.from([...octets, rest]);
}

class Encoder {
  private readonly entries: { name: string; value: string }[] = [];

  encode({ name, value, form, lookUp }: Draw): Buffer {
    const all = [...STATIC_TABLE, ...this.entries];
    const whole = all.findIndex((entry) => entry.name === name && entry.value === value) + 1;
    if (lookUp && whole > 0) return integer(0x80, 7, whole);
    const index = lookUp ? all.findIndex((entry) => entry.name === name) + 1 : 0;
    const text = (octets: string): Buffer =>
      Buffer.concat([integer(0, 7, octets.length), Buffer.from(octets, 'latin1')]);
    const start = form === 2 ? integer(0x40, 6, index) : integer(form === 1 ? 0x10 : 0, 4, index);
    if (form === 2) this.insert(name, value);
    return Buffer.concat([start, ...(index === 0 ? [text(name)] : []), text(value)]);
  }

  private insert(name: string, value: string): void {
    this.entries.unshift({ name, value });
    const size = (): number =>
      this.entries.reduce((sum, entry) => sum + entry.name.length + entry.value.length + 32, 0);
    while (size() > 4096) this.entries.pop();
  }
}

const octets = (maxLength: number) =>
  fc.array(fc.integer({ min: 0, max: 255 }), { maxLength }).map((values) => String.fromCharCode(...values));
const drawn = fc.record({
  name: fc.oneof(fc.constantFrom(':path', 'token', 'grpc-timeout', 'a'), octets(40)),
  value: fc.oneof(fc.constantFrom('/', 'x', '1S'), octets(300)),
  form: fc.integer({ min: 0, max: 2 }),
  lookUp: fc.boolean(),
});

t.test('any lists in any forms come out as they went in, block after block', async () => {
  fc.assert(
    fc.property(fc.array(fc.array(drawn, { maxLength: 12 }), { maxLength: 12 }), (blocks) => {
      const encoder = new Encoder();
      const read = decoder();
      for (const block of blocks) {
        const bytes = Buffer.concat(block.map((draw) => encoder.encode(draw)));
        const expected = block.map(({ name, value }) => `${name}: ${value}`);
        if (JSON.stringify(read(bytes)) !== JSON.stringify(expected)) return false;
      }
      return true;
    }),
    { numRuns: 300 },
  );
});

t.test('random octets are read or refused, never anything else', async () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (blocks) => {
      const read = decoder();
      try {
        for (const block of blocks) read(Buffer.from(block));
        return true;
      } catch (error) {
        return error instanceof ConnectionError && error.code === ErrorCode.CompressionError;
      }
    }),
    { numRuns: 2000 },
  );
});

t.test(
  'every character that a real encoder sends arrives, Huffman-coded where that is shorter',
  async (t) => {
    const seen: (string | undefined)[] = [];
    const handle: UnaryHandler = (_request, call, reply) => {
      seen.push(call.metadata('text'));
      reply(null, Buffer.alloc(0));
    };
    const harness = await Harness.open(http2Transport, new Map([['/s/Text', { kind: 'unary', handle }]]));
    const session = harness.http2();
    const octets = Array.from({ length: 256 }, (_, octet) => octet).filter(
      (octet) => octet > 32 && octet !== 127,
    );
    const texts = octets.map((octet) => `eeeeeeeeeeeeeee${String.fromCharCode(octet)}eeeeeeeeeeeeeee`);
    texts.push(String.fromCharCode(...octets), 'short');
    for (const text of texts) {
      const request = session.request({ ...requestHeaders('/s/Text'), text });
      request.end(framed(Buffer.from('x')));
      request.resume();
      await new Promise((resolve) => request.on('close', resolve));
    }
    t.same(seen, texts);
    await harness.close();
  },
);

t.test('a head is the same whether its block is known or not', async (t) => {
  const fields = (...pairs: [string, string][]) => pairs.map(([name, value]) => headerField(name, value));
  const head = requestHead(
    fields(
      [':method', 'POST'],
      [':path', '/a.B/C'],
      ['content-type', 'application/grpc'],
      ['grpc-timeout', '1500u'],
      ['grpc-encoding', 'identity'],
    ),
  );
  t.same(
    [head.path, head.timeoutMs, head.encoding, head.refusal, head.malformed],
    ['/a.B/C', 1.5, '', null, false],
  );
});

t.test('a text is encoded for grpc-message as gRPC says', async (t) => {
  t.equal(percentEncoded('etcdserver: key not found'), 'etcdserver: key not found');
  t.equal(percentEncoded('100%\n'), '100%25%0A');
  t.equal(percentEncoded('ü~\x7f'), '%C3%BC~%7F');
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      (text) => decodeURIComponent(percentEncoded(text)) === Buffer.from(text).toString(),
    ),
  );
});
