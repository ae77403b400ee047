import { type Answer, compare, EtcdError, op, type RangeAnswer } from '../../src/client/index.ts';
import type { Promises } from './suite.ts';

const texts = (pairs: RangeAnswer['pairs']) => pairs.map(({ keyText, text }) => `${keyText}=${text}`);

export const kvPromises: Promises = (t, bench) => {
  t.test('text and bytes go in and come out', async (t) => {
    const client = bench.client(t);
    t.equal(await client.get('kv/none'), null);
    const put = await client.put('kv/text', 'grüße');
    const pair = (await client.get('kv/text'))!;
    t.equal(pair.text, 'grüße');
    t.equal(pair.keyText, 'kv/text');
    t.equal(pair.createRevision, put.revision);
    t.equal(pair.modRevision, put.revision);
    t.equal(pair.version, 1);
    t.equal(pair.lease, 0n);
    const key = Uint8Array.of(0xff, 0, 1);
    await client.put(key, Uint8Array.of(0, 255));
    const bytes = (await client.get(key))!;
    t.same([...bytes.key], [255, 0, 1]);
    t.same([...bytes.value], [0, 255]);
    const again = await client.put('kv/text', '{"a":1}', { previous: true });
    t.equal(again.previous?.text, 'grüße');
    t.same((await client.get('kv/text'))!.json(), { a: 1 });
    t.equal((await client.get('kv/text', { revision: put.revision }))!.text, 'grüße', 'as it was');
    t.equal((await client.get('kv/text', { serializable: true }))!.version, 2);
    await client.delete(key);
  });

  t.test('every option of a range does what it says', async (t) => {
    const client = bench.client(t);
    const revisions = [];
    for (const [key, value] of [
      ['kv/range/a', '3'],
      ['kv/range/b', '1'],
      ['kv/range/c', '2'],
    ] as const) {
      revisions.push((await client.put(key, value)).revision);
    }
    await client.put('kv/range/a', '3');
    const prefix = { prefix: 'kv/range/' };
    const all = await client.range(prefix);
    t.same(texts(all.pairs), ['kv/range/a=3', 'kv/range/b=1', 'kv/range/c=2']);
    t.equal(all.count, 3);
    t.equal(all.more, false);
    t.ok(all.header.clusterId > 0n && all.header.memberId > 0n && all.header.raftTerm > 0);
    const limited = await client.range(prefix, { limit: 2 });
    t.same([limited.pairs.length, limited.more, limited.count], [2, true, 3]);
    t.same(texts((await client.range({ from: 'kv/range/b', to: 'kv/range/c' })).pairs), ['kv/range/b=1']);
    t.same(texts((await client.range({ from: 'kv/range/c' })).pairs)[0], 'kv/range/c=2');
    const by = async (sortBy: 'key' | 'value' | 'version' | 'createRevision' | 'modRevision') =>
      (await client.range(prefix, { sortBy, order: 'descending' })).pairs
        .map(({ keyText }) => keyText.at(-1))
        .join('');
    t.equal(await by('key'), 'cba');
    t.equal(await by('value'), 'acb');
    t.equal((await by('version'))[0], 'a');
    t.equal(await by('createRevision'), 'cba');
    t.equal(await by('modRevision'), 'acb');
    t.same(texts((await client.range(prefix, { sortBy: 'value' })).pairs)[0], 'kv/range/b=1', 'ascending');
    t.same(texts((await client.range(prefix, { keysOnly: true })).pairs)[0], 'kv/range/a=');
    const counted = await client.range(prefix, { countOnly: true });
    t.same([counted.pairs.length, counted.count], [0, 3]);
    t.equal(await client.count(prefix), 3);
    const [, second, third] = revisions as [number, number, number];
    const bounded = async (bounds: object) =>
      (await client.range(prefix, bounds)).pairs.map(({ keyText }) => keyText.at(-1)).join('');
    t.equal(await bounded({ minModRevision: third + 1 }), 'a');
    t.equal(await bounded({ maxModRevision: second }), 'b');
    t.equal(await bounded({ minCreateRevision: second }), 'bc');
    t.equal(await bounded({ maxCreateRevision: second }), 'ab');
    t.ok((await client.count({ prefix: '' })) >= 3, 'everything there is');
  });

  t.test('a range of any size comes in pages, as of one revision', async (t) => {
    const client = bench.client(t);
    const put = Array.from({ length: 25 }, (_, at) =>
      op.put(`kv/page/${String(at).padStart(2, '0')}`, `${at}`),
    );
    await client
      .txn()
      .then(...put)
      .commit();
    const pages: number[] = [];
    for await (const page of client.pages({ prefix: 'kv/page/' }, { pageSize: 10 })) {
      pages.push(page.pairs.length);
      if (pages.length === 1) await client.delete({ prefix: 'kv/page/' });
    }
    t.same(pages, [10, 10, 5], 'what was deleted meanwhile is still there');
    const none: string[] = [];
    for await (const pair of client.pairs({ prefix: 'kv/page/' })) none.push(pair.keyText);
    t.same(none, []);
    await client.put('kv/page/x', '1');
    for await (const pair of client.pairs('kv/page/x')) none.push(pair.keyText);
    t.same(none, ['kv/page/x'], 'one key is a range, too');
    await t.rejects(client.pages('a', { pageSize: 0 }).next(), TypeError);
  });

  t.test('deleting tells how many there were, and what', async (t) => {
    const client = bench.client(t);
    await client.put('kv/del/a', '1');
    await client.put('kv/del/b', '2');
    const gone = await client.delete({ prefix: 'kv/del/' }, { previous: true });
    t.equal(gone.deleted, 2);
    t.same(texts(gone.previous), ['kv/del/a=1', 'kv/del/b=2']);
    const nothing = await client.delete('kv/del/a');
    t.equal(nothing.deleted, 0);
    t.equal(nothing.revision, gone.revision);
  });

  t.test('a transaction runs the branch that its comparisons choose', async (t) => {
    const client = bench.client(t);
    const create = () =>
      client
        .txn()
        .if(compare.missing('kv/txn/a'))
        .then(op.put('kv/txn/a', '1'), op.get({ prefix: 'kv/txn/' }))
        .else(op.get('kv/txn/a'), op.delete('kv/txn/a', { previous: true }))
        .commit();
    const first = await create();
    t.equal(first.succeeded, true);
    t.same(
      first.answers.map(({ kind }) => kind),
      ['put', 'range'],
    );
    t.same(texts((first.answers[1] as RangeAnswer).pairs), ['kv/txn/a=1']);
    const second = await create();
    t.equal(second.succeeded, false);
    const deleted = second.answers[1] as Extract<Answer, { kind: 'delete' }>;
    t.same([deleted.deleted, deleted.revision], [1, first.revision + 1]);
    t.equal(await client.get('kv/txn/a'), null);
  });

  t.test('every comparison there is, and transactions in transactions', async (t) => {
    const client = bench.client(t);
    const lease = await client.lease(60);
    const { revision } = await client.put('kv/cmp', 'm', { lease });
    const holds = async (...comparisons: ReturnType<typeof compare.exists>[]) =>
      (
        await client
          .txn()
          .if(...comparisons)
          .commit()
      ).succeeded;
    for (const [is, comparison] of [
      [true, compare.value('kv/cmp', '=', 'm')],
      [true, compare.value('kv/cmp', '>', 'l')],
      [false, compare.value('kv/cmp', '!=', 'm')],
      [false, compare.value('kv/none', '!=', 'm')],
      [true, compare.version('kv/cmp', '=', 1)],
      [false, compare.version('kv/cmp', '<', 1)],
      [true, compare.modRevision('kv/cmp', '=', revision)],
      [true, compare.createRevision('kv/cmp', '<', revision + 1)],
      [true, compare.lease('kv/cmp', '=', lease.id)],
      [true, compare.exists('kv/cmp')],
      [false, compare.missing('kv/cmp')],
      [true, compare.version({ prefix: 'kv/cmp' }, '>', 0)],
    ] as const) {
      t.equal(
        await holds(comparison),
        is,
        JSON.stringify(comparison, (_, v) => (typeof v === 'bigint' ? `${v}` : v)),
      );
    }
    t.throws(() => compare.value('a', '==' as '=', 'b'), TypeError);
    const inner = client.txn().if(compare.exists('kv/cmp')).then(op.put('kv/inner', 'yes'));
    const outer = await client.txn().then(op.put('kv/outer', '1'), op.txn(inner)).commit();
    const nested = outer.answers[1] as Extract<Answer, { kind: 'txn' }>;
    t.equal(nested.succeeded, true);
    t.equal(nested.revision, outer.revision, 'which etcd does not tell for the inner one');
    await lease.revoke();
  });

  t.test('a transaction that is awaited without commit says so', async (t) => {
    const client = bench.client(t);
    await t.rejects(Promise.resolve(client.txn().then(op.put('kv/never', '1')) as unknown), /call commit/);
    t.equal(await client.get('kv/never'), null);
  });

  t.test('refusals have a reason, a code and the text of the server', async (t) => {
    const client = bench.client(t);
    const refused = async (promise: Promise<unknown>) => {
      const error = await promise.then(
        () => t.fail('not refused'),
        (reason) => reason,
      );
      t.type(error, EtcdError);
      return error as EtcdError;
    };
    const lease = await refused(client.put('kv/a', '1', { lease: 12345n }));
    t.match(lease, {
      reason: 'leaseNotFound',
      code: 5,
      text: 'etcdserver: requested lease not found',
      mayHaveHappened: false,
    });
    t.ok(bench.cluster.endpoints.includes(lease.endpoint));
    t.match(await refused(client.put('', '1')), { reason: 'keyNotProvided', code: 3 });
    t.match(await refused(client.put('kv/none', '', { ignoreValue: true })), {
      reason: 'keyNotFound',
      code: 3,
    });
    t.match(await refused(client.get('kv/a', { revision: 2 ** 40 })), { reason: 'futureRevision', code: 11 });
    const { revision } = await client.put('kv/a', '2');
    await client.compact(revision, { physical: true });
    t.match(await refused(client.get('kv/a', { revision: revision - 1 })), { reason: 'compacted', code: 11 });
    t.match(await refused(client.compact(revision)), { reason: 'compacted' });
    t.match(await refused(client.put('kv/big', new Uint8Array(1_600_000))), {
      reason: 'requestTooLarge',
      code: 3,
    });
    const twice = client.txn().then(op.put('kv/a', '1'), op.put('kv/a', '2')).commit();
    t.match(await refused(twice), { reason: 'duplicateKey', code: 3 });
  });

  t.test('a call ends with its signal, with its time limit, and with the client', async (t) => {
    const { client, proxy } = await bench.proxied(t);
    await client.put('kv/slow', '1');
    t.rejects(client.get('kv/slow', { signal: AbortSignal.abort(new Error('no')) }), /^no$/);
    proxy.silence();
    const controller = new AbortController();
    const aborted = client.get('kv/slow', { signal: controller.signal });
    controller.abort(new Error('changed my mind'));
    await t.rejects(aborted, /changed my mind/);
    const read = await client.get('kv/slow', { timeoutMs: 50 }).catch((error: unknown) => error);
    t.match(read, { reason: 'deadlineExceeded', code: 4, mayHaveHappened: false });
    const write = await client.put('kv/slow', '2', { timeoutMs: 50 }).catch((error: unknown) => error);
    t.match(write, { reason: 'deadlineExceeded', mayHaveHappened: true });
    const closed = client.get('kv/slow').catch((error: unknown) => error);
    await client.close();
    t.match(await closed, { reason: 'clientClosed' });
    t.match(await client.get('kv/slow').catch((error: unknown) => error), { reason: 'clientClosed' });
  });

  t.test('a read goes on over a broken connection, a write that may have happened does not', async (t) => {
    const { client, proxy } = await bench.proxied(t);
    await client.put('kv/broken', '1');
    proxy.silence();
    const read = client.get('kv/broken');
    const write = client.put('kv/broken', '2').catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 30));
    proxy.cut();
    t.match(await write, { reason: 'connectionFailed', mayHaveHappened: true });
    proxy.mend();
    t.equal((await read)!.text, '1');
  });

  t.test('a write that never left is sent when there is a connection', async (t) => {
    const { client, proxy } = await bench.proxied(t);
    proxy.refuse();
    const write = client.put('kv/late', '1');
    setTimeout(() => proxy.mend(), 200);
    t.equal((await write).kind, 'put');
    proxy.refuse();
    await client.get('kv/late', { timeoutMs: 500 }).catch(() => {}); // By now it knows.
    const error = await client.put('kv/late', '2', { timeoutMs: 300 }).catch((reason: unknown) => reason);
    t.match(
      error,
      { reason: 'deadlineExceeded', mayHaveHappened: false },
      'and is known not to have happened',
    );
    proxy.mend();
    t.equal((await client.get('kv/late'))!.text, '1');
  });
};
