/** Watches that go on: on another server, after the store's watch broke, after a member's death; and 410 where history ends. */

import t, { type Test } from 'tap';
import { connect } from '../../src/client/index.ts';
import { startCluster } from '../../src/index.ts';
import { startControlPlane } from '../../src/kube/control-plane.ts';
import { clientStore } from '../../src/kube/store/client-store.ts';
import { memberStore } from '../../src/kube/store/member-store.ts';
import { openMemoryStore } from '../../src/kube/store/memory-store.ts';
import type { KubeStore, StoreWatchSink } from '../../src/kube/store.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { TestCluster } from '../member/cluster.ts';
import { Api } from './api.ts';

const maps = '/api/v1/namespaces/default/configmaps';
type Tap = Pick<typeof t, 'teardown'>;

async function plane(test: Tap, store: KubeStore): Promise<Api> {
  const made = await startControlPlane({ runtime: nodeRuntime(), store });
  test.teardown(() => made.close());
  return new Api(made);
}

async function create(api: Api, name: string): Promise<string> {
  const { code, body } = await api.send('POST', maps, { metadata: { name } });
  if (code !== 201) throw new Error(JSON.stringify(body));
  return body.metadata.resourceVersion;
}

const rounds = 5;

/** What one server has written another lists, though its cache follows a moment later. */
async function seesAtOnce(t: Test, one: Api, other: Api): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const before = (await other.get(maps)).body.items.length;
    await create(one, `seen-${round}`);
    t.equal((await other.get(maps)).body.items.length, before + 1, 'a list is as new as the store');
    const { code } = await one.send('DELETE', `${maps}/seen-${round}`);
    t.equal(code, 200);
    t.equal((await other.get(maps)).body.items.length, before);
  }
}

/** Type and name of frames, without the objects that every namespace has. */
function told(frames: Awaited<ReturnType<Api['frames']>>): string[] {
  return frames.map(({ type, object }) => `${type} ${object.metadata?.name ?? object.reason}`);
}

t.test('a server that began later goes on where a client was, with the states before', async (t) => {
  const store = await openMemoryStore(nodeRuntime());
  t.teardown(() => store.close());
  const first = await plane(t, store);
  await create(first, 'a');
  await first.merge(`${maps}/a`, { metadata: { labels: { on: '1' } } });
  const since = await create(first, 'b');
  await first.merge(`${maps}/a`, { metadata: { labels: { on: null } } });
  await first.send('DELETE', `${maps}/b`);
  await create(first, 'c');
  const second = await plane(t, store);
  await second.get(maps);
  const all = await second.frames(`${maps}?watch=1&resourceVersion=${since}`, 3);
  t.strictSame(told(all), ['MODIFIED a', 'DELETED b', 'ADDED c']);
  const chosen = await second.frames(`${maps}?watch=1&resourceVersion=${since}&labelSelector=on%3D1`, 1);
  t.strictSame(told(chosen), ['DELETED a'], 'it left the selector');
});

t.test('history that was compacted is 410 in an ERROR event, and not an HTTP 410', async (t) => {
  const store = await openMemoryStore(nodeRuntime());
  t.teardown(() => store.close());
  const first = await plane(t, store);
  const since = await create(first, 'a');
  const last = await create(first, 'b');
  await store.compact(Number(last));
  const seen = await first.frames(`${maps}?watch=1&resourceVersion=${since}`, 1);
  t.strictSame(told(seen), ['ADDED b'], 'who was there remembers');
  const second = await plane(t, store);
  const [gone] = await second.frames(`${maps}?watch=1&resourceVersion=${since}`, 1);
  t.match(gone, { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
  t.match(gone.object.message, new RegExp(`^too old resource version: ${since} \\(\\d+\\)$`));
  const page = await second.get(`${maps}?resourceVersion=${since}&resourceVersionMatch=Exact`);
  t.match([page.code, page.body.reason], [410, 'Expired']);
});

t.test('a watch of the store that breaks is no end for clients', async (t) => {
  const store = await openMemoryStore(nodeRuntime());
  t.teardown(() => store.close());
  const sinks: { prefix: string; sink: StoreWatchSink; close: () => void }[] = [];
  // Its watches can be made to fail, as those of a member that dies.
  const breakable: KubeStore = Object.create(store, {
    ...Object.fromEntries(
      (['get', 'list', 'create', 'update', 'delete', 'revision', 'compact', 'close'] as const).map((name) => [
        name,
        { value: (...given: never[]) => (store[name] as (...all: never[]) => unknown).apply(store, given) },
      ]),
    ),
    watch: {
      value: (prefix: string, after: number, sink: StoreWatchSink) => {
        const watch = store.watch(prefix, after, sink);
        sinks.push({ prefix, sink, close: () => watch.close() });
        return watch;
      },
    },
  });
  const api = await plane(t, breakable);
  const since = await create(api, 'a');
  const frames = api.frames(`${maps}?watch=1&resourceVersion=${since}`, 2);
  await create(api, 'b');
  const found = sinks.filter(({ prefix }) => prefix === '/registry/configmaps/');
  t.equal(found.length, 1);
  found[0]!.close();
  found[0]!.sink.failed('lost', 0);
  await create(api, 'c');
  t.strictSame(told(await frames), ['ADDED b', 'ADDED c']);
});

t.test('a client moves on when the member behind its server dies', async (t) => {
  const cluster = await new TestCluster(3).startAll();
  const stores = [0, 1, 2].map((seat) => memberStore(cluster.member(seat)));
  t.teardown(async () => {
    for (const store of stores) await store.close();
    await cluster.close();
  });
  const first = await plane(t, stores[0]!);
  const since = await create(first, 'a');
  await create(first, 'b');
  const seen = await first.frames(`${maps}?watch=1&resourceVersion=${since}`, 1);
  const at = seen[0].object.metadata.resourceVersion;
  const second = await plane(t, stores[1]!);
  await create(second, 'c');
  await seesAtOnce(t, second, first);
  await first.plane.close();
  await cluster.stop(0);
  // The others agree on a leader before they take writes.
  for (let tries = 0; tries < 6000; tries++) {
    const { code } = await second.send('POST', maps, { metadata: { name: 'd' } });
    if (code === 201 || code === 409) break;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const third = await plane(t, stores[2]!);
  for (const api of [second, third]) {
    const frames = await api.frames(`${maps}?watch=1&resourceVersion=${at}`, 2 + rounds * 2);
    const names = told(frames).filter((frame) => !frame.includes('seen'));
    t.strictSame(names, ['ADDED c', 'ADDED d'], 'nothing twice, nothing missing');
  }
});

t.test('behind a client of etcd the same', async (t) => {
  const cluster = await startCluster({ members: 1, listen: true });
  const client = connect({ endpoints: cluster.clientUrls });
  const store = clientStore(client, nodeRuntime());
  t.teardown(async () => {
    await store.close();
    await client.close();
    await cluster.close();
  });
  const first = await plane(t, store);
  const since = await create(first, 'a');
  await create(first, 'b');
  const second = await plane(t, store);
  const frames = await second.frames(`${maps}?watch=1&resourceVersion=${since}`, 1);
  t.strictSame(told(frames), ['ADDED b']);
  await seesAtOnce(t, first, second);
});
