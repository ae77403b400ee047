import t from 'tap';
import { http2Transport } from '../../src/rpc/http2/http2-transport.ts';
import { rpcTransportSuite } from '../suites/rpc-transport.ts';

rpcTransportSuite(t, http2Transport);
