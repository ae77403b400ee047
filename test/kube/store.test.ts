/** What every KubeStore must do, on the one in memory, on a member and behind a client. */

import t, { type Test as Tap } from 'tap';
import { connect } from '../../src/client/index.ts';
import { startCluster } from '../../src/index.ts';
import { clientStore } from '../../src/kube/store/client-store.ts';
import { memberStore } from '../../src/kube/store/member-store.ts';
import { openMemoryStore } from '../../src/kube/store/memory-store.ts';
import { prefixedStore } from '../../src/kube/store/prefixed-store.ts';
import type { KubeStore, StoreChange } from '../../src/kube/store.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { TestCluster } from '../member/cluster.ts';
import { failing } from '../suites/failing.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (value: Uint8Array | null): string | null =>
  value === null ? null : Buffer.from(value).toString();

type Open = (test: Pick<typeof t, 'teardown'>) => Promise<KubeStore>;

async function openInMemory(test: Pick<typeof t, 'teardown'>): Promise<KubeStore> {
  const store = await openMemoryStore(nodeRuntime());
  test.teardown(() => store.close());
  return store;
}

async function openOnMember(test: Pick<typeof t, 'teardown'>): Promise<KubeStore> {
  const cluster = await new TestCluster(1).startAll();
  const store = memberStore(cluster.member(0));
  test.teardown(async () => {
    await store.close();
    await cluster.close();
  });
  return store;
}

async function openBehindClient(test: Pick<typeof t, 'teardown'>): Promise<KubeStore> {
  const cluster = await startCluster({ members: 1, listen: true });
  const client = connect({ endpoints: cluster.clientUrls });
  const store = clientStore(client, nodeRuntime());
  test.teardown(async () => {
    await store.close();
    await client.close();
    await cluster.close();
  });
  return store;
}

function suite(t: Tap, open: Open): void {
  t.test('guards let one of two writers through and show the other what stands there', async (t) => {
    const store = await open(t);
    const created = await store.create('/r/a', bytes('1'));
    if (!created.written) throw new Error('an empty store takes a key');
    const again = await store.create('/r/a', bytes('2'));
    t.equal(!again.written && text(again.current!.value), '1');
    const updated = await store.update('/r/a', bytes('3'), created.revision);
    t.equal(updated.written, true);
    const stale = await store.delete('/r/a', created.revision);
    t.equal(!stale.written && text(stale.current!.value), '3');
    const gone = await store.update('/r/b', bytes('x'), 7);
    t.strictSame(gone, { written: false, current: null });
  });

  t.test('asked many times at once, it tells keys at the revision that is known from others', async (t) => {
    const store = await open(t);
    const known: number[] = [];
    for (const name of ['a', 'b', 'c']) {
      const created = await store.create(`/r/${name}`, bytes('1'));
      if (!created.written) throw new Error('an empty store takes a key');
      known.push(created.revision);
    }
    const [first = 0, second = 0, third = 0] = known;
    await store.update('/r/b', bytes('2'), second);
    await store.delete('/r/c', third);
    const asked = Array.from({ length: 250 }, (_, at) =>
      at % 2 === 0 ? store.isCurrent('/r/a', first) : store.isCurrent('/r/b', second),
    );
    const others = [
      store.isCurrent('/r/c', third),
      store.isCurrent('/r/none', 1),
      store.isCurrent('/r/a', first + 1),
    ];
    t.strictSame(
      await Promise.all(asked),
      asked.map((_, at) => at % 2 === 0),
    );
    t.strictSame(await Promise.all(others), [false, false, false]);
  });

  t.test('a list is of one revision, also when that is in the past', async (t) => {
    const store = await open(t);
    await store.create('/r/a', bytes('1'));
    await store.create('/r/b', bytes('2'));
    const page = await store.list('/r/', { limit: 1 });
    await store.create('/r/c', bytes('3'));
    t.strictSame([page.entries.length, page.count], [1, 2]);
    const rest = await store.list('/r/', { startKey: '/r/a\0', revision: page.revision });
    t.strictSame(
      rest.entries.map(({ key }) => key),
      ['/r/b'],
    );
    t.strictSame((await store.list('/q/')).entries, []);
  });

  t.test('a watch from the past sees every change once, in order, and then what comes', async (t) => {
    const store = await open(t);
    await store.create('/r/a', bytes('1'));
    const before = await store.revision();
    await store.create('/r/b', bytes('2'));
    await store.create('/other/x', bytes('no'));
    const seen: StoreChange[] = [];
    await new Promise<void>((resolve) => {
      store.watch('/r/', before, {
        changes: (changes) => {
          seen.push(...changes);
          if (seen.length === 3) resolve();
        },
        progress: () => {},
        failed: () => {},
      });
      setImmediate(async () => {
        const created = await store.create('/r/c', bytes('3'));
        await store.delete('/r/c', created.written ? created.revision : 0);
      });
    });
    t.strictSame(
      seen.map(({ key, value }) => [key, text(value)]),
      [
        ['/r/b', '2'],
        ['/r/c', '3'],
        ['/r/c', null],
      ],
    );
  });

  t.test('a compaction takes the past from lists and from watches', async (t) => {
    const store = await open(t);
    await store.create('/r/a', bytes('1'));
    const old = await store.revision();
    for (let i = 0; i < 3; i++) await store.create(`/r/b${i}`, bytes('2'));
    await store.compact(await store.revision());
    await t.rejects(store.list('/r/', { revision: old }), failing('compacted'));
    const reason = await new Promise((resolve) => {
      store.watch('/r/', old, { changes: () => {}, progress: () => {}, failed: resolve });
    });
    t.equal(reason, 'compacted');
  });

  t.test('progress comes after everything before it', async (t) => {
    const store = await open(t);
    const seen: string[] = [];
    const reached = await new Promise<number>((resolve) => {
      const watch = store.watch('/r/', 0, {
        changes: (changes) => seen.push(...changes.map(({ key }) => key)),
        progress: resolve,
        failed: () => {},
      });
      store.create('/r/a', bytes('1')).then(() => watch.requestProgress());
    });
    t.strictSame(seen, ['/r/a']);
    t.equal(reached, await store.revision());
  });

  t.test('a closed store ends its watches and refuses', async (t) => {
    const store = await openMemoryStore(nodeRuntime());
    const lost = new Promise((resolve) => {
      store.watch('/r/', 0, { changes: () => {}, progress: () => {}, failed: resolve });
    });
    await store.close();
    t.equal(await lost, 'lost');
    await t.rejects(store.get('/r/a'), { message: 'the store was closed' });
  });
}

t.test('in memory', async (t) => suite(t, openInMemory));
t.test('on a member', async (t) => suite(t, openOnMember));
t.test('behind a client', async (t) => suite(t, openBehindClient));

t.test('two servers below prefixes of their own do not see each other', async (t) => {
  const store = await openInMemory(t);
  const one = prefixedStore(store, '/one/');
  const two = prefixedStore(store, 'two');
  const seen: StoreChange[] = [];
  const watch = one.watch('/registry/pods/', 0, {
    changes: (changes) => void seen.push(...changes),
    progress: () => {},
    failed: () => {},
  });
  const written = await one.create('/registry/pods/a', bytes('1'));
  await two.create('/registry/pods/b', bytes('2'));
  t.strictSame(
    (await one.list('/registry/pods/')).entries.map(({ key }) => key),
    ['/registry/pods/a'],
  );
  t.equal((await two.get('/registry/pods/a')).entry, null);
  t.equal((await store.get('/one/pods/a')).entry?.key, '/one/pods/a');
  const again = await one.create('/registry/pods/a', bytes('3'));
  t.equal(!again.written && again.current?.key, '/registry/pods/a', 'what stands there has its name');
  if (!written.written) throw new Error('an empty store takes a key');
  await one.delete('/registry/pods/a', written.revision);
  for (let tries = 0; tries < 6000 && seen.length < 2; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  watch.close();
  t.strictSame(
    seen.map(({ key, value }) => [key, text(value)]),
    [
      ['/registry/pods/a', '1'],
      ['/registry/pods/a', null],
    ],
  );
  t.equal(prefixedStore(store, '/registry'), store, 'the prefix that everybody has costs nothing');
});
