/**
 * Calls the webhooks of admission (Kubernetes' documentation of dynamic admission control). Those that change are called one after
 * the other, by the names of their configurations, each with what the one before it made of the object; when one changed
 * something, the plugins and those who asked for it run once more. Those that validate are called all at once.
 *
 * A webhook that cannot be asked lets the request fail or go on, as its `failurePolicy` says; one that refuses refuses.
 */

import type { Configured } from '../admission/configured.ts';
import type { AdmissionFigures, WebhookCall } from '../admission/figures.ts';
import type { Lookup } from '../admission/lookup.ts';
import type { Match } from '../admission/rules.ts';
import { absorb, annotate, type Subject, subjectOf, warn } from '../admission/subject.ts';
import type { AdmissionAttributes } from '../admission/types.ts';
import { isEqualJson } from '../api/json.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { badRequest, forbidden, internalError, StatusError } from '../api/status.ts';
import type { Authorizer } from '../auth/types.ts';
import { randomUid } from '../meta/time.ts';
import { variablesOf } from '../policies/request-variables.ts';
import { parseJsonText } from '../schema/json-text.ts';
import type { WebhookClient } from './client.ts';
import type { ObjectConverter } from './convert.ts';
import type { Hook } from './hook.ts';
import { patched } from './patch-text.ts';
import { refusalOf, reviewFor, reviewVersion, type Verdict, verdictOf } from './review.ts';

/** Nobody could be asked. */
class CallError extends Error {
  constructor(name: string, why: string) {
    super(`failed calling webhook ${JSON.stringify(name)}: ${why}`);
  }
}

/** Of a webhook that could not be asked. */
const unaskedCode = 503;

interface Versioned {
  readonly object: JsonObject | null;
  readonly old: JsonObject | null;
}

export interface WebhookParts {
  readonly lookup: Lookup;
  readonly client: WebhookClient;
  readonly converter: ObjectConverter;
  readonly authorizer: () => Authorizer;
  readonly figures: AdmissionFigures;
}

/** What is known of the webhooks that were called for one request, for who is called once more. */
interface Rounds {
  readonly round: number;
  /** Called in the first round, and willing to be called again. */
  readonly willing: Set<string>;
  /** Of those, the ones after which the object was changed. */
  readonly again: Set<string>;
}

export class AdmissionWebhooks {
  readonly #parts: WebhookParts;
  readonly #mutating: Configured<readonly Hook[]>;
  readonly #validating: Configured<readonly Hook[]>;

  constructor(
    parts: WebhookParts,
    mutating: Configured<readonly Hook[]>,
    validating: Configured<readonly Hook[]>,
  ) {
    this.#parts = parts;
    this.#mutating = mutating;
    this.#validating = validating;
  }

  /**
   * @param again runs the plugins once more
   * @param isChanged somebody before has changed something already
   * @throws StatusError
   */
  async mutate(
    attributes: AdmissionAttributes,
    again: () => Promise<void>,
    isChanged: boolean,
  ): Promise<void> {
    const hooks = (await this.#mutating.all()).flat();
    if (hooks.length === 0) {
      if (isChanged) await again();
      return;
    }
    const rounds: Rounds = { round: 0, willing: new Set(), again: new Set() };
    const subject = subjectOf(attributes, false);
    if (!(await this.#mutateRound(subject, hooks, rounds)) && !isChanged) return;
    await again();
    const next = subjectOf(attributes, false);
    // What plugins changed, everybody who is willing sees.
    if (!isEqualJson(next.object as Json, subject.object as Json)) {
      for (const id of rounds.willing) rounds.again.add(id);
    }
    if (rounds.again.size > 0) await this.#mutateRound(next, hooks, { ...rounds, round: 1 });
  }

  /** @returns true when something was changed */
  async #mutateRound(subject: Subject, hooks: readonly Hook[], rounds: Rounds): Promise<boolean> {
    const { round, willing, again } = rounds;
    let isChanged = false;
    for (const [at, hook] of hooks.entries()) {
      const match = await this.#meant(subject, hook);
      if (match === null || (round > 0 && !again.has(hook.id))) continue;
      const before = subject.object;
      let isMutated = false;
      try {
        await this.#counted(subject, hook, true, () => this.#callMutating(subject, hook, match));
        isMutated = subject.object !== before;
      } catch (error) {
        this.#forgive(
          subject,
          hook,
          error as Error,
          `failed-open.mutation.webhook.admission.k8s.io/round_${round}_index_${at}`,
        );
      } finally {
        const value = { configuration: hook.configuration, webhook: hook.name, mutated: isMutated };
        const key = `mutation.webhook.admission.k8s.io/round_${round}_index_${at}`;
        annotate(subject.attributes, key, JSON.stringify(value));
      }
      if (isMutated) {
        isChanged = true;
        for (const id of willing) again.add(id);
        absorb(subject);
        subject.object = subjectOf(subject.attributes, false).object;
      }
      if (hook.isReinvoked && round === 0) willing.add(hook.id);
    }
    return isChanged;
  }

  async #callMutating(subject: Subject, hook: Hook, match: Match): Promise<void> {
    const versioned = await this.#versioned(subject, match);
    const { name } = hook;
    const { patch, patchType } = await this.#ask(subject, hook, match, versioned, true);
    if (patch === '') return;
    const operations = inCall(name, 'received undecodable patch in webhook response', () => {
      return parseJsonText(Buffer.from(patch, 'base64').toString('utf8')).value;
    });
    if (Array.isArray(operations) && operations.length === 0) return;
    const { object } = versioned;
    if (object === null) {
      throw internalError(
        `admission webhook ${JSON.stringify(name)} attempted to modify the object, which is not supported for this operation`,
      );
    }
    if (patchType !== 'JSONPatch') {
      throw new CallError(name, `unsupported patch type ${JSON.stringify(patchType)}`);
    }
    const next = applied(object, operations);
    if (isEqualJson(next, object)) return;
    subject.object = await this.#parts.converter.convert(next, match.resource, subject.resource);
  }

  /** @throws StatusError of the first who refuses */
  async validate(attributes: AdmissionAttributes): Promise<void> {
    const hooks = (await this.#validating.all()).flat();
    if (hooks.length === 0) return;
    const subject = subjectOf(attributes, true);
    const meant: (readonly [Hook, Match])[] = [];
    for (const hook of hooks) {
      const match = await this.#meant(subject, hook);
      if (match !== null) meant.push([hook, match]);
    }
    let refusal: unknown = null;
    await Promise.all(
      meant.map(async ([hook, match], at) => {
        try {
          const versioned = await this.#versioned(subject, match);
          await this.#counted(subject, hook, false, () => this.#ask(subject, hook, match, versioned, false));
        } catch (error) {
          try {
            this.#forgive(
              subject,
              hook,
              error as Error,
              `failed-open.validating.webhook.admission.k8s.io/round_0_index_${at}`,
            );
          } catch (told) {
            refusal ??= told;
          }
        }
      }),
    );
    if (refusal !== null) throw refusal;
  }

  /** Lets a call be seen in the figures. */
  async #counted(
    { operation }: Subject,
    { name, failsOpen }: Hook,
    isMutating: boolean,
    call: () => Promise<unknown>,
  ): Promise<void> {
    const { figures } = this.#parts;
    const begin = figures.now();
    const step = isMutating ? 'admit' : 'validating';
    const told = (isRejected: boolean, code: number): WebhookCall => {
      const made = { name, step, operation, seconds: figures.since(begin), isRejected, code } as const;
      figures.webhook(made);
      return made;
    };
    try {
      await call();
      told(false, 200);
    } catch (error) {
      if (!(error instanceof CallError)) {
        const code = error instanceof StatusError ? error.code : 0;
        figures.webhookRejected(told(true, code), code === 500 ? 'apiserver_internal_error' : 'no_error');
      } else if (failsOpen) {
        told(false, unaskedCode);
        figures.webhookPassed(name, step);
      } else figures.webhookRejected(told(true, unaskedCode), 'calling_webhook_error');
      throw error;
    }
  }

  /** Goes on where the webhook could not be asked and may be passed over. @throws StatusError */
  #forgive({ attributes }: Subject, { name, failsOpen }: Hook, error: Error, key: string): void {
    if (!(error instanceof CallError)) throw error;
    if (!failsOpen) throw internalError(error.message);
    const { log } = attributes.endpoint.parts.runtime;
    log.warn('a webhook could not be called and was passed over', { webhook: name, error: error.message });
    annotate(attributes, key, name);
  }

  /** The version in which a webhook is asked about a request; null: it is not. @throws StatusError */
  async #meant(subject: Subject, hook: Hook): Promise<Match | null> {
    const { lookup, authorizer } = this.#parts;
    const match = await hook.matcher.match(subject, lookup);
    if (match === null || hook.conditions.isEmpty) return match;
    const versioned = await this.#versioned(subject, match);
    const sources = { ...versioned, match, namespace: null, params: null, authorizer: authorizer() };
    try {
      return (await hook.conditions.hold(variablesOf(subject, sources))) ? match : null;
    } catch (error) {
      throw forbidden(subject.resource, subject.name, (error as Error).message);
    }
  }

  async #versioned({ object, old, resource }: Subject, match: Match): Promise<Versioned> {
    const { converter } = this.#parts;
    const convert = (one: JsonObject | null): JsonObject | null | Promise<JsonObject> =>
      one === null || match.resource === resource ? one : converter.convert(one, resource, match.resource);
    return { object: await convert(object), old: await convert(old) };
  }

  async #ask(
    subject: Subject,
    hook: Hook,
    match: Match,
    versioned: Versioned,
    isMutating: boolean,
  ): Promise<Verdict> {
    const { attributes } = subject;
    const { name } = hook;
    if (attributes.isDryRun) checkDryRun(hook);
    const uid = randomUid(attributes.endpoint.parts.runtime.random);
    const version = inCall(name, 'could not create admission objects', () =>
      reviewVersion(hook.reviewVersions),
    );
    const review = reviewFor(subject, match, versioned, { uid, version });
    let answer: JsonObject;
    try {
      answer = await this.#parts.client.ask(hook.address, 'AdmissionReview', review, hook.timeoutMs);
    } catch (error) {
      throw new CallError(name, `failed to call webhook: ${(error as Error).message}`);
    }
    const verdict = inCall(name, 'received invalid webhook response', () =>
      verdictOf(answer, { uid, version, isMutating }),
    );
    for (const [key, value] of Object.entries(verdict.annotations))
      annotate(attributes, `${name}/${key}`, value);
    for (const text of verdict.warnings) warn(attributes, text);
    if (!verdict.isAllowed) throw refusalOf(name, verdict.status);
    return verdict;
  }
}

function inCall<T>(name: string, what: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new CallError(name, `${what}: ${(error as Error).message}`);
  }
}

/** @throws StatusError 400 where a dry run could have effects */
function checkDryRun({ name, sideEffects }: Hook): void {
  if (sideEffects === 'None' || sideEffects === 'NoneOnDryRun') return;
  throw badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`);
}

/** @throws StatusError 500 when the patch does not fit */
function applied(object: JsonObject, patch: Json): JsonObject {
  let next: Json;
  try {
    next = patched(object, patch);
  } catch (error) {
    throw internalError((error as Error).message);
  }
  if (isJsonObject(next)) return next;
  throw internalError('the patch of a webhook left no object');
}
