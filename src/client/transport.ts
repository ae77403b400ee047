/** Which HTTP/2 a client speaks through. */

import type { OpenChannel } from '../rpc/channel.ts';
import { grpcJsChannel } from '../rpc/grpc-js-channel.ts';
import { http2Channel } from '../rpc/http2/client-channel.ts';

/** Ours, or the one of `@grpc/grpc-js`; one suite of tests holds both. */
export type ClientTransport = 'http2' | 'grpc-js';

export const transports: Readonly<Record<ClientTransport, OpenChannel>> = {
  http2: http2Channel,
  'grpc-js': grpcJsChannel,
};
