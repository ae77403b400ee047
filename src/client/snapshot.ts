/**
 * A member's whole state as a stream of bytes: a database file of etcd and, behind it, the 32 bytes of its SHA-256. That is
 * the file that `etcdctl snapshot save` writes and `etcdutl snapshot restore` reads.
 *
 * The hash is computed along the way. Parts that do not fit it, or too few, end the iteration with an error: what was
 * written by then is not a snapshot.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { RpcChannelStream } from '../rpc/channel.ts';
import { decodeSnapshotPart } from '../wire/client-messages.ts';
import { emptyBytes } from '../wire/proto.ts';
import { offAbort, onAbort } from './abort.ts';
import type { Caller } from './caller.ts';
import { EtcdError, StatusCode } from './errors.ts';
import { MessageQueue } from './message-queue.ts';
import type { CallOptions } from './options.ts';
import { openStream } from './streams.ts';

export interface SnapshotOptions extends Omit<CallOptions, 'timeoutMs'> {
  /** Which member to ask: one of the client's endpoints. @default any */
  readonly endpoint?: string;
}

const hashBytes = 32;
const queuedPartsMax = 16;

/** One pass over a member's state. It begins when it is iterated over, and is not repeated. */
export class Snapshot implements AsyncIterable<Uint8Array> {
  readonly #caller: Caller;
  readonly #options: SnapshotOptions;
  #version = '';
  #receivedBytes = 0;
  #totalBytes = 0;

  constructor(caller: Caller, options: SnapshotOptions) {
    this.#caller = caller;
    this.#options = options;
  }

  /** Version of the storage, once the first part has come; empty from servers before 3.6. */
  get version(): string {
    return this.#version;
  }

  /** Bytes so far, the hash included. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Bytes there will be, without the hash; 0 before the first part. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** @throws EtcdError 'snapshotDamaged'; what a call throws */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const hash = createHash('sha256');
    // The last 32 bytes are the hash, whichever way they are cut; all before are hashed.
    let tail: Uint8Array = emptyBytes;
    for await (const blob of this.#parts()) {
      const joined = tail.length === 0 ? blob : Buffer.concat([tail, blob]);
      const end = Math.max(0, joined.length - hashBytes);
      hash.update(joined.subarray(0, end));
      tail = joined.subarray(end);
      yield blob;
    }
    if (tail.length !== hashBytes || !timingSafeEqual(tail, hash.digest())) {
      throw new EtcdError('snapshotDamaged', 'the snapshot does not have the hash that came with it', {
        code: StatusCode.DataLoss,
      });
    }
  }

  async *#parts(): AsyncGenerator<Uint8Array, void, undefined> {
    const { signal, endpoint } = this.#options;
    signal?.throwIfAborted();
    let stream: RpcChannelStream | null = null;
    const queue = new MessageQueue<Uint8Array>({
      fullAt: queuedPartsMax,
      onFull: () => stream?.pause(),
      onDrained: () => stream?.resume(),
      onLeft: () => {},
    });
    const where = endpoint === undefined ? {} : { endpoint: this.#caller.endpoints.named(endpoint) };
    const spec = { path: '/etcdserverpb.Maintenance/Snapshot', requireLeader: false, ...where };
    const open = openStream(this.#caller, spec, {
      onOpen: (opened) => {
        stream = opened;
        opened.write(emptyBytes);
        opened.halfClose();
      },
      onMessage: (bytes) => {
        const { blob, remainingBytes, version } = decodeSnapshotPart(bytes);
        if (this.#receivedBytes === 0) {
          this.#totalBytes = blob.length + remainingBytes;
          this.#version = version;
        }
        this.#receivedBytes += blob.length;
        queue.push(blob);
      },
      onEnd: (error) => (error === null ? queue.end() : queue.fail(error)),
    });
    const giveUp = (): void => queue.fail(signal!.reason);
    if (signal !== undefined) onAbort(signal, giveUp);
    try {
      yield* queue;
    } finally {
      if (signal !== undefined) offAbort(signal, giveUp);
      open.cancel();
    }
  }
}
