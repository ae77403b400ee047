import { setTimeout as pause } from 'node:timers/promises';
import {
  CompactedError,
  op,
  type Watch,
  type WatchEvent,
  type WatchMessage,
} from '../../src/client/index.ts';
import { failing } from './failing.ts';
import type { Promises } from './suite.ts';

const shown = ({ type, pair }: WatchEvent) => `${type} ${pair.keyText} ${pair.text}`.trim();

async function take(watch: Watch, count: number): Promise<string[]> {
  const events: string[] = [];
  for await (const event of watch) {
    events.push(shown(event));
    if (events.length === count) break;
  }
  return events;
}

export const watchPromises: Promises = (t, bench) => {
  t.test('changes come in order, with what they are', async (t) => {
    const client = bench.client(t);
    const watch = client.watch({ prefix: 'watch/a/' }, { previous: true });
    const first = await watch.created;
    const put = await client.put('watch/a/1', 'x');
    t.equal(first, put.revision);
    await client.put('watch/a/1', 'y');
    await client.put('watch/b', 'not in the range');
    const gone = await client.delete('watch/a/1');
    const events: WatchEvent[] = [];
    for await (const event of watch) if (events.push(event) === 3) break;
    t.same(events.map(shown), ['put watch/a/1 x', 'put watch/a/1 y', 'delete watch/a/1']);
    t.same(
      events.map(({ isCreate, previous }) => [isCreate, previous?.text ?? null]),
      [
        [true, null],
        [false, 'x'],
        [false, 'y'],
      ],
    );
    t.equal(events[2]!.revision, gone.revision);
    t.equal(watch.nextRevision, gone.revision + 1);
    t.same(await watch.messages().next(), { done: true, value: undefined }, 'leaving the loop closed it');
  });

  t.test('a watch from the past tells the past first, whole revisions together', async (t) => {
    const client = bench.client(t);
    const { revision } = await client.put('watch/past', '1');
    await client.txn().then(op.put('watch/past', '2'), op.put('watch/past2', '2')).commit();
    const watch = client.watch({ prefix: 'watch/past' }, { startRevision: revision });
    const told: string[] = [];
    for await (const message of watch.messages()) {
      if (message.kind !== 'events') continue;
      told.push(...message.events.map(shown));
      t.equal(message.events.at(-1)!.revision, message.revision);
      if (told.length >= 3) break;
    }
    t.same(told, ['put watch/past 1', 'put watch/past 2', 'put watch/past2 2']);
  });

  t.test('filters leave out what is not wanted', async (t) => {
    const client = bench.client(t);
    const { revision } = await client.put('watch/filter', '1');
    await client.delete('watch/filter');
    await client.put('watch/filter', '2');
    const from = { startRevision: revision };
    t.same(await take(client.watch('watch/filter', { ...from, deletes: false }), 2), [
      'put watch/filter 1',
      'put watch/filter 2',
    ]);
    t.same(await take(client.watch('watch/filter', { ...from, puts: false }), 1), ['delete watch/filter']);
  });

  t.test('the listener form tells the same', async (t) => {
    const client = bench.client(t);
    const told: string[] = [];
    let ended: unknown = 'not yet';
    const watch = client.watch(
      'watch/listen',
      {},
      {
        onEvents: (events) => told.push(...events.map(shown)),
        onProgress: () => told.push('progress'),
        onEnd: (error) => {
          ended = error;
        },
      },
    );
    await watch.created;
    const { revision } = await client.put('watch/listen', '1');
    t.ok((await watch.requestProgress()) >= revision);
    t.same(told, ['put watch/listen 1', 'progress']);
    t.throws(() => watch.messages(), TypeError);
    watch.close();
    t.equal(ended, null);
    const broken = client.watch(
      'watch/listen',
      { startRevision: revision },
      {
        onEvents: () => {
          throw new Error('the listener broke');
        },
        onEnd: (error) => {
          ended = error;
        },
      },
    );
    while (ended === null) await pause(5);
    t.match(ended, /the listener broke/);
    await t.rejects(broken.requestProgress(), /the watch is over/);
  });

  t.test('progress is told in order with the changes', async (t) => {
    const client = bench.client(t);
    const watch = client.watch('watch/progress');
    await watch.created;
    await client.put('watch/progress', '1');
    const { revision } = await client.put('watch/elsewhere', '1');
    const progress = await watch.requestProgress();
    t.ok(progress >= revision);
    t.equal(watch.nextRevision, progress + 1);
    const messages: WatchMessage['kind'][] = [];
    for await (const { kind } of watch.messages()) {
      messages.push(kind);
      if (kind === 'progress') break;
    }
    t.same(messages, ['events', 'progress']);
  });

  t.test('no change is lost or told twice when connections break', async (t) => {
    const { client, proxy } = await bench.proxied(t);
    const writer = bench.client(t);
    let interruptions = 0;
    const seen: number[] = [];
    const watch = client.watch(
      { prefix: 'watch/broken/' },
      {},
      {
        onEvents: (events) => seen.push(...events.map(({ pair }) => Number(pair.text))),
        onInterrupted: () => {
          interruptions++;
        },
      },
    );
    await watch.created;
    const count = 200;
    for (let at = 0; at < count; at++) {
      await writer.put(`watch/broken/${at % 7}`, `${at}`);
      if (at % 40 !== 20) continue;
      // Only a watch that has found its way back can be cut off again.
      while (seen.length <= at) await pause(5);
      proxy.cut();
    }
    while (seen.length < count) await pause(10);
    await watch.requestProgress();
    t.same(
      seen,
      Array.from({ length: count }, (_, at) => at),
    );
    t.ok(interruptions >= 3, `${interruptions} interruptions`);
  });

  t.test('a slow consumer holds back the server, and loses nothing', async (t) => {
    const client = bench.client(t);
    const { revision } = await client.put('watch/slow', '0');
    for (let at = 1; at < 60; at++) await client.put('watch/slow', `${at}`);
    const watch = client.watch('watch/slow', { startRevision: revision });
    for (let at = 60; at < 120; at++) await client.put('watch/slow', `${at}`);
    const seen: number[] = [];
    for await (const { pair } of watch) {
      seen.push(Number(pair.text));
      if (seen.length % 10 === 0) await pause(2);
      if (seen.length === 120) break;
    }
    t.same(
      seen,
      Array.from({ length: 120 }, (_, at) => at),
    );
  });

  t.test('large revisions are put together from their fragments', async (t) => {
    const client = bench.client(t);
    const { revision } = await client.put('watch/big/start', '');
    const value = Buffer.alloc(300_000, 'x');
    for (let at = 0; at < 12; at++) await client.put(`watch/big/${at}`, value);
    const watch = client.watch({ prefix: 'watch/big/' }, { startRevision: revision + 1 });
    const keys: string[] = [];
    for await (const { pair } of watch) {
      t.equal(pair.value.length, value.length);
      keys.push(pair.keyText);
      if (keys.length === 12) break;
    }
    t.same(
      keys,
      Array.from({ length: 12 }, (_, at) => `watch/big/${at}`),
    );
    await client.delete({ prefix: 'watch/big/' });
  });

  t.test('a watch whose history is compacted says what is lost and how to go on', async (t) => {
    const client = bench.client(t);
    const { revision } = await client.put('watch/compact', '1');
    await client.put('watch/compact', '2');
    const last = await client.put('watch/compact', '3');
    await client.compact(last.revision);
    const error = await take(client.watch('watch/compact', { startRevision: revision }), 1).catch(
      (reason: unknown) => reason,
    );
    t.type(error, CompactedError);
    t.match(error, {
      reason: 'watchCompacted',
      compactRevision: last.revision,
      lastRevision: revision - 1,
      message: /read the range again/,
    });
    const messages: WatchMessage[] = [];
    const goesOn = client.watch('watch/compact', { startRevision: revision, compacted: 'continue' });
    for await (const message of goesOn.messages()) if (messages.push(message) === 2) break;
    t.match(messages, [
      { kind: 'compacted', compactRevision: last.revision, lastRevision: revision - 1 },
      { kind: 'events', revision: last.revision },
    ]);
  });

  t.test('a compaction while the watch is cut off is no surprise', async (t) => {
    const { client, proxy } = await bench.proxied(t);
    const writer = bench.client(t);
    const watch = client.watch('watch/away');
    const first = await watch.created;
    await writer.put('watch/away', '1');
    t.equal((await watch.messages().next()).done, false);
    proxy.refuse();
    await writer.put('watch/away', '2');
    const { revision } = await writer.put('watch/away', '3');
    await writer.compact(revision);
    proxy.mend();
    const error = await watch
      .messages()
      .next()
      .catch((reason: unknown) => reason);
    t.match(error, { reason: 'watchCompacted', lastRevision: first, compactRevision: revision });
  });

  t.test('a watch ends with its signal and with the client, and is refused with a reason', async (t) => {
    const client = bench.client(t);
    const controller = new AbortController();
    const aborted = client.watch('watch/end', { signal: controller.signal });
    const next = aborted.messages().next();
    await aborted.created;
    controller.abort(new Error('enough'));
    await t.rejects(next, /enough/);
    await t.rejects(take(client.watch({ from: 'b', to: 'a' }), 1), failing({ reason: 'watchCanceled' }));
    const open = client.watch('watch/end');
    const last = take(open, 1);
    await open.created;
    await client.close();
    t.same(await last, []);
    await t.rejects(take(client.watch('watch/end'), 1), failing({ reason: 'clientClosed' }));
  });
};
