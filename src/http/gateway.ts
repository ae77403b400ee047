/**
 * The JSON gateway: every method of etcd for clients that speak HTTP and JSON alone. Calls go to the same
 * methods as those of gRPC, past the same guard, and are counted with them.
 *
 *     POST /v3/kv/range {"key":"Zm9v"}  ─►  RangeRequest ─► Range ─► RangeResponse  ─►  {"header":{…},"kvs":[…]}
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServedMember } from '../member/types.ts';
import { verifiedCommonName } from '../rpc/http2/client-identity.ts';
import type { RpcMethods } from '../rpc/transport.ts';
import { sendGatewayError } from './gateway-call.ts';
import { gatewayMethods } from './gateway-paths.ts';
import { GatewayStream } from './gateway-stream.ts';
import { GatewayUnary } from './gateway-unary.ts';
import { sendError } from './respond.ts';

export interface GatewayOptions {
  readonly methods: RpcMethods;
  /** Largest message in bytes that a method takes. */
  readonly maxReceiveBytes: number;
}

const prefix = '/v3/';
const formerPrefix = '/v3beta/';

/** With the status of HTTP that their codes have: grpc-gateway since 2.0 says 501 where others say 405. */
const routingErrors = {
  404: { code: 5, message: 'Not Found' },
  405: { code: 12, message: 'Method Not Allowed' },
} as const;

/** A user that a certificate names would not be the one whom the method sees: etcd refuses that. */
const commonNameRefusal =
  'CommonName of client sending a request against gateway will be ignored and not used as expected';

/** @returns whether the path is the gateway's, and the request answered or being so */
export type Gateway = (path: string, request: IncomingMessage, response: ServerResponse) => boolean;

export function gatewayOf(member: ServedMember, options: GatewayOptions): Gateway {
  return (asked, request, response) => {
    const path = asked.startsWith(formerPrefix) ? `${prefix}${asked.slice(formerPrefix.length)}` : asked;
    if (!path.startsWith(prefix)) return false;
    const method = gatewayMethods.get(path);
    const { auth, trustsCommonName } = member.auth;
    if (trustsCommonName && auth.enabled && commonNameOf(request) !== '') {
      sendError(response, 400, commonNameRefusal);
      return true;
    }
    if (method === undefined || request.method !== 'POST') {
      const status = method === undefined ? 404 : 405;
      sendGatewayError(response, routingErrors[status]);
      return true;
    }
    const { runtime } = member;
    const served = options.methods.get(method.path)!;
    if (served.kind === 'unary') {
      new GatewayUnary(method, request, response, options, runtime).start(served.handle);
    } else {
      new GatewayStream(method, request, response, options, runtime).start(served.handle);
    }
    return true;
  };
}

function commonNameOf(request: IncomingMessage): string {
  return (request as { commonName?: string }).commonName ?? verifiedCommonName(request.socket);
}
