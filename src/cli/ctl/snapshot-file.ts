/** What a snapshot file, or the database of a stopped etcd, holds: read page by page, nothing is changed. */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { BoltReader } from '../../bolt/bolt-reader.ts';
import { crc32c } from '../../util/crc32c.ts';
import { decodeCold } from '../../wire/cold-codec.ts';

export interface SnapshotStatus {
  /** CRC-32C of all buckets with their entries. */
  readonly hash: number;
  readonly revision: number;
  /** Entries of all buckets: what etcdctl counts. */
  readonly entries: number;
  /** Keys that are there at the revision: what etcdutl counts. */
  readonly liveKeys: number;
  readonly sizeBytes: number;
  /** Of the form of the database; empty before etcd 3.6. */
  readonly version: string;
}

/** A revision key: eight bytes, a line, eight bytes, and `t` behind them for a deletion. */
const tombstoneKeyBytes = 18;
const revisionKeyBytes = 17;
const readAtOnceMax = 1 << 30;

/** @throws Error of the file system; Failure 'backendDamaged' for a file that is not whole */
export function readSnapshotStatus(path: string): SnapshotStatus {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const reader = new BoltReader((offset, length) => {
      const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - offset, readAtOnceMax)));
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, offset));
    });
    return statusOf(reader);
  } finally {
    closeSync(file);
  }
}

function statusOf(reader: BoltReader): SnapshotStatus {
  const live = new Set<string>();
  let [hash, revision, entries, version] = [0, 0, 0, ''];
  for (const bucket of reader.bucketNames) {
    hash = crc32c(Buffer.from(bucket, 'latin1'), hash);
    for (const { key, value } of reader.entries(bucket)) {
      hash = crc32c(value, crc32c(key, hash));
      entries++;
      if (bucket === 'meta' && key.toString() === 'storageVersion') version = value.toString();
      if (bucket !== 'key') continue;
      if (key.length < revisionKeyBytes)
        throw new Error(`cannot parse revision key: ${JSON.stringify(key.toString('latin1'))}`);
      revision = Number(key.readBigUInt64BE(0));
      const record = decodeCold<{ key: Uint8Array }>('mvccpb.KeyValue', value);
      const name = Buffer.from(record.key).toString('latin1');
      if (key.length === tombstoneKeyBytes) live.delete(name);
      else live.add(name);
    }
  }
  return { hash, revision, entries, liveKeys: live.size, sizeBytes: reader.sizeBytes, version };
}
