/** Asks one member for its status (`etcdserverpb.Maintenance/Status`), once: one question, one connection, no second attempt. */

import { http2Channel } from '../rpc/http2/client-channel.ts';
import { nodeRuntime } from '../util/node-runtime.ts';
import { decodeStatusResponse } from '../wire/cold-messages.ts';
import { emptyBytes } from '../wire/proto.ts';

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
const RESPONSE_BYTES_MAX = 1024 * 1024;
const DEADLINE_EXCEEDED = 4;
/** Longer than anybody waits for a status. */
const NEVER_MS = 3_600_000;
const noMetadata = {};

/** @throws Error when the bytes are no status */
export function decodeStatus(message: Uint8Array): EndpointStatus {
  const { header, leader, version, dbSize, raftTerm, raftAppliedIndex } = decodeStatusResponse(message);
  return {
    memberId: header.memberId.toString(16),
    leaderId: leader.toString(16),
    version,
    dbSizeBytes: dbSize,
    revision: header.revision,
    term: raftTerm,
    appliedIndex: raftAppliedIndex,
  };
}

/** `host:port` of a URL, whose port may be the usual one of its scheme. */
function addressOf({ hostname, port, protocol }: URL): string {
  return `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
}

/**
 * @param url for example http://127.0.0.1:2379
 * @throws Error (rejects) with what went wrong: no connection, no answer in time, a gRPC error.
 */
export function askStatus(url: string, timeoutMs: number): Promise<EndpointStatus> {
  const where = new URL(url);
  const channel = http2Channel({
    address: addressOf(where),
    tls: where.protocol === 'https:' ? {} : null,
    keepaliveMs: NEVER_MS,
    keepaliveTimeoutMs: NEVER_MS,
    maxReceiveBytes: RESPONSE_BYTES_MAX,
    reconnectMinMs: NEVER_MS,
    reconnectMaxMs: NEVER_MS,
    runtime: nodeRuntime(),
  });
  const asked = new Promise<EndpointStatus>((resolve, reject) => {
    channel.unary(
      PATH,
      emptyBytes,
      noMetadata,
      (failure, response) => {
        if (failure !== null) {
          const isLate = failure.code === DEADLINE_EXCEEDED;
          reject(new Error(isLate ? `no answer within ${timeoutMs} ms` : failure.message));
          return;
        }
        try {
          resolve(decodeStatus(response!));
        } catch (error) {
          reject(error);
        }
      },
      timeoutMs,
    );
  });
  return asked.finally(() => channel.close());
}
