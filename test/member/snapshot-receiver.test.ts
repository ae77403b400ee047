import t from 'tap';
import type { Backend } from '../../src/backend/backend.ts';
import { AckStatus, decodeAck, type SnapshotAck } from '../../src/member/snapshot-frames.ts';
import { type ReceivedSnapshot, SnapshotReceiver } from '../../src/member/snapshot-receiver.ts';

const conf = { voters: ['a', 'b'], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };

/** A backend whose restores take everything at once. */
const backend = {
  beginRestore: () => ({
    add: (_entries: unknown, done: (error: Error | null) => void) => done(null),
    commit: () => {},
    abort: () => {},
  }),
} as unknown as Backend;

t.test('the sender of a transfer that has ended is told how, whenever it goes on', async (t) => {
  const acks: SnapshotAck[] = [];
  const ends: string[] = [];
  let received: ReceivedSnapshot | null = null;
  const receiver = new SnapshotReceiver(backend, {
    send: (_to, frame) => acks.push(decodeAck(frame)) > 0,
    complete: (whole) => {
      received = whole;
    },
    begins: (from) => (ok) => ends.push(`${from} ${ok}`),
  });
  const chunk = (transfer: number) => ({ transfer, sequence: 0, last: true, entries: [] });
  receiver.onOffer(
    'a',
    { transfer: 7, term: 1, snapshot: { index: 9, term: 1, conf }, meta: Buffer.alloc(0) },
    1,
  );
  t.equal(acks.pop()?.status, AckStatus.Continue);
  receiver.onChunk('a', chunk(7));
  receiver.onChunk('a', chunk(7));
  t.same(acks, [], 'while it is being put in force there is nothing to say');
  received!.answer(true);
  t.same(acks.pop(), { transfer: 7, next: 1, status: AckStatus.Installed });
  receiver.onChunk('a', chunk(7));
  t.equal(acks.pop()?.status, AckStatus.Installed, 'the word may have been lost');
  receiver.onChunk('a', chunk(6));
  t.same(acks.pop(), { transfer: 6, next: 0, status: AckStatus.Refused }, 'a transfer that nobody remembers');
  receiver.onChunk('b', chunk(7));
  t.equal(acks.pop()?.status, AckStatus.Refused, 'a transfer of somebody else');
  t.same(ends, ['a true']);
});
