/** How the health of this member was when somebody asked, for metrics. */

import type { Metrics } from '../util/metrics.ts';

interface CheckFigures {
  readonly type: string;
  readonly name: string;
  successes: number;
  errors: number;
  isWell: boolean;
}

export class HealthFigures {
  /** Of `/health`. */
  #successes = 0;
  #failures = 0;
  readonly #checks = new Map<string, CheckFigures>();

  countHealth(isWell: boolean): void {
    if (isWell) this.#successes++;
    else this.#failures++;
  }

  /** @param type `livez` or `readyz` */
  countCheck(type: string, name: string, isWell: boolean): void {
    const key = `${type}/${name}`;
    let figures = this.#checks.get(key);
    if (figures === undefined) {
      figures = { type, name, successes: 0, errors: 0, isWell };
      this.#checks.set(key, figures);
    }
    figures.isWell = isWell;
    if (isWell) figures.successes++;
    else figures.errors++;
  }

  register(metrics: Metrics): void {
    metrics.counter('etcd_server_health_success', 'Times that /health found nothing.', () => this.#successes);
    metrics.counter(
      'etcd_server_health_failures',
      'Times that /health found something.',
      () => this.#failures,
    );
    metrics.family('gauge', 'etcd_server_healthcheck', '1 for a check that was well at last.', (add) => {
      for (const { type, name, isWell } of this.#checks.values()) add({ type, name }, isWell ? 1 : 0);
    });
    metrics.family('counter', 'etcd_server_healthchecks_total', 'Checks made, by their outcome.', (add) => {
      for (const { type, name, successes, errors } of this.#checks.values()) {
        if (successes > 0) add({ type, name, status: 'success' }, successes);
        if (errors > 0) add({ type, name, status: 'error' }, errors);
      }
    });
  }
}
