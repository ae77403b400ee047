/**
 * What came of each check of health, for `/metrics/slis`: the answers of `/healthz`, `/livez` and `/readyz` as a whole are counted, not
 * those to who asks for one check. Names and texts are those of the components of Kubernetes.
 */

import { Metrics } from '../../util/metrics.ts';
import { processFigures } from '../../util/node-process.ts';
import type { Clock } from '../../util/runtime.ts';
import type { PageHandler } from '../http/handler.ts';
import { pageOfMetrics } from './metrics.ts';

interface Tally {
  readonly type: string;
  readonly name: string;
  successes: number;
  errors: number;
  isWell: boolean;
}

/** One per server: there are as many tallies as there are checks. */
export class HealthFigures {
  readonly #tallies = new Map<string, Tally>();

  /** @param type `healthz`, `livez`, `readyz` */
  observe(type: string, name: string, isWell: boolean): void {
    const key = `${type} ${name}`;
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      tally = { type, name, successes: 0, errors: 0, isWell };
      this.#tallies.set(key, tally);
    }
    tally.isWell = isWell;
    if (isWell) tally.successes++;
    else tally.errors++;
  }

  /** `/metrics/slis`. */
  page(clock: Clock): PageHandler {
    const metrics = new Metrics();
    const started = clock.wallNow() / 1000 - processFigures().uptimeSeconds;
    const result = '[STABLE] This metric records the result of a single healthcheck.';
    metrics.family('gauge', 'kubernetes_healthcheck', result, (add) => {
      for (const { type, name, isWell } of this.#tallies.values()) add({ name, type }, isWell ? 1 : 0);
    });
    const results = '[STABLE] This metric records the results of all healthcheck.';
    metrics.family('counter', 'kubernetes_healthchecks_total', results, (add) => {
      for (const { type, name, successes, errors } of this.#tallies.values()) {
        if (errors > 0) add({ name, status: 'error', type }, errors);
        if (successes > 0) add({ name, status: 'success', type }, successes);
      }
    });
    const start = '[ALPHA] Start time of the process since unix epoch in seconds.';
    metrics.gauge('process_start_time_seconds', start, () => started);
    return pageOfMetrics('/metrics/slis', metrics);
  }
}
