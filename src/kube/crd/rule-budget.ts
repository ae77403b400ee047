/**
 * What the rules of a definition may cost together and each (apiextensions-apiserver, pkg/apis/apiextensions/validation:
 * StaticEstimatedCostLimit, StaticEstimatedCRDCostLimit). A rule in a list or map is evaluated for each of its items.
 */

import { type FieldError, forbiddenValue } from '../api/field-errors.ts';
import { times } from './cel-estimate.ts';
import { type SizedType, timesMax } from './cel-sizes.ts';

export const ruleCostMax = 10_000_000;
export const definitionCostMax = 100_000_000;
/** As many rules are told of where all of them cost too much. */
const toldRulesMax = 4;

/** @param count how often a rule is evaluated; null: as often as its value fits into a request */
export function costOfAll(cost: number, count: number | null, value: SizedType | null): number {
  return times(cost, count ?? (value === null ? 1 : timesMax(value)));
}

function excess(what: string, cost: number, limit: number): string {
  const by = cost / limit;
  const factor = by > 100 ? 'more than 100x' : by < 1.5 ? `${by.toFixed(6)}x` : `${by.toFixed(1)}x`;
  return `${what} exceeds budget by factor of ${factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}

/** The costs of one schema. */
export class RuleBudget {
  readonly #asksEach: boolean;
  #total = 0;
  #largest: { readonly place: string; readonly cost: number }[] = [];

  /** @param isUnchanged the schema was taken before: only all of its rules together may be too much */
  constructor(isUnchanged: boolean) {
    this.#asksEach = !isUnchanged;
  }

  /** @param what `estimated rule cost` */
  spend(place: string, what: string, cost: number, errors: FieldError[]): void {
    if (this.#asksEach && cost > ruleCostMax) {
      errors.push(forbiddenValue(place, excess(what, cost, ruleCostMax)));
    }
    this.#total += cost;
    if (cost < definitionCostMax / 100) return;
    this.#largest.push({ place, cost });
    this.#largest = this.#largest.sort((a, b) => b.cost - a.cost).slice(0, toldRulesMax);
  }

  /** What is wrong with all of them. @param path of the schema */
  problems(path: string): FieldError[] {
    if (this.#total <= definitionCostMax) return [];
    const told = this.#largest.map(({ place }) =>
      forbiddenValue(
        place,
        'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
      ),
    );
    const what = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
    return [...told, forbiddenValue(path, excess(what, this.#total, definitionCostMax))];
  }
}
