import t from 'tap';
import { encodeRaftFrame, messageBytes } from '../../src/member/peer-codec.ts';
import { maxRepeats, Repeats } from '../../src/member/repeats.ts';
import { newMessage } from '../../src/raft/outbox.ts';
import { EntryType, type Message, MessageType } from '../../src/raft/types.ts';

function sign(type: MessageType, term: number): Message {
  return newMessage(type, 'a', 'b', term);
}

function frameOf(message: Message): Uint8Array {
  return encodeRaftFrame([message], messageBytes(message));
}

t.test('a sign of life that comes again is known, from the same member and byte for byte', async (t) => {
  const repeats = new Repeats();
  for (const type of [MessageType.Heartbeat, MessageType.HeartbeatResponse]) {
    const message = sign(type, 3);
    repeats.note('a', frameOf(message), [message]);
    t.equal(repeats.find('a', frameOf(message)), message);
    t.equal(repeats.find('c', frameOf(message)), null);
    t.equal(repeats.find('a', frameOf(sign(type, 4))), null);
    t.equal(repeats.find('a', frameOf(message).subarray(1)), null);
  }
});

t.test('what is no sign of life, or not alone, is not remembered', async (t) => {
  const repeats = new Repeats();
  const beat = sign(MessageType.Heartbeat, 3);
  const entry = { index: 1, term: 3, type: EntryType.Normal, data: Buffer.from('x') };
  const append: Message = { ...sign(MessageType.Append, 3), entries: [entry] };
  repeats.note('a', frameOf(append), [append]);
  t.equal(repeats.find('a', frameOf(append)), null);
  const both = encodeRaftFrame([beat, append], messageBytes(beat) + messageBytes(append));
  repeats.note('a', both, [beat, append]);
  repeats.note('a', new Uint8Array([5]), []);
  t.equal(repeats.find('a', both), null);
});

t.test('no more members are remembered than maxRepeats of member/repeats', async (t) => {
  const repeats = new Repeats();
  const message = sign(MessageType.Heartbeat, 3);
  const frame = frameOf(message);
  const known = (from: number): boolean => repeats.find(`m${from}`, frame) !== null;
  for (let from = 0; from < maxRepeats; from++) repeats.note(`m${from}`, frame, [message]);
  repeats.note('m0', frame, [message]);
  t.ok(known(0) && known(maxRepeats - 1), 'at the limit');
  repeats.note(`m${maxRepeats}`, frame, [message]);
  t.notOk(known(0), 'beyond it they are forgotten');
  t.ok(known(maxRepeats));
});
