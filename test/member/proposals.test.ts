import t from 'tap';
import { type Caller, nobody } from '../../src/auth/types.ts';
import { EnvelopeCodec, envelopeOverheadBytes, requestCount } from '../../src/member/envelope.ts';
import { Proposals } from '../../src/member/proposals.ts';
import { defaultLimits, type MemberLimits, RequestKind } from '../../src/member/types.ts';
import { Failure } from '../../src/util/failure.ts';

const id = 'fedcba9876543210';
const bytes = (text: string): Buffer => Buffer.from(text);

interface Seen {
  readonly kind: number;
  readonly sequence: number;
  readonly asker: unknown;
  readonly body: string;
}

function opened(codec: EnvelopeCodec, data: Uint8Array): Seen[] {
  const seen: Seen[] = [];
  const entry = codec.open(data);
  while (entry.next()) {
    const { kind, sequence, asker, body } = entry;
    seen.push({ kind, sequence, asker, body: Buffer.from(body).toString() });
  }
  return seen;
}

t.test(
  'what goes into an entry comes out: order, sequence, who asked, and the bytes of each request',
  async (t) => {
    const codec = new EnvelopeCodec(id, 0xffff_fff0);
    const anna: Caller = { user: 'änna', revision: 2 ** 40 + 1 };
    const requests = [
      { kind: RequestKind.Put, sequence: 2 ** 33, asker: nobody, body: bytes('one') },
      { kind: RequestKind.Txn, sequence: 2 ** 33 + 1, asker: anna, body: bytes('') },
      {
        kind: RequestKind.PublishMember,
        sequence: 2 ** 33 + 2,
        asker: 'member' as const,
        body: bytes('three'),
      },
    ];
    const size = 3 * 5 + 8 + 8 + bytes('änna').length;
    const data = codec.seal(requests, 0, 3, size);
    t.same(
      opened(codec, data),
      requests.map(({ body, ...rest }) => ({ ...rest, body: body.toString() })),
    );
    t.equal(requestCount(data), 3);
    t.equal(codec.open(data).isOwn, true);
    t.equal(new EnvelopeCodec(id, 7).open(data).isOwn, false, 'another run of this member');
    t.equal(new EnvelopeCodec('0123456789abcdef', 0xffff_fff0).open(data).isOwn, false, 'another member');
    for (let length = 0; length < data.length; length++) {
      t.throws(() => opened(codec, data.subarray(0, length)), `${length} of ${data.length} bytes`);
    }
    t.throws(() => opened(codec, Buffer.concat([data, bytes('x')])), 'a byte too many');
  },
);

interface Rig {
  readonly proposals: Proposals;
  readonly codec: EnvelopeCodec;
  readonly clock: { ms: number };
  put(body: string): void;
}

function rig(limits: Partial<MemberLimits> = {}): Rig {
  const codec = new EnvelopeCodec(id, 1);
  const clock = { ms: 0 };
  const proposals = new Proposals(
    codec,
    { ...defaultLimits, ...limits },
    { now: () => clock.ms, wallNow: () => 0, setTimer: () => ({ cancel: () => {} }) },
  );
  const put = (body: string): void => {
    const refusal = proposals.add(RequestKind.Put, bytes(body), null, nobody, 0, () => {});
    if (refusal !== null) throw refusal;
  };
  return { proposals, codec, clock, put };
}

/** Hands over what waits and returns the bodies of each entry; `accepts` says which entries are taken. */
function handOver({ proposals, codec }: Rig, accepts = (_nth: number): boolean => true): string[][] {
  const entries: string[][] = [];
  let nth = 0;
  proposals.handOver((datas) => {
    for (const data of datas) entries.push(opened(codec, data).map(({ body }) => body));
    return accepts(nth++);
  });
  return entries;
}

t.test('what waits together shares an entry, up to a size', async (t) => {
  const all = rig();
  for (const body of ['a', 'b', 'c']) all.put(body);
  t.same(handOver(all), [['a', 'b', 'c']]);
  t.same(handOver(all), [], 'and is handed over once');
  const small = rig({ raftMessageBytes: envelopeOverheadBytes + 10 });
  for (const body of ['a', 'b', 'c', 'x'.repeat(100), 'd']) small.put(body);
  t.same(handOver(small), [['a', 'b'], ['c'], ['x'.repeat(100)], ['d']]);
});

t.test('it is told whether something waits, and whether it fills an entry', async (t) => {
  const rigged = rig({ raftMessageBytes: 3 * envelopeOverheadBytes });
  const { proposals } = rigged;
  const told = (): boolean[] => [proposals.hasWaiting, proposals.fillEntry];
  t.same(told(), [false, false]);
  rigged.put('a');
  t.same(told(), [true, false]);
  rigged.put('x'.repeat(2 * envelopeOverheadBytes));
  t.same(told(), [true, true]);
  handOver(rigged, (nth) => nth === 0);
  t.same(told(), [true, true], 'the second, which has an entry of its own, was not taken');
  handOver(rigged);
  t.same(told(), [false, false]);
  rigged.put('b');
  rigged.clock.ms = 10;
  proposals.expire(5, () => new Failure('timeout'));
  t.same(told(), [false, false]);
});

t.test('what the core does not take waits, in its place', async (t) => {
  const rigged = rig();
  rigged.put('a');
  t.same(
    handOver(rigged, () => false),
    [['a']],
  );
  rigged.put('b');
  rigged.put('c');
  t.same(
    handOver(rigged, (nth) => nth === 0),
    [['a'], ['b', 'c']],
  );
  t.same(handOver(rigged), [['b', 'c']]);
});

t.test('what has run out of time is not proposed any more, also when it was sealed already', async (t) => {
  const rigged = rig();
  rigged.put('a');
  handOver(rigged, () => false);
  rigged.clock.ms = 10;
  rigged.put('b');
  rigged.proposals.expire(5, () => new Failure('timeout'));
  t.same(handOver(rigged), [['b']]);
  t.equal(rigged.proposals.pending.size, 1);
});

t.test('what a leader has sent back is proposed again, beside what came later', async (t) => {
  const rigged = rig();
  rigged.put('a');
  rigged.put('b');
  let sent: readonly Uint8Array[] = [];
  rigged.proposals.handOver((datas) => {
    sent = datas;
    return true;
  });
  rigged.put('c');
  const other = new EnvelopeCodec(id, 2);
  const foreign = other.seal([{ kind: 1, sequence: 1, asker: nobody, body: bytes('x') }], 0, 1, 6);
  rigged.proposals.takeBack([foreign, ...sent]);
  t.same(handOver(rigged), [['c'], ['a', 'b']]);
});

t.test('what the member asks for itself goes before all that waits, in its own order', async (t) => {
  const rigged = rig();
  rigged.put('a');
  rigged.put('b');
  handOver(rigged, () => false);
  const done = (): void => {};
  for (const body of ['own 1', 'own 2']) rigged.proposals.addOwn(RequestKind.LeaseExpire, bytes(body), done);
  rigged.put('c');
  t.same(handOver(rigged).flat(), ['own 1', 'own 2', 'a', 'b', 'c']);
  t.equal(rigged.proposals.pending.size, 5);
});

t.test('requests leave the table in any order, each once', async (t) => {
  const rigged = rig();
  const { pending } = rigged.proposals;
  for (let i = 0; i < 5000; i++) rigged.put(String(i));
  const picked = Array.from({ length: 5000 }, (_, i) => pending.get(((i * 1237) % 5000) + 1)!);
  for (const [i, one] of picked.entries()) {
    pending.resolve(one, null, null);
    pending.resolve(one, null, null);
    if (i % 500 === 0) t.equal(pending.size, 4999 - i + (i > 2500 ? 1 : 0));
    if (i === 2500) rigged.put('more');
    if (i >= 2500) t.equal(pending.get(5001)?.sequence, 5001);
  }
  t.equal(pending.size, 1);
  t.equal(pending.oldest?.sequence, 5001);
  t.equal(pending.get(5000), undefined);
  t.equal(pending.get(5002), undefined);
  pending.failAll(new Failure('stopped'));
  t.equal(pending.size, 0);
  t.equal(pending.bytes, 0);
});
