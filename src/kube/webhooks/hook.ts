/** One webhook of a configuration as requests need it: made once, when the configuration is seen. */

import { RequestMatcher } from '../admission/rules.ts';
import { type ApiObject, asJson, type JsonObject } from '../api/objects.ts';
import { MatchConditions } from '../policies/conditions.ts';
import { numberOf, objectOf, objectsOf, textOf, textsOf } from '../validation/members.ts';
import { addressOf } from './address.ts';
import type { WebhookAddress } from './types.ts';

const defaultSeconds = 10;

export interface Hook {
  readonly name: string;
  readonly configuration: string;
  /** Of its own among all webhooks of the same kind. */
  readonly id: string;
  readonly matcher: RequestMatcher;
  readonly conditions: MatchConditions;
  readonly address: WebhookAddress;
  /** Of a webhook that does not answer, the request goes on. */
  readonly failsOpen: boolean;
  readonly timeoutMs: number;
  readonly sideEffects: string;
  readonly reviewVersions: readonly string[];
  /** Called once more when the object was changed after it. */
  readonly isReinvoked: boolean;
}

function hookOf(webhook: JsonObject, configuration: string, id: string): Hook {
  return {
    name: textOf(webhook, 'name'),
    configuration,
    id,
    matcher: new RequestMatcher(webhook, objectsOf(webhook, 'rules'), [], false),
    conditions: new MatchConditions(webhook, { hasParams: false, hasAuthorizer: true, isPolicy: false }),
    address: addressOf(objectOf(webhook, 'clientConfig')),
    failsOpen: textOf(webhook, 'failurePolicy') === 'Ignore',
    timeoutMs: (numberOf(webhook, 'timeoutSeconds') ?? defaultSeconds) * 1000,
    sideEffects: textOf(webhook, 'sideEffects'),
    reviewVersions: textsOf(webhook, 'admissionReviewVersions'),
    isReinvoked: textOf(webhook, 'reinvocationPolicy') === 'IfNeeded',
  };
}

/** The webhooks of a configuration, in its order. */
export function hooksOf(configuration: ApiObject): readonly Hook[] {
  const { name = '' } = configuration.metadata;
  const seen = new Map<string, number>();
  return objectsOf(asJson(configuration), 'webhooks').map((webhook) => {
    const own = textOf(webhook, 'name');
    const count = seen.get(own) ?? 0;
    seen.set(own, count + 1);
    return hookOf(webhook, name, `${name}/${own}/${count}`);
  });
}
