/**
 * What came of each check of health, for `/metrics/slis`: the answers of `/healthz`, `/livez` and `/readyz` as a whole are counted, not
 * those to who asks for one check. Names and texts are those of the components of Kubernetes.
 */

import { CheckTallies } from '../../util/check-tallies.ts';
import { Metrics } from '../../util/metrics.ts';
import { processFigures } from '../../util/node-process.ts';
import type { Clock } from '../../util/runtime.ts';
import type { PageHandler } from '../http/handler.ts';
import { pageOfMetrics } from './metrics.ts';

/** One per server. */
export class HealthFigures {
  /** Of `/healthz`, `/livez` and `/readyz`. */
  readonly checks: CheckTallies = new CheckTallies();

  /** `/metrics/slis`. */
  page(clock: Clock): PageHandler {
    const metrics = new Metrics();
    const started = clock.wallNow() / 1000 - processFigures().uptimeSeconds;
    const result = '[STABLE] This metric records the result of a single healthcheck.';
    metrics.family('gauge', 'kubernetes_healthcheck', result, (add) => {
      for (const { type, name, isWell } of this.checks.all()) add({ name, type }, isWell ? 1 : 0);
    });
    const results = '[STABLE] This metric records the results of all healthcheck.';
    metrics.family('counter', 'kubernetes_healthchecks_total', results, (add) => {
      for (const { type, name, successes, errors } of this.checks.all()) {
        if (errors > 0) add({ name, status: 'error', type }, errors);
        if (successes > 0) add({ name, status: 'success', type }, successes);
      }
    });
    const start = '[ALPHA] Start time of the process since unix epoch in seconds.';
    metrics.gauge('process_start_time_seconds', start, () => started);
    return pageOfMetrics('/metrics/slis', metrics);
  }
}
