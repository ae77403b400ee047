/**
 * The Kubernetes API inside of a process, with its objects in memory: create one, list it, watch it change. Any client
 * of Kubernetes can do so; here it is `fetch`, so that nothing is hidden.
 *
 *     node --import tsx examples/kubernetes-api.ts
 */

import { startControlPlane } from 'keelson/apiserver';

const token = 'for-this-example';
const api = await startControlPlane({ adminToken: token });
const authorization = { authorization: `Bearer ${token}` };
const configMaps = `${api.url}/api/v1/namespaces/default/configmaps`;

async function send(method: string, url: string, type: string, body: unknown): Promise<ConfigMap> {
  const headers = { ...authorization, 'content-type': type };
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as ConfigMap;
}

interface ConfigMap {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly data: Readonly<Record<string, string>>;
}

try {
  const made = await send('POST', configMaps, 'application/json', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'paint' },
    data: { hull: 'red' },
  });
  console.log(`created ${made.metadata.name}: the hull is ${made.data['hull']}`);

  // From the version that was created on: the change below cannot be missed.
  const since = made.metadata.resourceVersion;
  const watch = await fetch(`${configMaps}?watch=true&resourceVersion=${since}`, { headers: authorization });
  const events = watch.body!.getReader();
  await send('PATCH', `${configMaps}/paint`, 'application/merge-patch+json', { data: { hull: 'green' } });
  const { value } = await events.read();
  const event = JSON.parse(new TextDecoder().decode(value)) as { type: string; object: ConfigMap };
  console.log(`${event.type}: the hull is ${event.object.data['hull']}`);
  await events.cancel();
} finally {
  await api.close();
}
