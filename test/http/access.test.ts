import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { type Access, admit } from '../../src/http/access.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function ask(access: Access, headers: Record<string, string>, method = 'GET'): Promise<Answer> {
  const server = createServer((request, response) => {
    if (admit(request, response, access)) response.end('served');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await new Promise((resolve, reject) => {
      const request = httpRequest({ port, host: '127.0.0.1', method, headers, agent: false }, (response) => {
        let body = '';
        response.on('data', (part) => {
          body += part;
        });
        response.on('end', () => {
          resolve({ status: response.statusCode!, headers: response.headers, body });
        });
      });
      request.on('error', reject);
      request.end();
    });
  } finally {
    server.close();
  }
}

const any = ['*'];

t.test('by default every origin and every host name is served, as etcd does', async (t) => {
  const { status, headers, body } = await ask({ origins: any, hosts: any }, { host: 'evil.example' });
  t.equal(status, 200);
  t.equal(body, 'served');
  t.equal(headers['access-control-allow-origin'], '*');
  t.equal(headers['access-control-allow-methods'], 'POST, GET, OPTIONS, PUT, DELETE');
});

t.test('only the origins of the list are allowed', async (t) => {
  const access = { origins: ['http://a.example'], hosts: any };
  const allowed = await ask(access, { origin: 'http://a.example' });
  t.equal(allowed.headers['access-control-allow-origin'], 'http://a.example');
  const other = await ask(access, { origin: 'http://b.example' });
  t.equal(other.headers['access-control-allow-origin'], undefined);
  t.equal(other.body, 'served', 'the browser refuses, not the server');
});

t.test('a host name that is not on the list is answered 421, with what to do', async (t) => {
  const access = { origins: any, hosts: ['localhost', '127.0.0.1', '::1'] };
  for (const host of ['localhost:2379', '127.0.0.1:2379', '[::1]:2379', 'localhost']) {
    t.equal((await ask(access, { host })).status, 200, host);
  }
  const refused = await ask(access, { host: 'evil.example:2379' });
  t.equal(refused.status, 421);
  t.match(refused.body, '--host-whitelist "evil.example"');
});

t.test('OPTIONS is answered anywhere with the headers alone', async (t) => {
  const { status, headers, body } = await ask({ origins: any, hosts: any }, {}, 'OPTIONS');
  t.equal(status, 200);
  t.equal(body, '');
  t.equal(headers['access-control-allow-headers'], 'accept, content-type, authorization');
});
