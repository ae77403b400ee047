/**
 * The envelope around objects: `k8s\0`, then runtime.Unknown with apiVersion, kind and the message itself,
 * and the frames of a watch, which have a length in front instead.
 */

import { Failure } from '../../util/failure.ts';
import { Reader, Writer } from '../../wire/proto.ts';
import { groupVersionText, type Json, type JsonObject } from '../api/objects.ts';
import { type Definition, definitionOfKind, findDefinition } from '../schema/schema.ts';
import { hasWholeForm } from './plan.ts';
import { MessageReader, ProtobufError } from './read.ts';
import type { KindName, ProtobufCodec } from './types.ts';
import { NotEncodable, writeMessage } from './write.ts';

const magic = Buffer.from('k8s\0', 'latin1');

/** Kinds that every group version has, whatever it is called. */
const commonKinds: ReadonlySet<string> = new Set([
  'CreateOptions',
  'DeleteOptions',
  'GetOptions',
  'ListOptions',
  'PatchOptions',
  'UpdateOptions',
  'WatchEvent',
  'PartialObjectMetadata',
  'PartialObjectMetadataList',
]);

function definitionFor(apiVersion: string, kind: string): Definition | null {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  const found = definitionOfKind(group, apiVersion.slice(slash + 1), kind);
  if (found !== null) return found;
  return commonKinds.has(kind) ? findDefinition(`meta.v1.${kind}`) : null;
}

interface Envelope {
  apiVersion: string;
  kind: string;
  /** Where the message starts and ends. */
  start: number;
  end: number;
}

function hasMagic(bytes: Uint8Array): boolean {
  return bytes.length >= magic.length && magic.every((byte, at) => bytes[at] === byte);
}

function readEnvelope(reader: Reader): Envelope {
  const envelope: Envelope = { apiVersion: '', kind: '', start: 0, end: 0 };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) {
      const outer = reader.enter();
      readTypeMeta(reader, envelope);
      reader.end = outer;
    } else if (tag === 0x12) {
      const outer = reader.enter();
      envelope.start = reader.at;
      envelope.end = reader.end;
      reader.at = reader.end;
      reader.end = outer;
    } else reader.skip(tag, 0);
  }
  return envelope;
}

function readTypeMeta(reader: Reader, envelope: Envelope): void {
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) envelope.apiVersion = reader.string();
    else if (tag === 0x12) envelope.kind = reader.string();
    else reader.skip(tag, 0);
  }
}

function parseJson(bytes: Uint8Array): Json {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new ProtobufError('a raw extension holds neither JSON nor an object');
  }
}

const noKind: KindName = { group: '', version: '', kind: '' };

const messages = new MessageReader((bytes, depth) =>
  hasMagic(bytes) ? decodeEnvelope(bytes, depth, noKind) : parseJson(bytes),
);

/** What the text of an apiVersion leaves out, or says wrongly, is as it is wanted. */
function settled({ apiVersion, kind }: Envelope, wanted: KindName): { apiVersion: string; kind: string } {
  const isGiven = apiVersion !== '' && apiVersion.split('/').length <= 2;
  return {
    apiVersion: isGiven ? apiVersion : groupVersionText(wanted.group, wanted.version),
    kind: kind === '' ? wanted.kind : kind,
  };
}

function decodeEnvelope(bytes: Uint8Array, depth: number, wanted: KindName): JsonObject {
  if (bytes.length === 0) throw new ProtobufError('empty data');
  if (!hasMagic(bytes)) {
    throw new ProtobufError(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    );
  }
  if (bytes.length === magic.length) throw new ProtobufError('empty body');
  const reader = new Reader(bytes, magic.length);
  const envelope = readEnvelope(reader);
  const { apiVersion, kind } = settled(envelope, wanted);
  const object: JsonObject = {};
  if (kind !== '') object['kind'] = kind;
  if (apiVersion !== '') object['apiVersion'] = apiVersion;
  // Of a kind that is not known the endpoint says so, by kind and apiVersion.
  const definition = definitionFor(apiVersion, kind);
  if (definition === null) return object;
  reader.at = envelope.start;
  reader.end = envelope.end;
  try {
    return messages.message(definition, reader, object, depth + 1);
  } catch (error) {
    throw protobufError(error, kind);
  }
}

/** What Go says of broken bytes. @param kind of the message; empty: of the envelope */
function protobufError(error: unknown, kind: string): unknown {
  if (error instanceof ProtobufError)
    return error.kind === '' ? new ProtobufError(error.message, kind) : error;
  if (!(error instanceof Failure)) return error;
  const { message } = error;
  const wireType = /wire type (\d)/.exec(message)?.[1];
  if (message.includes('ends inside')) return new ProtobufError('unexpected EOF', kind);
  if (message.includes('ten bytes')) return new ProtobufError('proto: integer overflow', kind);
  return new ProtobufError(wireType === undefined ? message : `proto: illegal wireType ${wireType}`, kind);
}

let writer: Writer | null = null;

/** Runs `write` on a writer that is empty before and after. */
function written(write: (to: Writer) => void): Uint8Array {
  writer ??= new Writer();
  try {
    write(writer);
    return writer.finish();
  } catch (error) {
    writer.reset();
    throw error;
  }
}

function writeEnvelope(to: Writer, definition: Definition, object: JsonObject): void {
  to.element(4, new Uint8Array(0));
  to.element(3, new Uint8Array(0));
  const beforeObject = to.written;
  writeMessage(to, definition, object);
  to.lengthPrefix(2, beforeObject);
  const beforeType = to.written;
  to.element(2, Buffer.from(String(object['kind'] ?? '')));
  to.element(1, Buffer.from(String(object['apiVersion'] ?? '')));
  to.lengthPrefix(1, beforeType);
  to.raw(magic);
}

function encodableBy(object: JsonObject): Definition | null {
  const { kind, apiVersion } = object;
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') return null;
  return definitionFor(apiVersion, kind);
}

function writeFrame(to: Writer, type: string, definition: Definition, object: JsonObject): void {
  const before = to.written;
  writeEnvelope(to, definition, object);
  to.lengthPrefix(1, before);
  to.lengthPrefix(2, before);
  to.element(1, Buffer.from(type));
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(to.written);
  to.raw(length);
}

/** Null when the kind, or something in the object, has no protobuf form. */
function encoded(object: JsonObject, write: (to: Writer, definition: Definition) => void): Uint8Array | null {
  const definition = encodableBy(object);
  if (definition === null) return null;
  try {
    return written((to) => write(to, definition));
  } catch (error) {
    if (error instanceof NotEncodable) return null;
    throw error;
  }
}

/** The codec of request and answer bodies. */
export const kubernetesProtobuf: ProtobufCodec = {
  decode(body, wanted = noKind) {
    try {
      return decodeEnvelope(body, 0, wanted);
    } catch (error) {
      throw protobufError(error, '');
    }
  },
  encode: (object) => encoded(object, (to, definition) => writeEnvelope(to, definition, object)),
  encodeFrame: (type, object) =>
    encoded(object, (to, definition) => writeFrame(to, type, definition, object)),
  speaks(group, version, kind) {
    const definition = definitionOfKind(group, version, kind);
    return definition !== null && hasWholeForm(definition);
  },
};
