/** Answers and expectations as text, so that comparing two is comparing strings, and a difference can be shown. */

import { decodeKeyValue } from '../../wire/key-value.ts';
import type {
  DeleteRangeResult,
  KeyValueBytes,
  OpResult,
  PutResult,
  RangeResult,
  TxnResult,
} from '../../wire/messages.ts';
import { OpKind } from '../../wire/messages.ts';
import { binary, type ModelResult, type Version } from './model.ts';

export function versionOf(bytes: KeyValueBytes): Version {
  const kv = decodeKeyValue(bytes);
  return {
    key: binary(kv.key),
    create: kv.createRevision,
    mod: kv.modRevision,
    version: kv.version,
    value: binary(kv.value),
  };
}

function showVersion(version: Version | null): string {
  if (version === null) return '-';
  return `${version.key}=${version.value}@${version.create}/${version.mod}/${version.version}`;
}

function showVersions(versions: readonly Version[]): string {
  return versions.map(showVersion).join(' ');
}

export function showModel(result: ModelResult): string {
  switch (result.kind) {
    case 'put':
      return `put ${showVersion(result.previous)}`;
    case 'delete':
      return `delete ${result.deleted} [${showVersions(result.previous)}]`;
    case 'range':
      return `range ${result.count}${result.more ? '+' : ''} [${showVersions(result.kvs)}]`;
    default:
      return `txn ${result.succeeded} (${result.responses.map(showModel).join('; ')})`;
  }
}

export function showPut(result: PutResult): string {
  return `put ${showVersion(result.prevKv === null ? null : versionOf(result.prevKv))}`;
}

export function showDelete(result: DeleteRangeResult): string {
  return `delete ${result.deleted} [${showVersions(result.prevKvs.map(versionOf))}]`;
}

export function showRange(result: RangeResult): string {
  return `range ${result.count}${result.more ? '+' : ''} [${showVersions(result.kvs.map(versionOf))}]`;
}

export function showTxn(result: TxnResult): string {
  return `txn ${result.succeeded} (${result.responses.map(showOp).join('; ')})`;
}

function showOp(op: OpResult): string {
  switch (op.kind) {
    case OpKind.Put:
      return showPut(op.result);
    case OpKind.DeleteRange:
      return showDelete(op.result);
    case OpKind.Range:
      return showRange(op.result);
    default:
      return showTxn(op.result);
  }
}
