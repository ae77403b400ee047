/** The clients of `bench kube-requests`, in a process of their own: what they cost is not counted. */

import { Http1Connection } from './http1-client.ts';

export const kubeRequests = ['create', 'get', 'merge', 'strategic', 'status', 'list', 'delete'] as const;
export type KubeRequest = (typeof kubeRequests)[number];

/** So many requests of one kind, each about a pod of its own. */
export interface KubeLoad {
  readonly request: KubeRequest;
  readonly count: number;
}

const pods = '/api/v1/namespaces/default/pods';

function wholePodText(name: string): string {
  const container = {
    name: 'app',
    image: 'registry.example.com/team/app:v1',
    env: [{ name: 'MODE', value: 'bench' }],
    ports: [{ containerPort: 8080 }],
    resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '200m', memory: '128Mi' } },
  };
  const metadata = { name, labels: { app: 'bench' } };
  return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [container] } });
}

const [beforeName = '', afterName = ''] = wholePodText('NAME').split('NAME');

/** A pod that differs from others in its name alone. @param name letters, digits and dashes */
export function podText(name: string): string {
  return beforeName + name + afterName;
}

type Send = (connection: Http1Connection, at: number) => Promise<{ readonly code: number }>;

function patching(type: string, path: string, change: (at: number) => object): Send {
  return (connection, at) =>
    connection.send(
      'PATCH',
      `${pods}/pod-${at}${path}`,
      JSON.stringify(change(at)),
      `application/${type}-patch+json`,
    );
}

const ready = { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' };

const sends: Readonly<Record<KubeRequest, Send>> = {
  create: (connection, at) => connection.send('POST', pods, podText(`pod-${at}`)),
  get: (connection, at) => connection.send('GET', `${pods}/pod-${at}`),
  merge: patching('merge', '', (at) => ({ metadata: { annotations: { 'bench/merge': `${at}` } } })),
  strategic: patching('strategic-merge', '', (at) => ({
    metadata: { annotations: { 'bench/at': `${at}` } },
  })),
  status: patching('strategic-merge', '/status', () => ({
    status: { phase: 'Running', conditions: [ready] },
  })),
  list: (connection) => connection.send('GET', pods),
  delete: (connection, at) => connection.send('DELETE', `${pods}/pod-${at}`),
};

async function run(connections: readonly Http1Connection[], { request, count }: KubeLoad): Promise<void> {
  let next = 0;
  const work = async (connection: Http1Connection): Promise<void> => {
    while (next < count) {
      const { code } = await sends[request](connection, next++);
      if (code >= 300) throw new Error(`${request}: the server answered ${code}`);
    }
  };
  await Promise.all(connections.slice(0, request === 'list' ? 1 : undefined).map(work));
}

/** The child: opens its connections, then answers each load with `null`, or with what went wrong. */
async function serve(url: string, token: string, inFlight: number): Promise<void> {
  const open = Array.from({ length: inFlight }, () => Http1Connection.open(url, token));
  const connections = await Promise.all(open);
  process.on('message', (load: KubeLoad) => {
    run(connections, load).then(
      () => process.send?.(null),
      (error: unknown) => process.send?.(String(error)),
    );
  });
  process.on('disconnect', () => process.exit(0));
  process.on('SIGINT', () => {});
  process.send?.(null);
}

if (process.send !== undefined && process.argv[1] === import.meta.filename) {
  const [, , url = '', token = '', inFlight = '1'] = process.argv;
  void serve(url, token, Number(inFlight));
}
