/** What every Backend must do, whatever it keeps its state in. */

import fc from 'fast-check';
import type { Test } from 'tap';
import type { Backend, BackendEntry, BackendSnapshot } from '../../src/backend/backend.ts';

export interface BackendUnderTest {
  open(): Promise<Backend>;
  /** Opens what `backend` left behind after it was closed. */
  reopen(): Promise<Backend>;
}

import { failing } from './failing.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString('latin1');

export function scan(
  backend: Backend,
  from: string,
  to: string,
  limit = 1_000_000,
  maxBytes?: number,
): Promise<string[]> {
  return new Promise((resolve, reject) => {
    let returned = false;
    const done = (error: Error | null, entries: readonly BackendEntry[]): void => {
      if (!returned) reject(new Error('the callback came before the call returned'));
      else if (error !== null) reject(error);
      else resolve(entries.map((entry) => `${entry.key}=${text(entry.value)}`));
    };
    if (maxBytes === undefined) backend.scan(from, to, limit, done);
    else backend.scan(from, to, limit, done, maxBytes);
    returned = true;
  });
}

/** All entries, by `visit`. */
export function visited(backend: Backend, from = '\x01', to = '\xff\xff'): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const entries: string[] = [];
    const take = (key: Buffer, keyBytes: number, value: Buffer, start: number, end: number): void => {
      entries.push(`${key.toString('latin1', 0, keyBytes)}=${value.toString('latin1', start, end)}`);
    };
    backend.visit(from, to, take, (error) => (error === null ? resolve(entries) : reject(error)));
  });
}

export function flush(backend: Backend): Promise<number> {
  return new Promise((resolve, reject) => {
    let returned = false;
    backend.flush((error, index) => {
      if (!returned) reject(new Error('the callback came before the call returned'));
      else if (error !== null) reject(error);
      else resolve(index);
    });
    returned = true;
  });
}

export function close(backend: Backend): Promise<void> {
  return new Promise((resolve, reject) => {
    backend.close((error) => (error === null ? resolve() : reject(error)));
  });
}

export function snapshot(backend: Backend): Promise<BackendSnapshot> {
  return new Promise((resolve, reject) => {
    backend.snapshot((error, view) => (view === null ? reject(error) : resolve(view)));
  });
}

export async function readOut(view: BackendSnapshot, maxBytes = 1000): Promise<string[]> {
  const all: string[] = [];
  for (;;) {
    const entries = await new Promise<readonly BackendEntry[]>((resolve, reject) => {
      view.next(maxBytes, (error, chunk) => (error === null ? resolve(chunk) : reject(error)));
    });
    if (entries.length === 0) break;
    for (const entry of entries) all.push(`${entry.key}=${text(entry.value)}`);
  }
  view.close();
  return all;
}

export async function restore(
  backend: Backend,
  entries: readonly (readonly [string, string])[],
  index: number,
): Promise<void> {
  const target = backend.beginRestore();
  for (const [key, value] of entries) {
    await new Promise<void>((resolve, reject) => {
      target.add([{ key, value: bytes(value) }], (error) => (error === null ? resolve() : reject(error)));
    });
  }
  await new Promise<void>((resolve, reject) => {
    target.commit(index, bytes('restored'), (error) => (error === null ? resolve() : reject(error)));
  });
}

/** Registers the conformance tests of Backend. */
export function backendSuite(t: Test, make: () => Promise<BackendUnderTest>): void {
  t.test('a fresh backend stands at index 0 with empty meta, and has a size', async (t) => {
    const under = await make();
    const backend = await under.open();
    t.equal(backend.openedAt.index, 0);
    t.equal(backend.openedAt.meta.length, 0);
    t.ok(backend.sizeBytes > 0);
    t.equal(await flush(backend), 0, 'a flush without a line has nothing to do');
    await close(backend);
  });

  t.test('a write is visible at once to get and scan, before any flush', async (t) => {
    const backend = await (await make()).open();
    backend.put('ka', bytes('1'));
    backend.put('kb', bytes('2'));
    backend.put('ka', bytes('3'));
    backend.delete('kb');
    backend.put('\xff\xfe', bytes('high'));
    t.equal(text(backend.get('ka')), '3');
    t.equal(backend.get('kb'), undefined);
    t.equal(backend.get('kz'), undefined);
    t.same(await scan(backend, 'k', 'l'), ['ka=3']);
    t.same(await scan(backend, '', '\xff\xff'), ['ka=3', '\xff\xfe=high']);
    t.ok(backend.pendingBytes > 0);
    await close(backend);
  });

  t.test('who looks at the disk again reads what is there, and nothing that was written since', async (t) => {
    const backend = await (await make()).open();
    const readAgain = (from: string, limit: number, maxBytes: number): Promise<string[]> =>
      new Promise((resolve, reject) => {
        let returned = false;
        backend.readDurable(from, limit, maxBytes, (error, entries) => {
          if (!returned) reject(new Error('the callback came before the call returned'));
          else if (error !== null) reject(error);
          else resolve(entries.map(({ key, value }) => `${key}=${text(value)}`));
        });
        returned = true;
      });
    t.same(await readAgain('', 10, 1000), []);
    for (let i = 0; i < 6; i++) backend.put(`k${i}`, bytes('old'));
    backend.mark(1, bytes(''));
    await flush(backend);
    backend.put('k1', bytes('new'));
    backend.delete('k2');
    backend.put('k9', bytes('new'));
    t.same(await readAgain('', 4, 1000), ['k0=old', 'k1=old', 'k2=old', 'k3=old']);
    t.same(await readAgain('k3\0', 4, 1000), ['k4=old', 'k5=old']);
    t.same((await readAgain('k1', 4, 1)).slice(0, 1), ['k1=old'], 'one at least, until the end');
    t.same(await readAgain('k5\0', 4, 1000), []);
    await close(backend);
    t.match(await readAgain('', 4, 1000).catch((error: unknown) => error), { reason: 'stopped' });
  });

  t.test('compacting changes nothing that can be read, and writes go on meanwhile', async (t) => {
    const under = await make();
    const backend = await under.open();
    for (let i = 0; i < 100; i++) backend.put(`k${i}`, bytes('old'));
    backend.mark(1, bytes(''));
    await flush(backend);
    for (let i = 0; i < 90; i++) backend.delete(`k${i}`);
    backend.mark(2, bytes(''));
    await flush(backend);
    let returned = false;
    const compacted = new Promise<void>((resolve, reject) => {
      backend.compact((error) => {
        if (!returned) reject(new Error('the callback came before the call returned'));
        else if (error !== null) reject(error);
        else resolve();
      });
      returned = true;
    });
    backend.put('k95', bytes('new'));
    backend.mark(3, bytes(''));
    t.equal(await flush(backend), 3);
    await compacted;
    const left = Array.from({ length: 10 }, (_, i) => `k${90 + i}=${i === 5 ? 'new' : 'old'}`);
    t.same(await scan(backend, 'k', 'l'), left);
    await close(backend);
    const again = await under.reopen();
    t.same(await scan(again, 'k', 'l'), left);
    await close(again);
    t.match(
      await new Promise((resolve) => again.compact(resolve)),
      { reason: 'stopped' },
      'and a closed one says so',
    );
  });

  t.test('what was flushed is there after a reopen, with its line; what was not is gone', async (t) => {
    const under = await make();
    const first = await under.open();
    first.put('ka', bytes('1'));
    first.put('kgone', bytes('x'));
    first.mark(7, bytes('seven'));
    first.put('ka', bytes('2'));
    first.delete('kgone');
    first.mark(8, bytes('eight'));
    first.put('ka', bytes('above the line'));
    first.put('kb', bytes('above the line'));
    t.equal(await flush(first), 8);
    t.equal(text(first.get('ka')), 'above the line', 'still visible');
    await close(first);
    const second = await under.reopen();
    t.equal(second.openedAt.index, 8);
    t.equal(text(second.openedAt.meta), 'eight');
    t.same(await scan(second, 'k', 'l'), ['ka=2']);
    second.put('kc', bytes('3'));
    second.mark(9, bytes('nine'));
    t.equal(await flush(second), 9);
    await close(second);
    const third = await under.reopen();
    t.same(await scan(third, 'k', 'l'), ['ka=2', 'kc=3']);
    t.equal(third.openedAt.index, 9);
    await close(third);
  });

  t.test('a line without writes is durable too', async (t) => {
    const under = await make();
    const backend = await under.open();
    backend.mark(3, bytes('m'));
    t.equal(await flush(backend), 3);
    await close(backend);
    const again = await under.reopen();
    t.equal(again.openedAt.index, 3);
    await close(again);
  });

  t.test(
    'writes during a flush go to the next one, and flushes asked for meanwhile are merged',
    async (t) => {
      const under = await make();
      const backend = await under.open();
      for (let i = 0; i < 3000; i++) backend.put(`k${String(i).padStart(5, '0')}`, bytes('first'));
      backend.mark(1, bytes(''));
      const first = flush(backend);
      backend.put('k00001', bytes('second'));
      backend.delete('k00002');
      t.equal(text(backend.get('k00001')), 'second');
      t.equal(backend.get('k00002'), undefined);
      t.equal(text(backend.get('k00003')), 'first');
      backend.mark(2, bytes(''));
      const second = flush(backend);
      const third = flush(backend);
      t.same(await scan(backend, 'k00000', 'k00004'), ['k00000=first', 'k00001=second', 'k00003=first']);
      t.ok((await first) >= 1);
      t.same(await Promise.all([second, third]), [2, 2]);
      t.equal(backend.pendingBytes, 0);
      await close(backend);
      const again = await under.reopen();
      t.same(await scan(again, 'k00000', 'k00004'), ['k00000=first', 'k00001=second', 'k00003=first']);
      t.equal((await scan(again, 'k', 'l')).length, 2999);
      await close(again);
    },
  );

  t.test('a line may not go back', async (t) => {
    const backend = await (await make()).open();
    backend.mark(5, bytes(''));
    t.throws(() => backend.mark(4, bytes('')), /older/);
    t.throws(() => backend.put('\0mine', bytes('')), /table/);
    await close(backend);
  });

  t.test('a snapshot is the newest line and does not see what comes after', async (t) => {
    const backend = await (await make()).open();
    for (let i = 0; i < 300; i++) backend.put(`k${String(i).padStart(3, '0')}`, bytes(`v${i}`));
    backend.mark(5, bytes('five'));
    backend.put('k000', bytes('above the line'));
    const view = await snapshot(backend);
    t.equal(view.index, 5);
    t.equal(text(view.meta), 'five');
    backend.delete('k150');
    backend.put('knew', bytes(''));
    backend.mark(6, bytes(''));
    await flush(backend);
    const entries = await readOut(view);
    t.equal(entries.length, 300);
    t.equal(entries[0], 'k000=v0');
    t.equal(entries[150], 'k150=v150');
    t.same(
      entries.map((entry) => entry.slice(0, 4)),
      entries.map((entry) => entry.slice(0, 4)).sort(),
    );
    await close(backend);
  });

  t.test(
    'a scan ends at its limit, or about at its bytes; only an empty list ends a read by bytes',
    async (t) => {
      const backend = await (await make()).open();
      for (let i = 0; i < 100; i++) backend.put(`k${String(i).padStart(3, '0')}`, bytes('x'.repeat(100)));
      backend.mark(1, bytes(''));
      await flush(backend);
      for (let i = 0; i < 100; i += 2) backend.delete(`k${String(i).padStart(3, '0')}`);
      const ten = await scan(backend, 'k', 'l', 10);
      t.same(
        ten.map((entry) => entry.slice(0, 4)),
        ['k001', 'k003', 'k005', 'k007', 'k009', 'k011', 'k013', 'k015', 'k017', 'k019'],
      );
      t.equal((await scan(backend, 'k', 'l', 1000)).length, 50);
      t.equal((await scan(backend, 'k', 'l', 0)).length, 0);
      t.equal((await scan(backend, 'l', 'k', 10)).length, 0);
      let from = 'k';
      let found = 0;
      for (;;) {
        const chunk = await scan(backend, from, 'l', 1000, 500);
        if (chunk.length === 0) break;
        t.ok(chunk.length <= 6);
        found += chunk.length;
        from = `${chunk[chunk.length - 1]!.slice(0, 4)}\0`;
      }
      t.equal(found, 50);
      await close(backend);
    },
  );

  t.test('a restore replaces everything at once, durably, and the backend goes on from it', async (t) => {
    const under = await make();
    const backend = await under.open();
    backend.put('kold', bytes('1'));
    backend.mark(1, bytes(''));
    await flush(backend);
    const view = await snapshot(backend);
    backend.put('kunflushed', bytes('1'));
    backend.mark(2, bytes(''));
    await restore(
      backend,
      [
        ['ka', 'A'],
        ['mb', 'B'],
      ],
      50,
    );
    t.same(await scan(backend, '', '\xff'), ['ka=A', 'mb=B']);
    t.equal(backend.get('kold'), undefined);
    t.same(await readOut(view), ['kold=1'], 'an open snapshot still reads the old state');
    t.equal(await flush(backend), 50);
    backend.put('kc', bytes('C'));
    backend.mark(51, bytes('next'));
    t.equal(await flush(backend), 51);
    await close(backend);
    const again = await under.reopen();
    t.equal(again.openedAt.index, 51);
    t.same(await scan(again, '', '\xff'), ['ka=A', 'kc=C', 'mb=B']);
    await close(again);
  });

  t.test('a restore that is aborted, or never finished, changes nothing', async (t) => {
    const under = await make();
    const backend = await under.open();
    backend.put('kold', bytes('1'));
    backend.mark(1, bytes(''));
    await flush(backend);
    for (const end of ['abort', 'leave'] as const) {
      const target = backend.beginRestore();
      await new Promise<void>((resolve) => {
        target.add([{ key: 'kx', value: bytes('x') }], () => resolve());
      });
      if (end === 'abort') target.abort();
    }
    t.same(await scan(backend, '', '\xff'), ['kold=1']);
    await close(backend);
    const again = await under.reopen();
    t.same(await scan(again, '', '\xff'), ['kold=1']);
    t.equal(again.openedAt.index, 1);
    await restore(again, [['ka', 'A']], 9);
    t.same(await scan(again, '', '\xff'), ['ka=A']);
    await close(again);
  });

  t.test('a closed backend says so', async (t) => {
    const backend = await (await make()).open();
    await close(backend);
    t.throws(() => backend.put('k', bytes('')), failing('stopped'));
    t.throws(() => backend.get('k'), failing('stopped'));
    await t.rejects(scan(backend, 'k', 'l'), failing('stopped'));
    await t.rejects(flush(backend), failing('stopped'));
  });

  t.test('random writes, lines, flushes and reopenings give what a plain map gives', async (t) => {
    const key = fc.constantFrom('ka', 'kb', 'kc', 'k\x80', 'k\xff', 'l', 'm\0', 'm\0\0');
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.tuple(fc.constant('put' as const), key, fc.string({ maxLength: 3 })) },
      { weight: 3, arbitrary: fc.tuple(fc.constant('delete' as const), key, fc.constant('')) },
      { weight: 2, arbitrary: fc.tuple(fc.constant('mark' as const), key, fc.constant('')) },
      { weight: 2, arbitrary: fc.tuple(fc.constant('flush' as const), key, fc.constant('')) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('flushLater' as const), key, fc.constant('')) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('reopen' as const), key, fc.constant('')) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30, size: 'max' }), async (steps) => {
        const under = await make();
        let backend = await under.open();
        let now = new Map<string, string>();
        let lineIndex = 0;
        let atLine = new Map<string, string>();
        for (const [kind, name, value] of steps) {
          if (kind === 'put') {
            backend.put(name, bytes(value));
            now.set(name, text(bytes(value))!);
          } else if (kind === 'delete') {
            backend.delete(name);
            now.delete(name);
          } else if (kind === 'mark') {
            backend.mark(++lineIndex, bytes(String(lineIndex)));
            atLine = new Map(now);
          } else if (kind === 'flush') {
            if ((await flush(backend)) !== lineIndex) throw new Error('flushed another line');
          } else if (kind === 'flushLater') {
            flush(backend).catch(() => {});
          } else {
            await flush(backend);
            await close(backend);
            backend = await under.reopen();
            if (backend.openedAt.index !== lineIndex) throw new Error('opened at another line');
            now = new Map(atLine);
          }
          const expected = [...now].map(([k, v]) => `${k}=${v}`).sort();
          const found = await scan(backend, 'k', 'n');
          if (JSON.stringify([...found].sort()) !== JSON.stringify(expected)) {
            throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(expected)}`);
          }
          if (JSON.stringify(await visited(backend, 'k', 'n')) !== JSON.stringify(found))
            throw new Error('a visit is told of something else than a scan');
          if (text(backend.get(name)) !== now.get(name)) throw new Error(`get ${name}`);
        }
        await close(backend);
      }),
      { numRuns: 25 },
    );
    t.pass('25 sequences');
  });
}
