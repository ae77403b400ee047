/**
 * A crowd of clients on one member: connections that do nothing, watchers of keys that never change, clients that stop in the
 * middle of a frame and clients that do not read. Written on plain sockets and node:http2, so that the crowd itself is cheap.
 */

import http2 from 'node:http2';
import { connect, type Socket } from 'node:net';
import { encodeWatchRequest } from '../../src/wire/watch-codec.ts';

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const emptySettings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
/** The header of a HEADERS frame that announces more than ever comes. */
const halfAFrame = Buffer.from([0, 1, 0, 1, 4, 0, 0, 0, 1, 0x82]);

/** Opens connections, each with its preface and settings, and waits until the member has said its own. */
export async function openConnections(url: string, count: number, isHalf = false): Promise<Socket[]> {
  const { hostname, port } = new URL(url);
  const sockets: Socket[] = [];
  const open = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(Buffer.concat(isHalf ? [preface, emptySettings, halfAFrame] : [preface, emptySettings]));
      });
      sockets.push(socket);
      socket.once('data', () => resolve());
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('the member has closed a connection')));
    });
  // Not all at once: what is measured is how many can be held, not how long the queue of the kernel is.
  for (let left = count; left > 0; left -= 100) {
    await Promise.all(Array.from({ length: Math.min(100, left) }, open));
  }
  return sockets;
}

export interface Crowd {
  /** Watchers that the member has confirmed. */
  readonly created: number;
  /** Events told to any of them. */
  readonly told: () => number;
  close(): void;
}

function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/**
 * Opens watchers, each of a key of its own, over `streams` streams.
 * @returns when the member has answered every one
 */
export async function openWatchers(url: string, count: number, streams: number): Promise<Crowd> {
  const session = http2.connect(url, { settings: { initialWindowSize: 1 << 24 }, maxSessionMemory: 1000 });
  session.on('error', () => {});
  await new Promise<void>((resolve) => session.once('remoteSettings', () => resolve()));
  let answers = 0;
  let told = 0;
  let opened = 0;
  const each = Math.ceil(count / streams);
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  for (let at = 0; at < streams && opened < count; at++) {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/etcdserverpb.Watch/Watch',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.on('error', () => {});
    const mine = Math.min(each, count - opened);
    let seen = 0;
    eachMessage(stream, () => {
      if (++seen > mine) told++;
      else if (++answers === count) finish();
    });
    const requests: Buffer[] = [];
    for (let watcher = 0; watcher < mine; watcher++) {
      requests.push(framed(createOf(`crowd/${opened++}`)));
      if (requests.length < 2000 && watcher < mine - 1) continue;
      if (!stream.write(Buffer.concat(requests)))
        await new Promise((resolve) => stream.once('drain', resolve));
      requests.length = 0;
    }
  }
  await finished;
  return { created: answers, told: () => told, close: () => session.destroy() };
}

/** Counts messages without reading them: their lengths are all that is looked at. */
function eachMessage(stream: http2.ClientHttp2Stream, tell: () => void): void {
  let rest: Buffer = Buffer.alloc(0);
  stream.on('data', (piece: Buffer) => {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      rest = rest.subarray(5 + rest.readUInt32BE(1));
      tell();
    }
  });
}

function createOf(key: string): Uint8Array {
  const create = {
    key: Buffer.from(key),
    rangeEnd: new Uint8Array(0),
    startRevision: 0,
    progressNotify: false,
  };
  return encodeWatchRequest({
    kind: 'create',
    create: { ...create, filters: [], prevKv: false, watchId: 0, fragment: false },
  });
}
