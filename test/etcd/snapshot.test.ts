/** A state on its way to a client. */

import { randomBytes } from 'node:crypto';
import t from 'tap';
import type { ExportedState } from '../../src/member/etcd-snapshot.ts';
import { until } from '../waiting.ts';
import { Served } from './served.ts';

t.test('a large snapshot lets others have their turn, however much room its client has', async (t) => {
  const served = await Served.open(t);
  const bytes = randomBytes(3 * 1024 * 1024);
  let readInTurn = 0;
  let most = 0;
  let isClosed = false;
  const state: ExportedState = {
    sizeBytes: bytes.length,
    read: (offset, length) => {
      readInTurn += length;
      most = Math.max(most, readInTurn);
      return bytes.subarray(offset, offset + length);
    },
    close: () => {
      isClosed = true;
    },
  };
  const scheduler = served.member.runtime.scheduler as { defer: (job: () => void) => void };
  const defer = scheduler.defer.bind(scheduler);
  scheduler.defer = (job) =>
    defer(() => {
      readInTurn = 0;
      job();
    });
  const member = served.member as unknown as {
    exportState(done: (error: null, made: ExportedState) => void): void;
  };
  member.exportState = (done) => scheduler.defer(() => done(null, state));
  const call = served.stream('Maintenance/Snapshot');
  call.send(new Uint8Array(0));
  await until('it is sent', () => call.messages.length > 96 && isClosed, 60_000);
  t.equal(call.messages.length, 97, 'in blobs of 32 KiB, and their hash');
  t.ok(most <= 128 * 1024, `${most} bytes in one turn`);
});

t.test('a snapshot whose file cannot be read to its end is ended, and nothing else is', async (t) => {
  for (const read of [
    (): Buffer => {
      throw new Error('EIO: i/o error');
    },
    () => Buffer.alloc(0),
  ]) {
    const served = await Served.open(t);
    let closed = 0;
    const state: ExportedState = { sizeBytes: 100, read, close: () => closed++ };
    const member = served.member as unknown as {
      exportState(done: (error: null, made: ExportedState) => void): void;
    };
    member.exportState = (done) => served.member.runtime.scheduler.defer(() => done(null, state));
    const call = served.stream('Maintenance/Snapshot');
    call.send(new Uint8Array(0));
    await until('it is ended', () => call.ended !== null);
    t.match(call.ended, /^(2|13) /);
    t.equal(closed, 1);
  }
});
