/** Which HTTP/2 the client speaks through: the one place to change for another. */

import type { RpcChannel, RpcChannelOptions } from '../rpc/channel.ts';
import { grpcJsChannel } from '../rpc/grpc-js-channel.ts';

export type OpenChannel = (options: RpcChannelOptions) => RpcChannel;

export const openChannel: OpenChannel = grpcJsChannel;
