/**
 * `Maintenance.Snapshot`: the state as a file of etcd's, in blobs, and behind it the SHA-256 of all of them.
 * The file is made first, and read at the client's pace.
 */

import { createHash, type Hash } from 'node:crypto';
import type { ExportedState } from '../member/etcd-snapshot.ts';
import type { RpcStatus, RpcStream } from '../rpc/transport.ts';
import type { Scheduler } from '../util/runtime.ts';
import { encodeCold } from '../wire/cold-codec.ts';
import type { ServiceContext } from './context.ts';
import { statusOfError } from './errors.ts';
import { type ServiceMethod, serverStream } from './guard.ts';
import { clusterVersionOf } from './version.ts';

const blobBytes = 32 * 1024;
/** Blobs read, hashed and written in a turn, however much room the client has: a few milliseconds of work. */
const blobsInTurn = 4;

export function snapshotMethod(context: ServiceContext): ServiceMethod {
  const method = serverStream(context, (_request, stream) => {
    let isGone = false;
    let sending: Sending | null = null;
    stream.onCancel(() => {
      isGone = true;
      sending?.close();
    });
    const measured = context.work.begin('snapshot');
    context.member.exportState((error, state) => {
      if (state === null) {
        stream.end(statusOfError(error));
        return;
      }
      if (isGone) {
        state.close();
        return;
      }
      sending = new Sending(stream, state, context, measured);
      stream.onDrain(() => sending?.goOn());
      sending.goOn();
    });
  });
  return { ...method, servesLearner: true };
}

class Sending {
  readonly #stream: RpcStream;
  readonly #state: ExportedState;
  /** Of the storage. */
  readonly #version: string;
  readonly #hash: Hash = createHash('sha256');
  readonly #sent: () => void;
  readonly #scheduler: Scheduler;
  readonly #statusOf: (error: unknown) => RpcStatus;
  #offset = 0;
  #isClosed = false;
  #isDue = false;

  /** @param sent is called with the last byte on its way */
  constructor(stream: RpcStream, state: ExportedState, context: ServiceContext, sent: () => void) {
    const { member } = context;
    this.#sent = sent;
    this.#scheduler = member.runtime.scheduler;
    this.#statusOf = (error) => context.statusOf(error);
    this.#version = clusterVersionOf(member.downgrade());
    this.#stream = stream;
    this.#state = state;
  }

  /**
   * In a turn of its own: a socket whose system takes everything at once drains within the write, again and again, and
   * nobody else would have a turn until the client is slower.
   */
  goOn(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#scheduler.defer(() => {
      this.#isDue = false;
      try {
        this.#send();
      } catch (error) {
        this.close();
        this.#stream.end(this.#statusOf(error));
      }
    });
  }

  #send(): void {
    const { sizeBytes } = this.#state;
    for (let blobs = 0; !this.#isClosed && this.#offset < sizeBytes; blobs++) {
      if (blobs === blobsInTurn) {
        this.goOn();
        return;
      }
      const blob = this.#state.read(this.#offset, Math.min(blobBytes, sizeBytes - this.#offset));
      if (blob.length === 0)
        throw new Error(`the file of a snapshot ends at ${this.#offset} of ${sizeBytes} bytes`);
      this.#offset += blob.length;
      this.#hash.update(blob);
      if (!this.#write(sizeBytes - this.#offset, blob)) return;
    }
    if (this.#isClosed) return;
    this.#write(0, this.#hash.digest());
    this.#sent();
    this.close();
    this.#stream.end(null);
  }

  #write(remainingBytes: number, blob: Uint8Array): boolean {
    const response = { remaining_bytes: remainingBytes, blob, version: this.#version };
    return this.#stream.write(encodeCold('etcdserverpb.SnapshotResponse', response));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#state.close();
  }
}
