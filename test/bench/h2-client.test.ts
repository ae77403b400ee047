import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { H2Client } from '../../bench/h2-client.ts';
import { decodeHuffman } from '../../src/rpc/http2/huffman.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

t.test('Huffman strings of RFC 7541 appendix C are read', async (t) => {
  t.equal(decodeHuffman(hex('f1e3 c2e5 f23a 6ba0 ab90 f4ff')), 'www.example.com');
  t.equal(decodeHuffman(hex('a8eb 1064 9cbf')), 'no-cache');
  t.equal(decodeHuffman(hex('25a8 49e9 5ba9 7d7f')), 'custom-key');
  t.equal(decodeHuffman(hex('25a8 49e9 5bb8 e8b4 bf')), 'custom-value');
  t.equal(
    decodeHuffman(hex('d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff')),
    'Mon, 21 Oct 2013 20:13:21 GMT',
  );
  t.equal(decodeHuffman(hex('')), '');
});

t.test('wrong padding and the end-of-string symbol are refused', async (t) => {
  t.throws(() => decodeHuffman(hex('ff')), /padding/, 'eight bits of padding');
  t.throws(() => decodeHuffman(hex('f0')), /padding/, 'padding that is not ones');
  t.throws(() => decodeHuffman(hex('ffffffff')), /end-of-string/);
});

t.test('every printable character survives a real encoder', async (t) => {
  // Node's own HTTP/2 server encodes with Huffman where that is shorter.
  const texts = Array.from(
    { length: 95 },
    (_, index) => `eeeeeeeeee${String.fromCharCode(32 + index)}eeeeeeeeeee`,
  );
  const server = http2.createServer();
  let served = 0;
  server.on('stream', (stream) => {
    const text = texts[served++]!;
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () =>
      stream.sendTrailers({ 'grpc-status': '9', 'grpc-message': encodeURIComponent(text) }),
    );
    stream.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answers: string[] = [];
  await new Promise<void>((resolve) => {
    const client = new H2Client(
      {
        host: '127.0.0.1',
        port,
        keepBodies: false,
        onDone: (_slot, code, message) => {
          answers.push(`${code} ${message}`);
          if (answers.length < texts.length) client.start(0, '/a/b', new Uint8Array(0));
          else {
            client.close();
            resolve();
          }
        },
      },
      () => {},
    );
    client.start(0, '/a/b', new Uint8Array(0));
  });
  server.close();
  t.same(
    answers,
    texts.map((text) => `9 ${text}`),
  );
});
