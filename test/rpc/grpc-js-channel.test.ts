import { grpcJsChannel } from '../../src/rpc/grpc-js-channel.ts';
import { rpcChannelSuite } from '../suites/rpc-channel.ts';

rpcChannelSuite(grpcJsChannel);
