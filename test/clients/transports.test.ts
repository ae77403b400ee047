/** Programs that speak HTTP/2 each in their own way, against both servers of it. */

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { join } from 'node:path';
import t from 'tap';
import { Workplace } from '../../bench/children.ts';
import { startMember } from '../../src/index.ts';
import { missingPrograms, run } from './harness.ts';

/** PutRequest { key = "a", value = "b" }, behind its prefix. */
const put = Buffer.from('00000000060a01611201' + '62', 'hex');
const path = '/etcdserverpb.KV/Put';
const headers = ['-H', 'content-type: application/grpc', '-H', 'te: trailers'];

for (const rpcTransport of ['http2', 'grpc-js'] as const) {
  const start = () => startMember({ memory: true, listenClientUrls: ['http://127.0.0.1:0'], rpcTransport });

  t.test(
    `curl with --http2-prior-knowledge is served over ${rpcTransport}`,
    { skip: missingPrograms('curl') },
    async (t) => {
      await using member = await start();
      const workplace = new Workplace();
      t.teardown(() => workplace.close());
      const file = join(workplace.folder, 'put.bin');
      writeFileSync(file, put);
      const flags = ['-sS', '--http2-prior-knowledge', '-D', '-', '-o', join(workplace.folder, 'answer')];
      const words = [
        'curl',
        ...flags,
        ...headers,
        '--data-binary',
        `@${file}`,
        `${member.clientUrls[0]}${path}`,
      ];
      const { code, out, err } = await run(workplace, words);
      t.equal(code, 0, err);
      t.match(out, /^HTTP\/2 200/);
      t.match(out, /^grpc-status: 0/m);
      t.equal((await member.client.get('a'))?.text, 'b');
    },
  );

  t.test(`h2load is served over ${rpcTransport}`, { skip: missingPrograms('h2load') }, async (t) => {
    await using member = await start();
    const workplace = new Workplace();
    t.teardown(() => workplace.close());
    const file = join(workplace.folder, 'put.bin');
    writeFileSync(file, put);
    const words = [
      'h2load',
      '-n',
      '200',
      '-c',
      '4',
      '-m',
      '10',
      '-d',
      file,
      ...headers,
      `${member.clientUrls[0]}${path}`,
    ];
    const { code, out, err } = await run(workplace, words);
    t.equal(code, 0, err);
    t.match(out, /200 succeeded, 0 failed/);
    t.equal((await member.client.get('a'))?.version, 200);
  });

  t.test(`node:http2 is served over ${rpcTransport}`, async (t) => {
    await using member = await start();
    const session = connect(member.clientUrls[0]!);
    t.teardown(() => session.destroy());
    const call = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const trailers = once(call, 'trailers');
    call.end(put);
    call.resume();
    t.equal((await trailers)[0]['grpc-status'], '0');
    t.equal((await member.client.get('a'))?.text, 'b');
  });
}
