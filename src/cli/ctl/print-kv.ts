/** How answers about keys are printed: simple for people, fields for scripts. */

import type { Header as ClientHeader } from '../../client/index.ts';
import { quoted } from './go-text.ts';
import type {
  DeleteRangeResponse,
  Header,
  KeyValue,
  PutResponse,
  RangeResponse,
  TxnResponse,
} from './messages.ts';

/** Bytes as the simple form shows them: as they are, or `\x61` by `\x61`. */
function shownBytes(bytes: Uint8Array, isHex: boolean): string {
  if (!isHex) return Buffer.from(bytes).toString('latin1');
  return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

/** Lines of text in Latin-1, one character per byte: keys and values need not be UTF-8. */
export function asBytes(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1');
}

export function pairLines(kv: KeyValue, isHex: boolean, valueOnly = false): string[] {
  const value = shownBytes(kv.value, isHex);
  return valueOnly ? [value] : [shownBytes(kv.key, isHex), value];
}

export function rangeLines({ kvs }: RangeResponse, isHex: boolean, valueOnly: boolean): string[] {
  return kvs.flatMap((kv) => pairLines(kv, isHex, valueOnly));
}

export function putLines({ prev_kv: previous }: PutResponse, isHex: boolean): string[] {
  return ['OK', ...(previous === null ? [] : pairLines(previous, isHex))];
}

export function deleteLines({ deleted, prev_kvs: previous }: DeleteRangeResponse, isHex: boolean): string[] {
  return [String(deleted), ...previous.flatMap((kv) => pairLines(kv, isHex))];
}

export function txnLines({ succeeded, responses }: TxnResponse, isHex: boolean): string[] {
  const lines = [succeeded ? 'SUCCESS' : 'FAILURE'];
  for (const one of responses) {
    lines.push('');
    if (one.response_range !== undefined) lines.push(...rangeLines(one.response_range, isHex, false));
    else if (one.response_put !== undefined) lines.push(...putLines(one.response_put, isHex));
    else if (one.response_delete_range !== undefined)
      lines.push(...deleteLines(one.response_delete_range, isHex));
  }
  return lines;
}

export function field(name: string, value: unknown): string {
  return `"${name}" : ${value}`;
}

/** A header of the client's as the contract names its fields. */
export function headerMessage({ clusterId, memberId, revision, raftTerm }: ClientHeader): Header {
  return {
    cluster_id: clusterId,
    member_id: memberId,
    revision: BigInt(revision),
    raft_term: BigInt(raftTerm),
  };
}

export function headerFields(header: Header | null): string[] {
  return [
    field('ClusterID', header?.cluster_id ?? 0),
    field('MemberID', header?.member_id ?? 0),
    field('Revision', header?.revision ?? 0),
    field('RaftTerm', header?.raft_term ?? 0),
  ];
}

export function pairFields(prefix: string, kv: KeyValue): string[] {
  return [
    field(`${prefix}Key`, quoted(kv.key)),
    field(`${prefix}CreateRevision`, kv.create_revision),
    field(`${prefix}ModRevision`, kv.mod_revision),
    field(`${prefix}Version`, kv.version),
    field(`${prefix}Value`, quoted(kv.value)),
    field(`${prefix}Lease`, kv.lease),
  ];
}

export function rangeFields({ header, kvs, more, count }: RangeResponse): string[] {
  const pairs = kvs.flatMap((kv) => pairFields('', kv));
  return [...headerFields(header), ...pairs, field('More', more), field('Count', count)];
}

export function putFields({ header, prev_kv: previous }: PutResponse): string[] {
  return [...headerFields(header), ...(previous === null ? [] : pairFields('Prev', previous))];
}

export function deleteFields({ header, deleted, prev_kvs: previous }: DeleteRangeResponse): string[] {
  return [
    ...headerFields(header),
    field('Deleted', deleted),
    ...previous.flatMap((kv) => pairFields('Prev', kv)),
  ];
}

export function txnFields({ header, succeeded, responses }: TxnResponse): string[] {
  const lines = [...headerFields(header), field('Succeeded', succeeded)];
  for (const one of responses) {
    if (one.response_range !== undefined) lines.push(...rangeFields(one.response_range));
    else if (one.response_put !== undefined) lines.push(...putFields(one.response_put));
    else if (one.response_delete_range !== undefined) lines.push(...deleteFields(one.response_delete_range));
  }
  return lines;
}
