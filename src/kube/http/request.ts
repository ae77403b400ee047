/** A request of node:http or node:http2 as the room sees it. */

import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { badRequest, tooLarge } from '../api/status.ts';
import type { PlainMessage } from './http1-connection.ts';
import type { ApiRequest } from './types.ts';

/** Larger bodies are refused with 413. */
const bodyBytesMax = 3 << 20;

/** Of requests that ask nothing in their path: to make one costs as much as to read the path. Nobody changes it. */
const noQuery = new URLSearchParams();

function decodeSegments(path: string): string[] {
  const segments = path.split('/').filter((segment) => segment !== '');
  if (!path.includes('%')) return segments;
  try {
    return segments.map(decodeURIComponent);
  } catch {
    throw badRequest('the path is not percent-encoded as it should be');
  }
}

function readBody(message: IncomingMessage): Promise<Uint8Array> {
  const { body } = message as Partial<PlainMessage>;
  if (body !== undefined) return Promise.resolve(body);
  return new Promise((resolve, reject) => {
    const announced = Number(message.headers['content-length'] ?? 0);
    if (announced > bodyBytesMax) {
      message.resume();
      reject(tooLarge(bodyBytesMax));
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= bodyBytesMax) chunks.push(chunk);
      else chunks.length = 0;
    });
    message.on('end', () => {
      if (size > bodyBytesMax) reject(tooLarge(bodyBytesMax));
      else resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    });
    message.on('error', reject);
    message.on('aborted', () => reject(badRequest('the client went away')));
  });
}

/** Certificates by connection: they cost more to fetch than a request to answer. */
const certificates = new WeakMap<TLSSocket, Uint8Array>();

function certificateOf(socket: TLSSocket): Uint8Array | null {
  if (socket.authorized !== true) return null;
  const known = certificates.get(socket);
  if (known !== undefined) return known;
  const { raw } = socket.getPeerCertificate();
  if (raw === undefined) return null;
  certificates.set(socket, raw);
  return raw;
}

/** @throws StatusError 400 when the path cannot be decoded */
export function apiRequest(message: IncomingMessage): ApiRequest {
  const target = message.url ?? '/';
  const at = target.indexOf('?');
  const path = at < 0 ? target : target.slice(0, at);
  const socket = message.socket as TLSSocket;
  let body: Promise<Uint8Array> | null = null;
  return {
    method: message.method ?? 'GET',
    path,
    segments: decodeSegments(path),
    query: at < 0 ? noQuery : new URLSearchParams(target.slice(at + 1)),
    header(name) {
      const value = message.headers[name];
      return Array.isArray(value) ? value.join(', ') : (value ?? '');
    },
    headerNames: () => Object.keys(message.headers),
    readBody() {
      body ??= readBody(message);
      return body;
    },
    get clientCertificate() {
      return certificateOf(socket);
    },
  };
}
