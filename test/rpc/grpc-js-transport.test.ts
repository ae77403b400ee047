import t from 'tap';
import { grpcJsTransport } from '../../src/rpc/grpc-js-transport.ts';
import { rpcTransportSuite } from '../suites/rpc-transport.ts';

rpcTransportSuite(t, grpcJsTransport);
