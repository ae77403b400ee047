/** What etcd serves at `--listen-metrics-urls`: `/metrics` and the health endpoints, and nothing else. */

import type { HttpHandler } from '../rpc/http1.ts';
import { sendError } from './respond.ts';

const served = /^\/(metrics|health|livez(\/.*)?|readyz(\/.*)?)$/;

/** @param handler of the client port */
export function metricsPortHandler(handler: HttpHandler): HttpHandler {
  return (request, response) => {
    const [path = ''] = (request.url ?? '/').split('?');
    if (served.test(path)) handler(request, response);
    else sendError(response, 404, '404 page not found');
  };
}
