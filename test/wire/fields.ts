/** Takes messages apart on the wire and puts them together in ways that encoders do not, but others may. */

import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import protobuf from 'protobufjs';

/** The fields of one message, each with its tag, in their order. */
function splitFields(bytes: Uint8Array): Uint8Array[] {
  const reader = new protobuf.Reader(bytes);
  const fields: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    reader.skipType(reader.uint32() & 7);
    fields.push(bytes.subarray(start, reader.pos));
  }
  return fields;
}

function fieldNumber(field: Uint8Array): number {
  return new protobuf.Reader(field).uint32() >>> 3;
}

/** Fields that no message here has, one of every wire type. */
const unknownFields: readonly Uint8Array[] = [
  Buffer.from('a00696ffffff7f', 'hex'), // 100: varint
  Buffer.from('a1060102030405060708', 'hex'), // 100: 64 bits
  Buffer.from('a206080a00ffffffffff01', 'hex'), // 100: eight bytes that are no message
  Buffer.from('a506ffffffff', 'hex'), // 100: 32 bits
  Buffer.from('a3060a0178a406', 'hex'), // 100: a group
  Buffer.from('f8ffffff0f01', 'hex'), // the highest field number
];

/**
 * The message with its fields in any order and unknown ones between them. Fields of the same number keep their order, for
 * that is the order of a list.
 */
export function shuffled(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const fields = splitFields(bytes);
  return fc
    .tuple(
      fc.array(fc.nat(), { minLength: fields.length, maxLength: fields.length }),
      fc.array(fc.tuple(fc.constantFrom(...unknownFields), fc.nat(fields.length)), { maxLength: 3 }),
    )
    .map(([ranks, strangers]) => {
      const rankOf = new Map<number, number>();
      fields.forEach((field, i) => {
        const number = fieldNumber(field);
        if (!rankOf.has(number)) rankOf.set(number, ranks[i]!);
      });
      const order = [...fields].sort((a, b) => rankOf.get(fieldNumber(a))! - rankOf.get(fieldNumber(b))!);
      for (const [stranger, at] of strangers) order.splice(at, 0, stranger);
      return Buffer.concat(order);
    });
}
