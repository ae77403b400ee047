/** The parts of the HTTP/2 transport by themselves: timer wheel, allowances, messages, turns. */

import type { Socket } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { Allowance } from '../../src/rpc/http2/allowance.ts';
import { peerAddress, verifiedCommonName } from '../../src/rpc/http2/client-identity.ts';
import { FrameReader } from '../../src/rpc/http2/frame-reader.ts';
import { ErrorCode, FrameType, PREFACE } from '../../src/rpc/http2/frames.ts';
import { MessageFault, MessageReader } from '../../src/rpc/http2/message-reader.ts';
import { TICK_MS, TimerWheel, WheelEntry } from '../../src/rpc/http2/timer-wheel.ts';
import type { Clock, Timer } from '../../src/util/runtime.ts';
import { framed } from './grpc-harness.ts';
import { frame } from './http2-raw.ts';

/** A clock that stands still until it is moved. */
class FakeClock implements Clock {
  nowMs = 1000.5;
  /** Timers that were set, ever; and those that are set. */
  count = 0;
  private readonly set = new Set<{ dueMs: number; fire: () => void }>();

  now(): number {
    return this.nowMs;
  }

  wallNow(): number {
    return this.nowMs;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const timer = { dueMs: this.nowMs + delayMs, fire };
    this.set.add(timer);
    this.count += 1;
    return { cancel: () => this.set.delete(timer) };
  }

  get pending(): number {
    return this.set.size;
  }

  advance(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const next = [...this.set].sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined || next.dueMs > endMs) break;
      this.set.delete(next);
      this.nowMs = Math.max(this.nowMs, next.dueMs);
      next.fire();
    }
    this.nowMs = endMs;
  }
}

class Entry extends WheelEntry {
  readonly firedAtMs: number[] = [];
  private readonly clock: Clock;
  onFire: () => void = () => {};

  constructor(clock: Clock) {
    super();
    this.clock = clock;
  }

  onTimer(): void {
    this.firedAtMs.push(this.clock.now());
    this.onFire();
  }
}

t.test('a timer of the wheel fires once, never early, and within two ticks', async () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('set' as const),
      entry: fc.nat(9),
      delayMs: fc.oneof(fc.nat(100), fc.nat(100_000)),
    }),
    fc.record({ kind: fc.constant('cancel' as const), entry: fc.nat(9) }),
    fc.record({ kind: fc.constant('advance' as const), ms: fc.oneof(fc.nat(40), fc.nat(60_000)) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clock = new FakeClock();
      const wheel = new TimerWheel(clock);
      const entries = Array.from({ length: 10 }, () => new Entry(clock));
      const due = new Map<Entry, number>();
      const check = (): boolean =>
        entries.every((entry) => {
          const dueMs = due.get(entry);
          const fired = entry.firedAtMs.splice(0);
          if (dueMs === undefined) return fired.length === 0;
          if (fired.length === 0) return clock.now() < dueMs + 2 * TICK_MS;
          due.delete(entry);
          return fired.length === 1 && fired[0]! >= dueMs && fired[0]! < dueMs + 2 * TICK_MS;
        });
      for (const each of steps) {
        if (each.kind === 'advance') clock.advance(each.ms);
        else {
          const entry = entries[each.entry]!;
          if (each.kind === 'cancel') {
            wheel.cancel(entry);
            due.delete(entry);
          } else {
            wheel.set(entry, each.delayMs);
            due.set(entry, clock.now() + each.delayMs);
          }
        }
        if (!check()) return false;
      }
      wheel.close();
      return clock.pending === 0;
    }),
    { numRuns: 300 },
  );
});

t.test('an entry that fires may cancel and set others, itself included', async (t) => {
  const clock = new FakeClock();
  const wheel = new TimerWheel(clock);
  const [first, second, third] = [new Entry(clock), new Entry(clock), new Entry(clock)];
  for (const entry of [first, second]) wheel.set(entry, 50);
  const cancelOther = (other: Entry) => () => {
    wheel.cancel(other);
    wheel.set(third, 0);
  };
  first.onFire = cancelOther(second);
  second.onFire = cancelOther(first);
  third.onFire = () => {
    if (third.firedAtMs.length < 3) wheel.set(third, 1000);
  };
  clock.advance(10_000);
  t.equal(first.firedAtMs.length + second.firedAtMs.length, 1);
  t.equal(third.firedAtMs.length, 3);
});

t.test(
  'timers cost the clock next to nothing: the wheel rests when it is empty, and nearly when it waits',
  async (t) => {
    const clock = new FakeClock();
    const wheel = new TimerWheel(clock);
    const entry = new Entry(clock);
    for (let round = 0; round < 1000; round += 1) {
      wheel.set(entry, 5000);
      wheel.cancel(entry);
    }
    t.equal(clock.count, 1, 'a deadline that is called off again and again');
    clock.advance(100_000);
    t.equal(clock.pending, 0);
    wheel.set(entry, 7_200_000);
    clock.advance(7_100_000);
    t.ok(clock.count < 500, `${clock.count} wake-ups in two hours`);
    t.equal(entry.firedAtMs.length, 0);
    clock.advance(200_000);
    t.equal(entry.firedAtMs.length, 1);
  },
);

t.test('an allowance is a burst, and what is earned with time', async (t) => {
  const clock = new FakeClock();
  const allowance = new Allowance(clock, 10, 2);
  const taken = (): number => {
    let times = 0;
    while (allowance.take()) times += 1;
    return times;
  };
  t.equal(taken(), 10);
  t.equal(taken(), 0);
  clock.advance(1500);
  t.equal(taken(), 3);
  clock.advance(3_600_000);
  t.equal(taken(), 10, 'never more than the burst');
  allowance.give(4);
  t.equal(taken(), 4);
});

/** Cuts bytes at the given places, which may be any numbers. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length));
}

t.test(
  'messages come out as they went in, however they are cut and whenever they are asked for',
  async () => {
    const message = fc.uint8Array({ maxLength: 3000 });
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        fc.array(fc.nat(3)),
        (messages, places, asks) => {
          const reader = new MessageReader(3000);
          const came: string[] = [];
          const take = (limit: number): void => {
            for (let count = 0; count < limit; count += 1) {
              const next = reader.next();
              if (next === null) break;
              came.push(next.toString('hex'));
            }
          };
          for (const [index, part] of cut(Buffer.concat(messages.map(framed)), places).entries()) {
            const bytes = Buffer.from(part);
            reader.push(bytes);
            take(asks[index] ?? 0);
            reader.detach();
            // What waits must not lie in the chunk that it came in.
            bytes.fill(0xee);
          }
          take(Number.POSITIVE_INFINITY);
          const expected = messages.map((each) => Buffer.from(each).toString('hex'));
          return came.join() === expected.join() && !reader.isInside && reader.heldBytes === 0;
        },
      ),
    );
  },
);

t.test('a message that announces too much is refused before anything is kept for it', async (t) => {
  const reader = new MessageReader(1000);
  reader.push(Buffer.from([0, 0, 0, 3, 0xe9]));
  t.throws(
    () => reader.next(),
    new MessageFault(8, 'grpc: received message larger than max (1001 vs. 1000)'),
  );
  const odd = new MessageReader(1000);
  odd.push(Buffer.from([7, 0, 0, 0, 0]));
  t.throws(() => odd.next(), new MessageFault(13, 'grpc: received unexpected payload format 7'));
  const patient = new MessageReader(100 * 1024 * 1024);
  patient.push(Buffer.from([0, 5, 0, 0, 0, 1, 2, 3]));
  t.equal(patient.next(), null);
  t.ok(patient.heldBytes <= 1024, `${patient.heldBytes} bytes are kept for three`);
});

t.test('frames come out as they went in, however they are cut', async () => {
  const drawn = fc.record({
    type: fc.nat(255),
    flags: fc.nat(255),
    id: fc.nat(2 ** 31 - 1),
    payload: fc.uint8Array({ maxLength: 200 }),
  });
  fc.assert(
    fc.property(
      fc.array(drawn, { maxLength: 10 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      (frames, places) => {
        const came: string[] = [];
        const reader = new FrameReader({
          onFrame: (type, flags, id, bytes, from, to) => {
            came.push(`${type} ${flags} ${id} ${bytes.toString('hex', from, to)}`);
          },
        });
        const all = frames.map(({ type, flags, id, payload }) => frame(type, flags, id, payload));
        for (const part of cut(Buffer.concat([PREFACE, ...all]), places)) reader.read(part);
        const expected = frames.map(
          ({ type, flags, id, payload }) => `${type} ${flags} ${id} ${Buffer.from(payload).toString('hex')}`,
        );
        return came.join() === expected.join();
      },
    ),
  );
});

t.test('a frame that is too large is refused by its header alone', async (t) => {
  const reader = new FrameReader({ onFrame: () => t.fail('no frame') });
  reader.read(PREFACE);
  for (const octet of [0, 0x40]) reader.read(Buffer.from([octet]));
  t.throws(() => reader.read(Buffer.from([1, FrameType.Data, 0, 0, 0, 0, 1])), {
    code: ErrorCode.FrameSizeError,
  });
});

t.test('only a verified certificate gives a client its name', async (t) => {
  const named = (authorized: boolean, subject: object): Socket =>
    ({ authorized, getPeerCertificate: () => ({ subject }) }) as unknown as Socket;
  t.equal(verifiedCommonName(named(true, { CN: 'alice' })), 'alice');
  t.equal(verifiedCommonName(named(false, { CN: 'alice' })), '');
  t.equal(verifiedCommonName(named(true, {})), '');
  t.equal(verifiedCommonName({} as Socket), '', 'a plain socket');
  const at = (remoteAddress: string): string => peerAddress({ remoteAddress, remotePort: 7 } as Socket);
  t.same([at('127.0.0.1'), at('::1')], ['127.0.0.1:7', '[::1]:7']);
});
