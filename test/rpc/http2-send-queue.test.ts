import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { Output } from '../../src/rpc/http2/output.ts';
import { SendQueue } from '../../src/rpc/http2/send-queue.ts';

/** Looks at what it was given only when it says that it has left: until then nothing of it may change. */
class SlowSocket {
  readonly writableLength = 1;
  #held: { part: Uint8Array; done: (() => void) | undefined }[] = [];

  cork(): void {}
  uncork(): void {}

  write(part: Uint8Array, done?: () => void): boolean {
    this.#held.push({ part, done });
    return false;
  }

  take(): Buffer {
    const held = this.#held;
    this.#held = [];
    const bytes = Buffer.concat(held.map(({ part }) => part));
    for (const { done } of held) done?.();
    return bytes;
  }
}

/** A stream of octets in which every place can be told from those around it. */
function octets(from: number, count: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: count }, (_, i) => ((from + i) * 167) >>> 3));
}

type Step = {
  readonly what: 'reserve' | 'append' | 'move' | 'drain' | 'flush' | 'take';
  readonly bytes: number;
};

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom('reserve', 'reserve', 'append', 'append', 'move', 'drain', 'flush', 'take'),
  bytes: fc.oneof(
    fc.integer({ min: 1, max: 600 }),
    fc.integer({ min: 1000, max: 9000 }),
    fc.integer({ min: 8192, max: 40_000 }),
  ),
});

t.test('what is queued leaves in order and unchanged, however chunks are used again', async (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.array(step, { minLength: 20, maxLength: 80 }), { minLength: 2, maxLength: 3 }),
      (streams) => {
        // Several queues after each other, so that they use each other's chunks.
        for (const steps of streams) run(steps);
      },
    ),
    { numRuns: 40 },
  );
  t.pass('40 orders of steps');
});

function run(steps: readonly Step[]): void {
  const queue = new SendQueue();
  const output = new Output();
  const slow = new SlowSocket();
  const socket = slow as unknown as Socket;
  let queued = 0;
  let left = 0;
  const check = (): void => {
    const bytes = slow.take();
    assert.ok(bytes.equals(octets(left, bytes.length)), `octets from ${left} on`);
    left += bytes.length;
  };
  for (const { what, bytes } of steps) {
    if (what === 'reserve') {
      const count = Math.min(bytes, 8000);
      const at = queue.reserve(count);
      queue.chunk.set(octets(queued, count), at);
      queued += count;
    } else if (what === 'append') {
      queue.append(octets(queued, bytes));
      queued += bytes;
    } else if (what === 'move') queue.moveTo(output, Math.min(bytes, queue.bytes));
    else if (what === 'drain') queue.moveTo(output, queue.bytes);
    else if (what === 'flush') output.flush(socket);
    else check();
    assert.equal(queue.bytes + output.bytes >= 0, true);
  }
  queue.moveTo(output, queue.bytes);
  assert.equal(queue.bytes, 0);
  output.flush(socket);
  check();
  assert.equal(left, queued);
}

t.test('small messages behind each other are few pieces', async (t) => {
  const queue = new SendQueue();
  const output = new Output();
  for (let i = 0; i < 3000; i++) queue.append(octets(0, 100));
  let writes = 0;
  const socket = {
    writableLength: 0,
    cork() {},
    uncork() {},
    write: () => {
      writes++;
      return true;
    },
  };
  while (queue.bytes > 0) queue.moveTo(output, Math.min(16_384, queue.bytes));
  output.flush(socket as unknown as Socket);
  t.ok(writes < 60, `${writes} pieces of 3000 messages`);
});
