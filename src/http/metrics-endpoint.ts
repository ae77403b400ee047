/** `/metrics`: all figures in the text form of Prometheus. */

import type { ServerResponse } from 'node:http';
import type { Metrics } from '../util/metrics.ts';

export function serveMetrics(metrics: Metrics, response: ServerResponse): void {
  response.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
  response.end(metrics.text());
}
