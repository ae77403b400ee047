/** A state on its way to a client. */

import { randomBytes } from 'node:crypto';
import t from 'tap';
import type { ExportedState } from '../../src/member/etcd-snapshot.ts';
import { until } from '../rpc/grpc-harness.ts';
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
