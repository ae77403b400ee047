/** How the health of this member was when somebody asked, for metrics. */

import { CheckTallies } from '../util/check-tallies.ts';
import type { Metrics } from '../util/metrics.ts';

export class HealthFigures {
  /** Of `/health`. */
  #successes = 0;
  #failures = 0;
  /** Of `/livez` and `/readyz`. */
  readonly checks: CheckTallies = new CheckTallies();

  countHealth(isWell: boolean): void {
    if (isWell) this.#successes++;
    else this.#failures++;
  }

  register(metrics: Metrics): void {
    metrics.counter('etcd_server_health_success', 'Times that /health found nothing.', () => this.#successes);
    metrics.counter(
      'etcd_server_health_failures',
      'Times that /health found something.',
      () => this.#failures,
    );
    metrics.family('gauge', 'etcd_server_healthcheck', '1 for a check that was well at last.', (add) => {
      for (const { type, name, isWell } of this.checks.all()) add({ type, name }, isWell ? 1 : 0);
    });
    metrics.family('counter', 'etcd_server_healthchecks_total', 'Checks made, by their outcome.', (add) => {
      for (const { type, name, successes, errors } of this.checks.all()) {
        if (successes > 0) add({ type, name, status: 'success' }, successes);
        if (errors > 0) add({ type, name, status: 'error' }, errors);
      }
    });
  }
}
