/**
 * Messages as JSON, in the mapping of protobuf (protobuf.dev, "ProtoJSON format") as etcd's gateway uses it.
 *
 *     out   names as in the .proto files; what has its default is left out; 64-bit integers are decimal text, bytes
 *           base64, enums their names
 *     in    names also in lowerCamelCase; integers as number or text, enums as name or number, bytes in either base64;
 *           null is the default; fields and names of enums that do not exist are passed over (grpc-gateway since 2.0)
 *
 * Types come from the descriptor, at first use.
 */

import { Failure } from '../util/failure.ts';
import { type ColdMessage, decodeCold, encodeCold } from './cold-codec.ts';
import { protoDescriptor } from './proto-descriptor.ts';
import { Reader } from './proto-reader.ts';

interface FieldDeclaration {
  readonly type: string;
  readonly rule?: 'repeated';
}

interface Declaration {
  readonly fields?: Readonly<Record<string, FieldDeclaration>>;
  readonly oneofs?: Readonly<Record<string, { readonly oneof: readonly string[] }>>;
  readonly nested?: Readonly<Record<string, Declaration>>;
  readonly values?: Readonly<Record<string, number>>;
}

interface EnumShape {
  readonly kind: 'enum';
  readonly typeName: string;
  readonly numbers: ReadonlyMap<string, number>;
  readonly names: ReadonlyMap<number, string>;
}

interface MessageShape {
  readonly kind: 'message';
  readonly typeName: string;
  readonly fields: readonly Field[];
  /** By the name in the .proto file and by that in lowerCamelCase. */
  readonly byName: ReadonlyMap<string, Field>;
}

type Scalar = 'int64' | 'uint64' | 'int32' | 'uint32' | 'bool' | 'string' | 'bytes';

interface Field {
  readonly name: string;
  readonly isRepeated: boolean;
  /** Of a oneof: it is told even with its default. Empty for none. */
  readonly oneof: string;
  readonly scalar: Scalar | null;
  /** The type of a field that is no scalar; found when it is needed, for types contain themselves. */
  readonly shape: (() => MessageShape | EnumShape) | null;
}

/** Ranges of the integer types. */
const integerBounds: Readonly<Record<'int64' | 'uint64' | 'int32' | 'uint32', readonly [bigint, bigint]>> = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
};

const scalars: ReadonlySet<string> = new Set([...Object.keys(integerBounds), 'bool', 'string', 'bytes']);
const shapes = new Map<string, MessageShape | EnumShape>();
/** Of a message in parts, decoded and written in one go. */
const runBytes = 64 * 1024;
/** Messages within messages; txns can be nested. */
const maxDepth = 100;

/**
 * Encodes what a JSON text says.
 * @param typeName with its package, as `etcdserverpb.PutRequest`
 * @param text one JSON value
 * @throws Failure 'malformedRequest' that says what is wrong with the text
 */
export function encodeProtoJson(typeName: string, text: string): Uint8Array {
  let value: unknown;
  try {
    value = JSON.parse(withLongNumbersAsText(text));
  } catch (error) {
    throw malformed((error as Error).message);
  }
  return encodeCold(typeName, readMessage(messageShape(typeName), value, 0));
}

/** The JSON text for an encoded message. @throws Failure 'malformedRequest' when it is none */
export function decodeProtoJson(typeName: string, bytes: Uint8Array): string {
  return writeMessage(messageShape(typeName), decodeCold(typeName, bytes));
}

/**
 * The JSON text for an encoded message that comes in parts, in pieces of a millisecond of work.
 * @param parts messages, which one after the other are one with its fields in their order
 * @throws Failure 'malformedRequest' when one is none
 */
export function* decodeProtoJsonParts(typeName: string, parts: readonly Uint8Array[]): Generator<string> {
  const writer = new MessageWriter(messageShape(typeName));
  for (const part of parts) {
    for (const run of fieldRuns(part)) yield writer.write(decodeCold(typeName, run));
  }
  yield writer.end();
}

/** Cuts an encoded message between fields: each piece is a message too. */
function* fieldRuns(message: Uint8Array): Generator<Uint8Array> {
  const reader = new Reader(message);
  for (let from = 0; from < reader.end; from = reader.at) {
    while (reader.at < reader.end && reader.at - from < runBytes) reader.skip(reader.tag(), 0);
    yield message.subarray(from, reader.at);
  }
}

function malformed(what: string): Failure {
  return new Failure('malformedRequest', what);
}

/** Numbers that JSON.parse would round become text, which integers may be as well. */
function withLongNumbersAsText(text: string): string {
  if (!/\d{16}/.test(text)) return text;
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  );
}

// Types

function messageShape(typeName: string): MessageShape {
  const shape = shapeOf(typeName);
  if (shape.kind !== 'message') throw new Error(`${typeName} is no message`);
  return shape;
}

function shapeOf(typeName: string): MessageShape | EnumShape {
  let shape = shapes.get(typeName);
  if (shape === undefined) {
    const declaration = find(typeName);
    if (declaration === undefined) throw new Error(`there is no type ${typeName}`);
    shape =
      declaration.values === undefined
        ? newMessage(typeName, declaration)
        : newEnum(typeName, declaration.values);
    shapes.set(typeName, shape);
  }
  return shape;
}

function find(typeName: string): Declaration | undefined {
  const packageName = Object.keys(protoDescriptor).find((name) => typeName.startsWith(`${name}.`));
  if (packageName === undefined) return undefined;
  const [first, ...inner] = typeName.slice(packageName.length + 1).split('.');
  const json = protoDescriptor[packageName]![first!];
  let declaration = json === undefined ? undefined : (JSON.parse(json) as Declaration);
  for (const name of inner) declaration = declaration?.nested?.[name];
  return declaration;
}

/** A type is named from within `scope`: the innermost place that has it counts. */
function resolve(scope: string, name: string): string {
  for (let place = scope; place !== ''; place = place.slice(0, Math.max(0, place.lastIndexOf('.')))) {
    if (find(`${place}.${name}`) !== undefined) return `${place}.${name}`;
  }
  if (find(name) === undefined) throw new Error(`${scope} names a type ${name} that does not exist`);
  return name;
}

function newEnum(typeName: string, values: Readonly<Record<string, number>>): EnumShape {
  const entries = Object.entries(values);
  return {
    kind: 'enum',
    typeName,
    numbers: new Map(entries),
    names: new Map(entries.map(([name, number]) => [number, name])),
  };
}

function newMessage(typeName: string, { fields = {}, oneofs = {} }: Declaration): MessageShape {
  const made = Object.entries(fields).map(([name, { type, rule }]): Field => {
    const [oneof = ''] = Object.keys(oneofs).filter((key) => oneofs[key]!.oneof.includes(name));
    const isScalar = scalars.has(type);
    return {
      name,
      isRepeated: rule === 'repeated',
      oneof,
      scalar: isScalar ? (type as Scalar) : null,
      shape: isScalar ? null : () => shapeOf(resolve(typeName, type)),
    };
  });
  const byName = new Map<string, Field>();
  for (const field of made) byName.set(camelCase(field.name), field);
  for (const field of made) byName.set(field.name, field);
  return { kind: 'message', typeName, fields: made, byName };
}

function camelCase(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

// In

function readMessage(shape: MessageShape, value: unknown, depth: number): ColdMessage {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(`${shape.typeName} is an object, not ${shown(value)}`);
  }
  if (depth > maxDepth) throw malformed('messages are nested too deep');
  const message: ColdMessage = {};
  const oneofs = new Set<string>();
  for (const [key, given] of Object.entries(value)) {
    const field = shape.byName.get(key);
    if (field === undefined || given === null) continue;
    if (Object.hasOwn(message, field.name)) throw malformed(`${field.name} is given twice`);
    if (field.oneof !== '') {
      if (oneofs.has(field.oneof))
        throw malformed(`${field.name}: another one of ${field.oneof} is set already`);
      oneofs.add(field.oneof);
    }
    const read = readField(field, given, depth);
    if (read !== undefined) message[field.name] = read;
  }
  return message;
}

function readField(field: Field, value: unknown, depth: number): unknown {
  if (!field.isRepeated) return readElement(field, value, depth);
  if (!Array.isArray(value)) throw malformed(`${field.name} is a list, not ${shown(value)}`);
  return value
    .map((element) => readElement(field, element, depth))
    .filter((element) => element !== undefined);
}

/** Undefined for what is passed over. */
function readElement(field: Field, value: unknown, depth: number): unknown {
  const { name, scalar } = field;
  switch (scalar) {
    case null: {
      const shape = field.shape!();
      return shape.kind === 'enum' ? readEnum(shape, value) : readMessage(shape, value, depth + 1);
    }
    case 'bool':
      if (typeof value === 'boolean') return value;
      break;
    case 'string':
      if (typeof value === 'string') return value;
      break;
    case 'bytes':
      if (typeof value === 'string') return readBytes(name, value);
      break;
    case 'int64':
    case 'uint64':
      return readInteger(name, scalar, value);
    default:
      return Number(readInteger(name, scalar, value));
  }
  throw malformed(`${name} is a ${scalar}, not ${shown(value)}`);
}

function readInteger(name: string, scalar: keyof typeof integerBounds, value: unknown): bigint {
  let integer: bigint | null = null;
  if (typeof value === 'number' && Number.isInteger(value)) integer = BigInt(value);
  else if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) integer = BigInt(value);
  const [least, most] = integerBounds[scalar];
  if (integer !== null && integer >= least && integer <= most) return integer;
  throw malformed(`${name} is an ${scalar}, not ${shown(value)}`);
}

/** Standard or for URLs, with padding or without. */
function readBytes(name: string, text: string): Uint8Array {
  const isWhole = /^[A-Za-z0-9+/_-]*={0,2}$/.test(text) && text.replace(/=+$/, '').length % 4 !== 1;
  if (!isWhole) throw malformed(`${name} is no base64`);
  return Buffer.from(text, 'base64');
}

function readEnum({ typeName, numbers }: EnumShape, value: unknown): number | undefined {
  if (typeof value === 'string') return numbers.get(value);
  return Number(readInteger(typeName, 'int32', value));
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

// Out

function writeMessage(shape: MessageShape, message: ColdMessage): string {
  const writer = new MessageWriter(shape);
  return `${writer.write(message)}${writer.end()}`;
}

/** Writes a message of which one part is known after the other. */
class MessageWriter {
  readonly #fields: readonly Field[];
  /** The place of the field that was written last; -1 for none. */
  #last = -1;
  #isBegun = false;

  constructor({ fields }: MessageShape) {
    this.#fields = fields;
  }

  /** @returns what the next part adds to the text */
  write(part: ColdMessage): string {
    let text = this.#isBegun ? '' : '{';
    this.#isBegun = true;
    for (let place = 0; place < this.#fields.length; place++) {
      const field = this.#fields[place]!;
      const value = part[field.name];
      if (value === undefined || value === null) continue;
      if (field.isRepeated) {
        const elements = value as readonly unknown[];
        if (elements.length === 0) continue;
        text += place === this.#last ? ',' : `${this.#begin(place)}[`;
        text += elements.map((element) => writeElement(field, element)).join(',');
      } else if (field.oneof !== '' || !isDefault(value)) {
        text += this.#begin(place) + writeElement(field, value);
      }
    }
    return text;
  }

  #begin(place: number): string {
    if (place <= this.#last) throw new Error('the parts of a message are not in the order of its fields');
    const before = this.#last < 0 ? '' : `${this.#closing},`;
    this.#last = place;
    return `${before}"${this.#fields[place]!.name}":`;
  }

  /** What ends the list that is open. */
  get #closing(): string {
    return this.#fields[this.#last]?.isRepeated === true ? ']' : '';
  }

  end(): string {
    return `${this.#closing}}`;
  }
}

/** A message is never one: an empty one that is there is told. */
function isDefault(value: unknown): boolean {
  return (
    value === 0 ||
    value === 0n ||
    value === false ||
    value === '' ||
    (value instanceof Uint8Array && value.length === 0)
  );
}

function writeElement({ scalar, shape }: Field, value: unknown): string {
  if (scalar === null) {
    const type = shape!();
    if (type.kind === 'message') return writeMessage(type, value as ColdMessage);
    const name = type.names.get(value as number);
    return name === undefined ? String(value) : `"${name}"`;
  }
  if (typeof value === 'bigint') return `"${value}"`;
  if (value instanceof Uint8Array) {
    return `"${Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64')}"`;
  }
  return JSON.stringify(value);
}
