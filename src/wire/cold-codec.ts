/**
 * Encodes and decodes every message that has no codec of its own, with protobufjs and the descriptor of `proto/`. For
 * calls that are rare: status, membership, alarms, leases, authentication.
 *
 * Messages are plain objects whose fields are named as in the .proto files: 64-bit integers are bigint, enums numbers,
 * bytes Uint8Array. In decoded messages every field is there, with its proto3 default; an absent message is null, and
 * of a oneof only the member that is set appears.
 *
 * 64-bit integers go through a reader and a writer of our own, because protobufjs would turn them into Long or number as
 * its module-wide `util.Long` says, which belongs to the application that embeds us: it may have changed it, and we
 * may not. A type is built from the descriptor when it is first used, with those that it is made of: all of them at once
 * keep everybody waiting for 10 ms.
 */

import protobuf from 'protobufjs/light.js';
import { Failure } from '../util/failure.ts';
import { protoDescriptor } from './proto-descriptor.ts';
import { emptyBytes, Reader } from './proto-reader.ts';
import { writeBigVarint } from './proto-writer.ts';

export type ColdMessage = Record<string, unknown>;

type Long = ReturnType<protobuf.Reader['int64']>;

/** Reads 64-bit integers as bigint. */
class BigintReader extends protobuf.Reader {
  override int64(): Long {
    const reader = new Reader(this.buf, this.pos, this.len);
    const value = reader.bigInt64();
    this.pos = reader.at;
    return value as unknown as Long;
  }

  override uint64(): Long {
    const reader = new Reader(this.buf, this.pos, this.len);
    const value = reader.bigUint64();
    this.pos = reader.at;
    return value as unknown as Long;
  }
}

const varintScratch = new Uint8Array(10);

/** Writes 64-bit integers given as bigint. */
class BigintWriter extends protobuf.Writer {
  override int64(value: unknown): protobuf.Writer {
    return this.raw(varintScratch.subarray(0, writeBigVarint(varintScratch, 0, value as bigint)));
  }

  override uint64(value: unknown): protobuf.Writer {
    return this.int64(value);
  }
}

const root = new protobuf.Root();
const declared = new Set<string>();
const types = new Map<string, protobuf.Type>();

/** Adds a declaration of the descriptor to the root, and those that it names. */
function declare(packageName: string, name: string): void {
  const fullName = `${packageName}.${name}`;
  if (declared.has(fullName)) return;
  declared.add(fullName);
  const declaration = JSON.parse(protoDescriptor[packageName]![name]!) as protobuf.AnyNestedObject;
  root.define(packageName).addJSON({ [name]: declaration });
  for (const type of typesNamedIn(declaration as Declaration)) {
    const [first] = type.split('.');
    if (Object.hasOwn(protoDescriptor[packageName]!, first!)) declare(packageName, first!);
    else declareOf(type);
  }
}

/** @param typeName with its package; a scalar has none, and a type that another one holds comes with it */
function declareOf(typeName: string): void {
  const packageName = Object.keys(protoDescriptor).find((name) => typeName.startsWith(`${name}.`));
  if (packageName === undefined) return;
  const [first] = typeName.slice(packageName.length + 1).split('.');
  if (Object.hasOwn(protoDescriptor[packageName]!, first!)) declare(packageName, first!);
}

interface Declaration {
  readonly fields?: Readonly<Record<string, { readonly type: string }>>;
  readonly nested?: Readonly<Record<string, Declaration>>;
}

function typesNamedIn({ fields = {}, nested = {} }: Declaration): string[] {
  const own = Object.values(fields).map(({ type }) => type);
  return [...own, ...Object.values(nested).flatMap(typesNamedIn)];
}

function typeOf(typeName: string): protobuf.Type {
  let type = types.get(typeName);
  if (type === undefined) {
    declareOf(typeName);
    root.resolveAll();
    type = root.lookupType(typeName);
    types.set(typeName, type);
  }
  return type;
}

/**
 * Encodes a message in canonical form. Absent, null and default fields are left out.
 * @param typeName with its package, as `etcdserverpb.StatusResponse`.
 * @param message 64-bit integers may also be safe integer numbers.
 * @throws Error when the type does not exist or has no field of that name: a defect of the caller.
 */
export function encodeCold(typeName: string, message: object): Uint8Array {
  const type = typeOf(typeName);
  return type.encode(toEncode(type, message as ColdMessage), new BigintWriter()).finish();
}

/** Copies what is not default, for the encoder of protobufjs does not know that 0n is. */
function toEncode(type: protobuf.Type, message: ColdMessage): ColdMessage {
  const copy: ColdMessage = {};
  for (const [name, value] of Object.entries(message)) {
    const field = type.fields[name];
    if (field === undefined) throw new Error(`${type.fullName} has no field ${name}`);
    if (value === undefined || value === null) continue;
    if (field.repeated) {
      copy[name] = (value as unknown[]).map((element) => elementToEncode(field, element));
      continue;
    }
    const element = elementToEncode(field, value);
    if (element !== 0n || field.partOf !== null) copy[name] = element;
  }
  return copy;
}

function elementToEncode(field: protobuf.Field, value: unknown): unknown {
  if (field.resolvedType instanceof protobuf.Type) return toEncode(field.resolvedType, value as ColdMessage);
  if ((field.type === 'int64' || field.type === 'uint64') && typeof value === 'number') return BigInt(value);
  return value;
}

/**
 * Decodes a message; bytes fields are views on `bytes`.
 * @typeParam T the message's shape, which nothing checks: it is the caller's reading of the .proto file.
 * @throws Failure 'malformedRequest'; Error when the type does not exist.
 */
export function decodeCold<T extends object = ColdMessage>(typeName: string, bytes: Uint8Array): T {
  const type = typeOf(typeName);
  let message: protobuf.Message;
  try {
    message = type.decode(new BigintReader(bytes));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('malformedRequest', `malformed ${typeName}: ${String(error)}`, { cause: error });
  }
  return withDefaults(type, message as unknown as ColdMessage) as T;
}

function withDefaults(type: protobuf.Type, message: ColdMessage): ColdMessage {
  const whole: ColdMessage = {};
  for (const field of type.fieldsArray) {
    const { name } = field;
    const value = Object.hasOwn(message, name) ? message[name] : undefined;
    if (field.repeated) {
      whole[name] = ((value ?? []) as unknown[]).map((element) => elementWithDefaults(field, element));
    } else if (value !== undefined && value !== null) {
      whole[name] = elementWithDefaults(field, value);
    } else if (field.partOf === null) {
      whole[name] = defaultOf(field);
    }
  }
  return whole;
}

function elementWithDefaults(field: protobuf.Field, value: unknown): unknown {
  return field.resolvedType instanceof protobuf.Type
    ? withDefaults(field.resolvedType, value as ColdMessage)
    : value;
}

function defaultOf(field: protobuf.Field): unknown {
  if (field.resolvedType instanceof protobuf.Type) return null;
  switch (field.type) {
    case 'int64':
    case 'uint64':
      return 0n;
    case 'bytes':
      return emptyBytes;
    case 'string':
      return '';
    case 'bool':
      return false;
    default:
      return 0;
  }
}
