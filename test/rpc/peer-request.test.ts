import { createServer, type Server } from 'node:net';
import t from 'tap';
import { endpointOf } from '../../src/rpc/address.ts';
import { dialer } from '../../src/rpc/dial.ts';
import { getText } from '../../src/rpc/peer-request.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';

const { log } = nodeRuntime();

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

const ask = (url: string, ms: number): Promise<unknown> =>
  getText(dialer(null, log), endpointOf(url)!, '/version', ms);

t.test('who takes the call and says nothing, or never comes to an end, is given up', async (t) => {
  const silent = createServer(() => {});
  const endless = createServer((socket) => {
    socket.on('error', () => {});
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n');
    const drip = setInterval(() => socket.write('x'), 20);
    socket.on('close', () => clearInterval(drip));
  });
  t.teardown(() => [silent, endless].map((server) => server.close()));
  for (const server of [silent, endless]) {
    await t.rejects(ask(await listening(server), 200), new Error('no answer within 200 ms'));
  }
});

t.test('who cannot be called is named at once', async (t) => {
  const server = createServer();
  const url = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  await t.rejects(ask(url, 60_000), { code: 'ECONNREFUSED' } as unknown as Error);
});
