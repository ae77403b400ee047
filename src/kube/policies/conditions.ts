/**
 * `matchConditions` of webhooks and policies: all must hold. One that does not decides, whatever became of the others; when none
 * fails and one could not be evaluated, the failure policy decides.
 */

import type { JsonObject } from '../api/objects.ts';
import { type Budget, BudgetError, conditionsCostMax } from '../crd/cel-meter.ts';
import { objectsOf, textOf } from '../validation/members.ts';
import { Expression, type Scope, type Variables } from './expressions.ts';

/** A message of several errors as Go's aggregate has it. */
function together(messages: readonly string[]): string {
  const distinct = [...new Set(messages)];
  return distinct.length === 1 ? distinct[0]! : `[${distinct.join(', ')}]`;
}

export class MatchConditions {
  readonly #expressions: readonly Expression[];
  readonly #failsOpen: boolean;

  /** @param owner has `matchConditions` and `failurePolicy` */
  constructor(owner: JsonObject, scope: Scope) {
    this.#expressions = objectsOf(owner, 'matchConditions').map(
      (one) => new Expression(textOf(one, 'expression'), scope, ['bool']),
    );
    this.#failsOpen = textOf(owner, 'failurePolicy') === 'Ignore';
  }

  get isEmpty(): boolean {
    return this.#expressions.length === 0;
  }

  /** @throws Error when it cannot be told, and that is to fail */
  async hold(variables: Variables): Promise<boolean> {
    const problems: string[] = [];
    const budget: Budget = { left: conditionsCostMax };
    for (const expression of this.#expressions) {
      try {
        if ((await expression.evaluate(variables, budget)) === false) return false;
      } catch (error) {
        if (error instanceof BudgetError) return this.#isOut(error);
        problems.push((error as Error).message);
      }
    }
    if (problems.length === 0) return true;
    if (this.#failsOpen) return false;
    throw new Error(together(problems));
  }

  #isOut(error: BudgetError): false {
    if (this.#failsOpen) return false;
    throw error;
  }
}
