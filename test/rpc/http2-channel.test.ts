import { http2Channel } from '../../src/rpc/http2/client-channel.ts';
import { rpcChannelSuite } from '../suites/rpc-channel.ts';

rpcChannelSuite(http2Channel);
