/**
 * The bytes of a Config entry: one whole ConfState and an opaque context.
 *
 *     entry   | version u8 = 1 | flags u8 | voters | votersOutgoing | learners | learnersNext | context … |
 *     list    | count u16 | id … |
 *     id      | length u8 | UTF-8 |
 *
 * Integers are little-endian; flag bit 0 is autoLeave. The numbers are on disk: a new layout gets a new version.
 */

import type { ConfState, NodeId } from './types.ts';

const version = 1;
const flagAutoLeave = 1;
const maxIdBytes = 255;
const maxListLength = 65535;
const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

export interface ConfigEntryContent {
  readonly conf: ConfState;
  /** A view on the entry's data. */
  readonly context: Uint8Array;
}

/** @throws Error when a list or an id is longer than the layout can say. */
export function encodeConfigEntry(conf: ConfState, context: Uint8Array): Uint8Array {
  const bytes: number[] = [version, conf.autoLeave ? flagAutoLeave : 0];
  for (const ids of [conf.voters, conf.votersOutgoing, conf.learners, conf.learnersNext])
    appendList(bytes, ids);
  const data = new Uint8Array(bytes.length + context.length);
  data.set(bytes);
  data.set(context, bytes.length);
  return data;
}

function appendList(bytes: number[], ids: readonly NodeId[]): void {
  if (ids.length > maxListLength) throw new Error(`configuration of ${ids.length} nodes`);
  bytes.push(ids.length & 255, ids.length >>> 8);
  for (const id of ids) {
    const encoded = utf8.encode(id);
    if (encoded.length === 0 || encoded.length > maxIdBytes)
      throw new Error(`node id of ${encoded.length} bytes`);
    bytes.push(encoded.length, ...encoded);
  }
}

/** @throws Error on bytes that `encodeConfigEntry` does not make. */
export function decodeConfigEntry(data: Uint8Array): ConfigEntryContent {
  if (data[0] !== version)
    throw new Error(`configuration entry of version ${data[0]}: written by a newer version`);
  const flags = data[1] ?? 0;
  const lists: NodeId[][] = [];
  let at = 2;
  for (let i = 0; i < 4; i++) {
    const list: NodeId[] = [];
    at = readList(data, at, list);
    lists.push(list);
  }
  const conf: ConfState = {
    voters: lists[0]!,
    votersOutgoing: lists[1]!,
    learners: lists[2]!,
    learnersNext: lists[3]!,
    autoLeave: (flags & flagAutoLeave) !== 0,
  };
  return { conf, context: data.subarray(at) };
}

function readList(data: Uint8Array, start: number, into: NodeId[]): number {
  if (start + 2 > data.length) throw new Error('configuration entry ends inside a list');
  const count = data[start]! | (data[start + 1]! << 8);
  let at = start + 2;
  for (let i = 0; i < count; i++) {
    const from = at + 1;
    const to = from + (data[at] ?? data.length);
    if (to > data.length || to === from) throw new Error('configuration entry ends inside a node id');
    into.push(strictUtf8.decode(data.subarray(from, to)));
    at = to;
  }
  return at;
}
