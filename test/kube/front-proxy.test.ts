/** A proxy in front: believed for its certificate, and for nothing else. */

import { request } from 'node:https';
import t from 'tap';
import { startControlPlane } from '../../src/kube/control-plane.ts';
import { openMemoryStore } from '../../src/kube/store/memory-store.ts';
import { type KeyAndCertificate, makeCertificate } from '../../src/util/certificate.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';

const runtime = nodeRuntime();

function certificate(
  commonName: string,
  issuer: KeyAndCertificate | null,
  more: Partial<Parameters<typeof makeCertificate>[0]> = {},
): KeyAndCertificate {
  const options = { commonName, now: runtime.clock.wallNow(), validDays: 1, ...more };
  return makeCertificate(options, issuer, runtime.random);
}

const users = certificate('users', null, { isAuthority: true });
const proxies = certificate('proxies', null, { isAuthority: true });
const server = certificate('server', users, { hosts: ['127.0.0.1'], usages: ['server'] });
const ann = certificate('ann', users, { organizations: ['sailors'], usages: ['client'] });
const proxy = certificate('proxy', proxies, { usages: ['client'] });
const stranger = certificate('stranger', proxies, { organizations: ['system:masters'], usages: ['client'] });

const options = {
  runtime,
  tls: { ...server, clientAuthorities: users.cert },
  frontProxy: {
    authorities: proxies.cert,
    allowedNames: ['proxy'],
    usernameHeaders: ['X-Remote-User'],
    uidHeaders: ['X-Remote-Uid'],
    groupHeaders: ['X-Remote-Group'],
    extraPrefixes: ['X-Remote-Extra-'],
  },
} as const;

type Headers = Readonly<Record<string, string | readonly string[]>>;

/** Who the server takes the caller for. */
function userOf(url: string, { key, cert }: KeyAndCertificate, headers: Headers): Promise<unknown> {
  const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}/apis/authentication.k8s.io/v1/selfsubjectreviews`,
      {
        method: 'POST',
        ...{ key, cert, ca: users.cert, agent: false },
        headers: { 'content-type': 'application/json', ...headers } as Record<string, string | string[]>,
      },
      (answer) => {
        let text = '';
        answer.on('data', (chunk) => {
          text += chunk;
        });
        answer.on('end', () => resolve(JSON.parse(text).status.userInfo));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

t.test('headers count with the certificate of a proxy, and only then', async (t) => {
  const plane = await startControlPlane(options);
  t.teardown(() => plane.close());
  const headers = {
    'X-Remote-User': 'bob',
    'X-Remote-Uid': '7',
    'X-Remote-Group': ['cooks', 'crew'],
    'X-Remote-Extra-Scopes%2Fof': 'read',
  };
  t.match(await userOf(plane.url, proxy, headers), {
    username: 'bob',
    uid: '7',
    groups: ['cooks', 'crew', 'system:authenticated'],
    extra: { 'scopes/of': ['read'] },
  });
  t.match(await userOf(plane.url, ann, headers), {
    username: 'ann',
    groups: ['sailors', 'system:authenticated'],
  });
  t.match(await userOf(plane.url, proxy, {}), { username: 'system:anonymous' }, 'a proxy is nobody itself');
  t.match(
    await userOf(plane.url, stranger, headers),
    { username: 'system:anonymous' },
    'another name is not believed, nor are its groups',
  );
});

t.test('extension servers are told of it, also after a start with other words', async (t) => {
  const store = await openMemoryStore(runtime);
  t.teardown(() => store.close());
  const told = async (given: Parameters<typeof startControlPlane>[0]): Promise<string> => {
    const plane = await startControlPlane({ ...given, store });
    const { entry } = await store.get('/registry/configmaps/kube-system/extension-apiserver-authentication');
    await plane.close();
    return Buffer.from(entry?.value ?? []).toString('latin1');
  };
  const { frontProxy: _, ...without } = options;
  t.notMatch(await told(without), /requestheader/);
  t.match(await told(options), /requestheader-allowed-names.*\["proxy"\]/s);
});
