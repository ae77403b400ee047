/**
 * Messages as bytes that hardly anybody writes, but everybody must read: fields in any order, scalars that come twice,
 * members of a oneof that are replaced, unknown fields of every wire type, numbers longer than need be, and what is 0 written out.
 *
 * Invariant: they mean the message. Elements of a list keep their order; of what comes twice the last one counts.
 */

import type protobuf from 'protobufjs';
import type { Message } from '../../examples/grpc-from-proto.ts';
import type { RandomDraws } from './random-draws.ts';

/** One in so many places where there could be noise has some. */
const noiseOdds = 9;

/** Pieces that keep their order among each other. */
type Track = Buffer[];

/** The bytes of a message: every second one as clients write it, the others with noise. */
export function noisyBytes(draws: RandomDraws, type: protobuf.Type, message: Message): Buffer {
  return draws.chance(2) ? plainBytes(type, message) : new NoisyWriter(draws).message(type, message);
}

function plainBytes(type: protobuf.Type, message: Message): Buffer {
  return Buffer.from(type.encode(type.fromObject(message)).finish());
}

class NoisyWriter {
  readonly #draws: RandomDraws;

  constructor(draws: RandomDraws) {
    this.#draws = draws;
  }

  message(type: protobuf.Type, message: Message): Buffer {
    const tracks: Track[] = [];
    for (const field of type.fieldsArray) {
      field.resolve();
      if (field.partOf === null) tracks.push(this.#field(field, message[field.name]));
    }
    for (const union of type.oneofsArray) tracks.push(this.#union(union, message));
    while (this.#noise()) tracks.push([this.#unknown()]);
    return Buffer.concat(this.#mixed(tracks));
  }

  #noise(): boolean {
    return this.#draws.chance(noiseOdds);
  }

  #field(field: protobuf.Field, value: unknown): Track {
    // To some releases of etcd an end that is written out, but empty, is none to stop at.
    if (field.name === 'range_end' && ((value as Buffer | undefined)?.length ?? 0) === 0) return [];
    if (field.repeated) return ((value ?? []) as unknown[]).map((element) => this.#piece(field, element));
    if (value === undefined) return this.#noise() ? [this.#piece(field, this.#zero(field))] : [];
    const track = [this.#piece(field, value)];
    if (this.#noise()) track.unshift(this.#piece(field, this.#any(field)));
    return track;
  }

  #union(union: protobuf.OneOf, message: Message): Track {
    const given = union.fieldsArray.find(({ name }) => message[name] !== undefined);
    if (given === undefined) return [];
    const track = [this.#piece(given.resolve(), message[given.name])];
    if (this.#noise()) {
      const other = this.#draws.one(union.fieldsArray).resolve();
      track.unshift(this.#piece(other, this.#any(other)));
    }
    return track;
  }

  #piece(field: protobuf.Field, value: unknown): Buffer {
    const { id, resolvedType } = field;
    if (field.type === 'bytes') return this.#bytes(id, value as Buffer);
    if (resolvedType !== null && 'fieldsArray' in resolvedType)
      return this.#bytes(id, this.message(resolvedType, value as Message));
    return Buffer.concat([this.#varint(BigInt(id << 3)), this.#number(field, value)]);
  }

  #bytes(id: number, content: Buffer): Buffer {
    return Buffer.concat([
      this.#varint(BigInt((id << 3) | 2)),
      this.#varint(BigInt(content.length)),
      content,
    ]);
  }

  #number(field: protobuf.Field, value: unknown): Buffer {
    let bits = BigInt.asUintN(64, BigInt(value as number | string | boolean));
    // What is not 0 is true; and of an enum the low 32 bits count.
    if (field.type === 'bool' && bits !== 0n && this.#noise()) bits <<= BigInt(this.#draws.below(60));
    else if (field.resolvedType !== null && this.#noise()) bits |= BigInt(this.#draws.below(1000)) << 32n;
    return this.#varint(bits);
  }

  /** At most ten bytes, and not always as few as would do. */
  #varint(bits: bigint): Buffer {
    const bytes: number[] = [];
    for (let rest = bits; ; rest >>= 7n) {
      bytes.push(Number(rest & 0x7fn));
      if (rest < 0x80n) break;
    }
    if (this.#noise()) bytes.push(...Array<number>(this.#draws.below(11 - bytes.length)).fill(0));
    return Buffer.from(bytes.map((byte, at) => (at === bytes.length - 1 ? byte : byte | 0x80)));
  }

  #zero(field: protobuf.Field): unknown {
    return field.type === 'bytes' ? Buffer.alloc(0) : 0;
  }

  /** Something else of the type of a field. */
  #any(field: protobuf.Field): unknown {
    if (field.type === 'bytes') return Buffer.from(this.#draws.one(['', 'a', 'zz']));
    if (field.resolvedType !== null && 'fieldsArray' in field.resolvedType)
      return this.#draws.one<Message>([{}, { key: Buffer.from('a') }]);
    return this.#draws.one([0, 1, 2]);
  }

  #unknown(): Buffer {
    const id = this.#draws.one([15, 70, 100, 2047, 536870911]);
    const tag = (type: number): Buffer => this.#varint((BigInt(id) << 3n) | BigInt(type));
    return this.#draws.one<() => Buffer>([
      () => Buffer.concat([tag(0), this.#varint(0xffff_ffff_ffff_ffffn)]),
      () => Buffer.concat([tag(1), Buffer.alloc(8, 0x0a)]),
      () => this.#bytes(id, Buffer.from([0x0a, 0x01])),
      () => Buffer.concat([tag(5), Buffer.alloc(4, 0xff)]),
      () => Buffer.concat([tag(3), this.#bytes(1, Buffer.from('x')), tag(4)]),
    ])();
  }

  #mixed(tracks: readonly Track[]): Buffer[] {
    if (!this.#noise()) return tracks.flat();
    const left = tracks.filter((track) => track.length > 0).map((track) => [...track]);
    const mixed: Buffer[] = [];
    while (left.length > 0) {
      const at = this.#draws.below(left.length);
      mixed.push(left[at]!.shift()!);
      if (left[at]!.length === 0) left.splice(at, 1);
    }
    return mixed;
  }
}
