import t from 'tap';
import { Outbox } from '../../src/member/outbox.ts';
import { decodeRaftFrame } from '../../src/member/peer-codec.ts';
import { newMessage } from '../../src/raft/outbox.ts';
import { type Entry, EntryType, type Message, MessageType } from '../../src/raft/types.ts';
import type { PeerNetwork } from '../../src/rpc/peer.ts';

const entries: readonly Entry[] = [{ index: 8, term: 2, type: EntryType.Normal, data: Buffer.from('data') }];

function append(to: string, changes: Partial<Message> = {}): Message {
  const message = newMessage(MessageType.Append, 'a', to, 2);
  return Object.assign(message, { index: 7, logTerm: 2, commit: 7, entries }, changes);
}

t.test(
  'followers in step share one encoding, others get their own, and each reads what was meant for it',
  async (t) => {
    const sent: { to: string; frame: Uint8Array }[] = [];
    const network = { send: (to: string, frame: Uint8Array) => sent.push({ to, frame }) > 0 };
    const outbox = new Outbox(network as unknown as PeerNetwork, () => {});
    const messages = [
      append('b'),
      append('c'),
      append('d', { commit: 6 }),
      append('e', { entries: [...entries] }),
    ];
    outbox.send(messages);
    t.same(
      sent.map(({ to }) => to),
      ['b', 'c', 'd', 'e'],
    );
    t.equal(sent[0]!.frame, sent[1]!.frame);
    t.not(sent[1]!.frame, sent[2]!.frame);
    for (const [i, { to, frame }] of sent.entries()) t.same(decodeRaftFrame(frame, 'a', to), [messages[i]]);
    sent.length = 0;
    outbox.send([append('b', { term: 3 }), append('c'), newMessage(MessageType.Heartbeat, 'a', 'c', 2)]);
    t.equal(decodeRaftFrame(sent[0]!.frame, 'a', 'b')[0]!.term, 3);
    t.equal(decodeRaftFrame(sent[1]!.frame, 'a', 'c').length, 2);
  },
);

t.test('large entries leave as they are where frames may be in pieces, and read the same', async (t) => {
  const sent: (readonly Uint8Array[])[] = [];
  let whole = 0;
  const network = {
    send: () => ++whole > 0,
    sendPieces: (_to: string, pieces: readonly Uint8Array[]) => sent.push(pieces) > 0,
  };
  const outbox = new Outbox(network as unknown as PeerNetwork, () => {});
  const mixed: readonly Entry[] = [
    { index: 8, term: 2, type: EntryType.Normal, data: Buffer.alloc(20_000, 1) },
    { index: 9, term: 2, type: EntryType.Normal, data: Buffer.from('small') },
    { index: 10, term: 2, type: EntryType.Normal, data: Buffer.alloc(9000, 2) },
    { index: 11, term: 2, type: EntryType.Normal, data: Buffer.alloc(30_000, 3) },
  ];
  const messages = [
    append('b', { entries: mixed }),
    append('b', { index: 11, entries: mixed.slice(1, 2).map((entry) => ({ ...entry, index: 12 })) }),
  ];
  outbox.send(messages);
  t.equal(whole, 0);
  t.equal(sent.length, 1);
  for (const { data } of [mixed[0]!, mixed[2]!, mixed[3]!]) {
    t.ok(sent[0]!.includes(data), `${data.length} bytes are not copied`);
  }
  t.same(decodeRaftFrame(Buffer.concat(sent[0]!), 'a', 'b'), messages);
  outbox.send([append('b')]);
  t.equal(whole, 1, 'small ones are one piece');
});

t.test('a sign of life that says what the last one said is the same frame, another one is not', async (t) => {
  const sent: Uint8Array[] = [];
  const network = { send: (_to: string, frame: Uint8Array) => sent.push(frame) > 0 };
  const outbox = new Outbox(network as unknown as PeerNetwork, () => {});
  const beat = (to: string, context: number): Message =>
    Object.assign(newMessage(MessageType.Heartbeat, 'a', to, 2), { commit: 7, context });
  outbox.send([beat('b', 1), beat('c', 1)]);
  outbox.send([beat('b', 1)]);
  outbox.send([beat('b', 2)]);
  outbox.send([newMessage(MessageType.HeartbeatResponse, 'a', 'b', 2)]);
  t.equal(sent[1], sent[0]);
  t.equal(sent[2], sent[0]);
  t.same(
    sent.map((frame) => decodeRaftFrame(frame, 'a', 'b')[0]),
    [
      beat('b', 1),
      beat('b', 1),
      beat('b', 1),
      beat('b', 2),
      newMessage(MessageType.HeartbeatResponse, 'a', 'b', 2),
    ],
  );
});
