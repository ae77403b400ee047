/**
 * What is counted of admission, under the names that kube-apiserver gives it (k8s.io/apiserver, pkg/admission/metrics): how long
 * steps take, what webhooks were called and what came of it, and what policies found.
 */

import { Histogram, type Labels, type Metrics } from '../../util/metrics.ts';
import type { Clock } from '../../util/runtime.ts';

/** Objects are changed, or only looked at. */
export type Step = 'admit' | 'validate';

/** What a webhook is told by in its figures: those that change objects admit. */
export type WebhookStep = 'admit' | 'validating';

/** What came of a call: the code is 200 unless the webhook refused, or could not be asked. */
export interface WebhookCall {
  readonly name: string;
  readonly step: WebhookStep;
  /** `CREATE`, … */
  readonly operation: string;
  readonly seconds: number;
  readonly isRejected: boolean;
  readonly code: number;
}

const bounds = [0.005, 0.025, 0.1, 0.5, 1, 2.5];
const webhookBounds = [...bounds, 10, 25];
/** Codes beyond it are one. */
const codeMax = 600;
/** Users name webhooks and policies: beyond so many series no more are begun. */
const seriesMax = 2000;

/** Series by their labels. */
class Family<T> {
  readonly #make: () => T;
  readonly series: Map<string, { readonly labels: Labels; readonly value: T }> = new Map();

  constructor(make: () => T) {
    this.#make = make;
  }

  /** Null: there are too many. */
  of(labels: Labels): T | null {
    const key = Object.values(labels).join('\n');
    const known = this.series.get(key);
    if (known !== undefined) return known.value;
    if (this.series.size >= seriesMax) return null;
    const value = this.#make();
    this.series.set(key, { labels, value });
    return value;
  }
}

interface Count {
  value: number;
}

const counts = (): Family<Count> => new Family<Count>(() => ({ value: 0 }));
const durations = (of: readonly number[]): Family<Histogram> => new Family(() => new Histogram(of));

function raise(family: Family<Count>, labels: Labels): void {
  const count = family.of(labels);
  if (count !== null) count.value++;
}

export class AdmissionFigures {
  readonly #clock: Clock;
  readonly #steps = durations(bounds);
  /** Those of steps, by what they are asked for with: a few. */
  readonly #durations: Map<string, Histogram | null> = new Map();
  readonly #webhooks = durations(webhookBounds);
  readonly #calls = counts();
  readonly #rejections = counts();
  readonly #passed = counts();
  readonly #checks = counts();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** For `seconds` since. */
  now(): number {
    return this.#clock.now();
  }

  since(begin: number): number {
    return (this.#clock.now() - begin) / 1000;
  }

  /** @param operation `create`, … */
  step(step: Step, operation: string, begin: number, isRejected: boolean): void {
    const key = `${step} ${operation} ${isRejected}`;
    let duration = this.#durations.get(key);
    if (duration === undefined) {
      const labels = { type: step, operation: operation.toUpperCase(), rejected: String(isRejected) };
      duration = this.#steps.of(labels) ?? null;
      this.#durations.set(key, duration);
    }
    duration?.observe(this.since(begin));
  }

  webhook({ name, step, operation, seconds, isRejected, code }: WebhookCall): void {
    const labels = { name, type: step, operation, rejected: String(isRejected) };
    this.#webhooks.of(labels)?.observe(seconds);
    const { rejected, ...rest } = labels;
    raise(this.#calls, { ...rest, code: String(Math.min(code, codeMax)), rejected });
  }

  /** @param errorType `calling_webhook_error`, `apiserver_internal_error`, `no_error` */
  webhookRejected({ name, step, operation, code }: WebhookCall, errorType: string): void {
    const labels = { name, type: step, operation, error_type: errorType };
    raise(this.#rejections, { ...labels, rejection_code: String(Math.min(code, codeMax)) });
  }

  /** A webhook could not be asked and was passed over. */
  webhookPassed(name: string, step: WebhookStep): void {
    raise(this.#passed, { name, type: step });
  }

  /** @param action `deny`, `warn`, `audit` */
  policy(policy: string, binding: string, action: string, errorType: string): void {
    raise(this.#checks, {
      policy,
      policy_binding: binding,
      error_type: errorType,
      enforcement_action: action,
    });
  }

  register(metrics: Metrics): void {
    const prefix = 'apiserver_admission';
    const timed = (name: string, help: string, { series }: Family<Histogram>): void => {
      metrics.histograms(`${prefix}_${name}_admission_duration_seconds`, help, (add) => {
        for (const { labels, value } of series.values()) add(labels, value);
      });
    };
    const counted = (name: string, help: string, { series }: Family<Count>): void => {
      metrics.family('counter', name, help, (add) => {
        for (const { labels, value } of series.values()) add(labels, value.value);
      });
    };
    timed('step', 'Time of all that changes, and of all that looks at objects.', this.#steps);
    timed('webhook', 'Time of calls of webhooks.', this.#webhooks);
    counted(`${prefix}_webhook_request_total`, 'Calls of webhooks.', this.#calls);
    counted(`${prefix}_webhook_rejection_count`, 'Calls of webhooks that refused.', this.#rejections);
    counted(`${prefix}_webhook_fail_open_count`, 'Webhooks that were passed over.', this.#passed);
    const checks = 'apiserver_validating_admission_policy_check_total';
    counted(checks, 'What policies found, by what became of it.', this.#checks);
  }
}
