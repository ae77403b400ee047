import fc from 'fast-check';
import t from 'tap';
import { MessageDecoder } from '../../src/rpc/message-decoder.ts';
import { framed } from './grpc-harness.ts';

/** Cuts bytes into chunks of the given sizes, over and over. */
function chunks(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const result: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const end = at + sizes[turn % sizes.length]!;
    result.push(bytes.subarray(at, end));
    at = end;
  }
  return result;
}

t.test('messages come out whole and in order, however they were cut', async () => {
  const message = fc.uint8Array({ maxLength: 40 });
  const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 });
  fc.assert(
    fc.property(fc.array(message), sizes, (messages, chunkSizes) => {
      const wire = messages.map(framed);
      const decoder = new MessageDecoder(64);
      const found = chunks(Buffer.concat(wire), chunkSizes).flatMap((chunk) => decoder.write(chunk));
      return found.length === wire.length && found.every((bytes, index) => bytes.equals(wire[index]!));
    }),
  );
});

t.test('a length beyond the limit is refused before anything is kept for it', async (t) => {
  const huge = Buffer.from([0, 0xff, 0xff, 0xff, 0xff]);
  const refusal = { message: 'grpc: received message larger than max (4294967295 vs. 100)' };
  t.throws(() => new MessageDecoder(100).write(huge), refusal);
  const decoder = new MessageDecoder(100);
  decoder.write(huge.subarray(0, 3));
  t.throws(() => decoder.write(huge.subarray(3)), refusal);
  t.same(new MessageDecoder(100).write(framed(Buffer.alloc(100))).length, 1);
});
