/**
 * Asks one member for its status over gRPC (`etcdserverpb.Maintenance/Status`), with the HTTP/2 client that Node has:
 * one question, one connection.
 */

import { connect } from 'node:http2';
import { nodeRuntime } from '../util/node-runtime.ts';

export interface EndpointStatus {
  readonly memberId: string;
  /** '0' while there is none. */
  readonly leaderId: string;
  readonly version: string;
  readonly dbSizeBytes: number;
  readonly revision: number;
  readonly term: number;
  readonly appliedIndex: number;
}

const PATH = '/etcdserverpb.Maintenance/Status';
const EMPTY_MESSAGE = Buffer.alloc(5);
const GRPC_PREFIX_BYTES = 5;
const RESPONSE_BYTES_MAX = 1024 * 1024;

type Fields = ReadonlyMap<number, bigint | Uint8Array>;

/** The fields of a protobuf message that have wire type 0 or 2; the last of a repeated one. */
function decodeFields(message: Uint8Array): Fields {
  const fields = new Map<number, bigint | Uint8Array>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const octet = message[at++];
      if (octet === undefined) break;
      value |= BigInt(octet & 127) << shift;
      if (octet < 128) return value;
    }
    throw new Error('the answer is not a protobuf message');
  };
  while (at < message.length) {
    const tag = Number(varint());
    if ((tag & 7) === 0) {
      fields.set(tag >>> 3, varint());
    } else if ((tag & 7) === 2) {
      const length = Number(varint());
      fields.set(tag >>> 3, message.subarray(at, at + length));
      at += length;
    } else {
      throw new Error('the answer is not a status');
    }
  }
  return fields;
}

function integer(fields: Fields, field: number): bigint {
  const value = fields.get(field);
  return typeof value === 'bigint' ? value : 0n;
}

function bytes(fields: Fields, field: number): Uint8Array {
  const value = fields.get(field);
  return value instanceof Uint8Array ? value : new Uint8Array(0);
}

/** StatusResponse: header 1 (member 2, revision 3), version 2, dbSize 3, leader 4, raftTerm 6, raftAppliedIndex 7. */
export function decodeStatus(message: Uint8Array): EndpointStatus {
  const fields = decodeFields(message);
  const header = decodeFields(bytes(fields, 1));
  return {
    memberId: integer(header, 2).toString(16),
    leaderId: integer(fields, 4).toString(16),
    version: Buffer.from(bytes(fields, 2)).toString('utf8'),
    dbSizeBytes: Number(integer(fields, 3)),
    revision: Number(integer(header, 3)),
    term: Number(integer(fields, 6)),
    appliedIndex: Number(integer(fields, 7)),
  };
}

/**
 * @param url for example http://127.0.0.1:2379
 * @throws Error (rejects) with what went wrong: no connection, no answer in time, a gRPC error.
 */
export function askStatus(url: string, timeoutMs: number): Promise<EndpointStatus> {
  return new Promise((resolve, reject) => {
    const session = connect(url);
    const timer = nodeRuntime().clock.setTimer(timeoutMs, () =>
      end(new Error(`no answer within ${timeoutMs} ms`)),
    );
    const end = (outcome: Error | EndpointStatus): void => {
      timer.cancel();
      session.destroy();
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    };
    session.on('error', end);
    const stream = session.request({
      ':method': 'POST',
      ':path': PATH,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const chunks: Buffer[] = [];
    let received = 0;
    let grpcStatus: string | undefined;
    let grpcMessage = '';
    const readStatus = (headers: Record<string, unknown>): void => {
      if (headers['grpc-status'] !== undefined) grpcStatus = String(headers['grpc-status']);
      if (headers['grpc-message'] !== undefined)
        grpcMessage = decodeURIComponent(String(headers['grpc-message']));
    };
    stream.on('response', readStatus);
    stream.on('trailers', readStatus);
    stream.on('error', (error) => end(error.cause instanceof Error ? error.cause : error));
    stream.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received > RESPONSE_BYTES_MAX) end(new Error('the answer is too long for a status'));
      else chunks.push(chunk);
    });
    stream.on('close', () => {
      try {
        if (grpcStatus === '0') end(decodeStatus(Buffer.concat(chunks).subarray(GRPC_PREFIX_BYTES)));
        else end(new Error(grpcMessage === '' ? 'no gRPC answer' : grpcMessage));
      } catch (error) {
        end(error instanceof Error ? error : new Error(String(error)));
      }
    });
    stream.end(EMPTY_MESSAGE);
  });
}
