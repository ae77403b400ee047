/**
 * A watch stream on node:http2, without anything that a good client does for its user: nothing is told once that came
 * twice, nothing is resumed, and it reads only when it is let.
 */

import http2 from 'node:http2';
import {
  type DecodedWatchResponse,
  decodeWatchResponse,
  encodeWatchRequest,
} from '../../src/wire/watch-codec.ts';

export interface RawCreate {
  readonly key: string;
  /** '' for one key. */
  readonly end: string;
  /** 0: from now on. */
  readonly startRevision: number;
  readonly puts: boolean;
  readonly deletes: boolean;
  readonly previous: boolean;
}

const noPut = 0;
const noDelete = 1;

export class RawWatch {
  private readonly session: http2.ClientHttp2Session;
  private readonly stream: http2.ClientHttp2Stream;
  private rest: Buffer = Buffer.alloc(0);
  isClosed = false;

  /** @param onMessage responses as they come, each with the id of its watcher; ids count from 0 in the order of creation */
  constructor(url: string, onMessage: (response: DecodedWatchResponse) => void) {
    this.session = http2.connect(url);
    const close = (): void => this.close();
    this.session.on('error', close).on('close', close);
    this.stream = this.session.request({
      ':method': 'POST',
      ':path': '/etcdserverpb.Watch/Watch',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    this.stream.on('error', close).on('close', close);
    this.stream.on('data', (piece: Buffer) => {
      this.rest = this.rest.length === 0 ? piece : Buffer.concat([this.rest, piece]);
      while (this.rest.length >= 5) {
        const end = 5 + this.rest.readUInt32BE(1);
        if (this.rest.length < end) return;
        const message = this.rest.subarray(5, end);
        this.rest = this.rest.subarray(end);
        onMessage(decodeWatchResponse(message));
      }
    });
  }

  create({ key, end, startRevision, puts, deletes, previous }: RawCreate): void {
    const filters = [...(puts ? [] : [noPut]), ...(deletes ? [] : [noDelete])];
    const range = { key: Buffer.from(key), rangeEnd: Buffer.from(end) };
    const create = { ...range, startRevision, progressNotify: true, filters, prevKv: previous };
    this.send(encodeWatchRequest({ kind: 'create', create: { ...create, watchId: 0, fragment: false } }));
  }

  requestProgress(): void {
    this.send(encodeWatchRequest({ kind: 'progress' }));
  }

  /** Reads nothing: what the server says fills the windows of the connection, and then waits there. */
  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    this.stream.resume();
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.stream.close(http2.constants.NGHTTP2_CANCEL);
    this.session.destroy();
  }

  private send(message: Uint8Array): void {
    if (this.isClosed) return;
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    this.stream.write(Buffer.concat([head, message]));
  }
}
