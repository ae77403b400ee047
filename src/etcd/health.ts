/**
 * `grpc.health.v1.Health` as etcd runs it: one service, the server as a whole under the empty name, which serves from the
 * moment the port answers. Whether the member can do anything is asked over HTTP (`/readyz`).
 */

import {
  decodeHealthCheckRequest,
  encodeHealthCheckResponse,
  encodeHealthListResponse,
  ServingStatus,
} from '../wire/cold-messages.ts';
import type { ServiceContext } from './context.ts';
import { Code } from './errors.ts';
import { type ServiceMethods, serverStream, unary } from './guard.ts';

export function healthMethods(context: ServiceContext): ServiceMethods {
  return {
    Check: unary((body, _call, reply) => {
      const { service } = decodeHealthCheckRequest(body);
      if (service === '') reply(null, encodeHealthCheckResponse(ServingStatus.Serving));
      else reply({ code: Code.NotFound, message: 'unknown service' }, null);
    }),
    List: unary((_body, _call, reply) => {
      reply(null, encodeHealthListResponse([{ service: '', status: ServingStatus.Serving }]));
    }),
    /** Stays open, for the state might change. */
    Watch: serverStream(context, (body, stream) => {
      const { service } = decodeHealthCheckRequest(body);
      const status = service === '' ? ServingStatus.Serving : ServingStatus.ServiceUnknown;
      stream.write(encodeHealthCheckResponse(status));
    }),
  };
}
