/**
 * ResourceQuotas. What an object counts for is added to `status.used` of every quota about it before the
 * object is written, with a guarded write: of two requests for the last share, one is refused. If the object is not written
 * after all, its share is given back.
 *
 * What goes gives its share back when it is gone. A crash in between leaves `used` too high; so before a request is refused,
 * and whenever a quota is written, `used` is counted anew from what there is.
 */

import { copyJson } from '../api/json.ts';
import type { ApiObject, JsonObject } from '../api/objects.ts';
import { forbidden, internalError } from '../api/status.ts';
import type { ResourceType } from '../registry/types.ts';
import { parseQuantity, quantityText } from '../schema/quantity.ts';
import { mapOf } from '../validation/members.ts';
import { isSame } from '../validation/pod-fields.ts';
import type { Lookup } from './lookup.ts';
import type { Amounts } from './pod-usage.ts';
import { addAmount } from './pod-usage.ts';
import { countedResource, isInScope, missingAmounts, usageOf } from './quota-usage.ts';
import type { AdmissionAttributes, AdmissionPlugin, Reservation } from './types.ts';

/** Guarded writes of one quota before a request gives up. */
const writeTries = 32;

function isPods({ group, plural }: ResourceType): boolean {
  return group === '' && plural === 'pods';
}

function hardOf(quota: ApiObject): Record<string, string> {
  return mapOf(quota.spec ?? {}, 'hard');
}

function usedOf(quota: ApiObject, name: string): bigint {
  const text = mapOf(quota.status ?? {}, 'used')[name];
  return text === undefined ? 0n : parseQuantity(text).nanos;
}

/** The amount as the quota's limit is written. */
function amountText(quota: ApiObject, name: string, nanos: bigint): string {
  const hard = hardOf(quota)[name];
  const format = hard === undefined ? 'decimal' : parseQuantity(hard).format;
  return quantityText({ nanos, format });
}

function listText(names: readonly string[], textOf: (name: string) => string): string {
  return names.map((name) => `${name}=${textOf(name)}`).join(',');
}

/** A share of one quota. */
interface Share {
  readonly quota: ApiObject;
  readonly amounts: Amounts;
}

/** One write that waits for its share. */
interface Asked {
  readonly attributes: AdmissionAttributes;
  readonly amounts: Amounts;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

class ResourceQuota implements AdmissionPlugin {
  readonly name: string = 'ResourceQuota';
  readonly #lookup: Lookup;
  readonly #quotas: ResourceType;
  /** By quota; there is an entry while a write of it is under way. */
  readonly #waiting: Map<string, Asked[]> = new Map();

  constructor(lookup: Lookup, quotas: ResourceType) {
    this.#lookup = lookup;
    this.#quotas = quotas;
  }

  /** A dry run is refused like any other, and takes nothing. */
  validate(attributes: AdmissionAttributes): Promise<void> | undefined {
    return !attributes.isDryRun || attributes.operation === 'delete' ? undefined : this.#checkAll(attributes);
  }

  async #checkAll(attributes: AdmissionAttributes): Promise<void> {
    for (const { quota, amounts } of await this.#shares(attributes)) this.#check(attributes, quota, amounts);
  }

  reserve(attributes: AdmissionAttributes): Promise<Reservation | null> | null {
    if (!attributes.resource.isNamespaced) return null;
    const { group, plural } = attributes.resource;
    const isQuota = group === '' && plural === 'resourcequotas';
    const isFree = !isQuota && this.#lookup.knownList(this.#quotas, attributes.namespace)?.length === 0;
    return isFree ? null : this.#reserve(attributes);
  }

  async #reserve(attributes: AdmissionAttributes): Promise<Reservation | null> {
    const { operation, resource, namespace, subresource, object, old } = attributes;
    const isQuota = resource.group === '' && resource.plural === 'resourcequotas';
    if (isQuota && subresource === '' && operation !== 'delete' && object !== null) {
      const name = object.metadata.name ?? '';
      const quotaShares = await this.#takeAll(attributes);
      return {
        commit: async () => {
          // What the quota limits may itself be counted by a quota.
          await this.#recount(namespace, name).catch(() => {});
        },
        release: () => this.#giveBack(quotaShares),
      };
    }
    const quotas = await this.#lookup.list(this.#quotas, namespace);
    if (quotas.length === 0) return null;
    if (operation === 'delete' || (isPods(resource) && subresource === 'status')) {
      if (old === null || !this.#shrinks(attributes, quotas)) return null;
      return { commit: () => this.#recountAll(quotas), release: () => {} };
    }
    if (subresource !== '' && subresource !== 'resize') return null;
    const taken = await this.#takeAll(attributes);
    const shrinks = operation === 'update' && this.#shrinks(attributes, quotas);
    if (taken.length === 0 && !shrinks) return null;
    return {
      commit: shrinks ? () => this.#recountAll(quotas) : () => {},
      release: () => this.#giveBack(taken),
    };
  }

  /** Whether the write lets go of something that one of the quotas counts. */
  #shrinks({ resource, object, old }: AdmissionAttributes, quotas: readonly ApiObject[]): boolean {
    const before = old === null ? new Map<string, bigint>() : usageOf(resource, old);
    const after = object === null ? new Map<string, bigint>() : usageOf(resource, object);
    return quotas.some((quota) =>
      Object.keys(hardOf(quota)).some((name) => (after.get(name) ?? 0n) < (before.get(name) ?? 0n)),
    );
  }

  /** What the write adds to each quota about it. @throws StatusError 403 when a pod does not say what it must */
  async #shares(attributes: AdmissionAttributes): Promise<Share[]> {
    const { operation, resource, namespace, object, old, name } = attributes;
    if (object === null || !resource.isNamespaced) return [];
    const shares: Share[] = [];
    for (const quota of await this.#lookup.list(this.#quotas, namespace)) {
      if (!isInScope(quota, resource, object)) continue;
      const names = Object.keys(hardOf(quota));
      if (operation === 'create' && isPods(resource)) {
        const missing = missingAmounts(names, object);
        if (missing.length > 0) {
          const why = `failed quota: ${quota.metadata.name ?? ''}: must specify ${missing.join('; ')}`;
          throw forbidden(resource, name, why);
        }
      }
      const usage = usageOf(resource, object);
      const before = old === null ? null : usageOf(resource, old);
      const amounts: Amounts = new Map();
      for (const limited of names) {
        const more = (usage.get(limited) ?? 0n) - (before?.get(limited) ?? 0n);
        if (more > 0n) amounts.set(limited, more);
      }
      if (amounts.size > 0) shares.push({ quota, amounts });
    }
    return shares;
  }

  /** @throws StatusError 403 */
  #check({ resource, name }: AdmissionAttributes, quota: ApiObject, amounts: Amounts): void {
    const exceeded = this.#exceeded(quota, amounts);
    if (exceeded.length === 0) return;
    const text = (nanosOf: (limited: string) => bigint): string =>
      listText(exceeded, (limited) => amountText(quota, limited, nanosOf(limited)));
    const requested = text((limited) => amounts.get(limited) ?? 0n);
    const used = text((limited) => usedOf(quota, limited));
    const hard = listText(exceeded, (limited) => hardOf(quota)[limited]!);
    const why = `exceeded quota: ${quota.metadata.name ?? ''}, requested: ${requested}, used: ${used}, limited: ${hard}`;
    throw forbidden(resource, name, why);
  }

  #exceeded(quota: ApiObject, amounts: Amounts): string[] {
    const hard = hardOf(quota);
    return [...amounts.keys()].sort().filter((name) => {
      const limit = hard[name];
      return limit !== undefined && usedOf(quota, name) + amounts.get(name)! > parseQuantity(limit).nanos;
    });
  }

  async #takeAll(attributes: AdmissionAttributes): Promise<Share[]> {
    const taken: Share[] = [];
    try {
      for (const share of await this.#shares(attributes)) {
        await this.#take(attributes, share);
        taken.push(share);
      }
    } catch (error) {
      await this.#giveBack(taken);
      throw error;
    }
    return taken;
  }

  /** Waits for the share: whoever asks while a write of the quota is under way is in the next one, with all others. */
  #take(attributes: AdmissionAttributes, { quota, amounts }: Share): Promise<void> {
    const { namespace = '', name = '' } = quota.metadata;
    const key = `${namespace}/${name}`;
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(key);
      const asked: Asked = { attributes, amounts, resolve, reject };
      if (waiting !== undefined) {
        waiting.push(asked);
        return;
      }
      this.#waiting.set(key, [asked]);
      this.#drain(key, quota).catch((error: unknown) => {
        const lost = this.#waiting.get(key) ?? [];
        this.#waiting.delete(key);
        for (const one of lost) one.reject(error);
      });
    });
  }

  async #drain(key: string, quota: ApiObject): Promise<void> {
    let current: ApiObject | null = quota;
    for (;;) {
      const asked = this.#waiting.get(key) ?? [];
      if (asked.length === 0) break;
      this.#waiting.set(key, []);
      try {
        current = await this.#takeTogether(current, quota, asked);
      } catch (error) {
        for (const one of asked) one.reject(error);
        throw error;
      }
    }
    this.#waiting.delete(key);
  }

  /** Takes for all of them what there is, in the order in which they came. @returns the quota as it stands now */
  async #takeTogether(
    seen: ApiObject | null,
    quota: ApiObject,
    asked: readonly Asked[],
  ): Promise<ApiObject | null> {
    const { namespace = '', name = '' } = quota.metadata;
    let current = seen;
    let isCounted = false;
    for (let tries = 0; tries < writeTries; tries++) {
      if (current === null) break;
      const total: Amounts = new Map();
      const refused: (() => void)[] = [];
      const granted: Asked[] = [];
      for (const one of asked) {
        const wanted: Amounts = new Map(one.amounts);
        for (const limited of wanted.keys()) addAmount(wanted, limited, total.get(limited) ?? 0n);
        if (this.#exceeded(current, wanted).length === 0) {
          for (const [limited, nanos] of one.amounts) addAmount(total, limited, nanos);
          granted.push(one);
        } else refused.push(this.#refusal(one, current, total));
      }
      if (refused.length > 0 && !isCounted) {
        isCounted = true;
        current = await this.#recount(namespace, name);
        continue;
      }
      const written: ApiObject | null = await this.#write(current, (used) => {
        for (const [limited, nanos] of total) addAmount(used, limited, nanos);
      });
      if (written !== current) {
        current = written;
        continue;
      }
      for (const one of granted) one.resolve();
      for (const refuse of refused) refuse();
      return this.#lookup.storages.of(this.#quotas).get(namespace, name);
    }
    // The quota is gone: nothing limits what was asked.
    if (current === null) for (const one of asked) one.resolve();
    else {
      const error = internalError('Unable to update the quota: too many requests at once');
      for (const one of asked) one.reject(error);
    }
    return current;
  }

  /** How to refuse one of several that asked together. @param taken what those before it get */
  #refusal({ attributes, amounts, reject }: Asked, quota: ApiObject, taken: Amounts): () => void {
    const used: JsonObject = {};
    for (const name of Object.keys(hardOf(quota))) {
      used[name] = amountText(quota, name, usedOf(quota, name) + (taken.get(name) ?? 0n));
    }
    const seen = { ...quota, status: { ...quota.status, used } };
    return () => {
      try {
        this.#check(attributes, seen, amounts);
        reject(internalError('a quota that was exceeded is not'));
      } catch (error) {
        reject(error);
      }
    };
  }

  async #giveBack(shares: readonly Share[]): Promise<void> {
    for (const { quota, amounts } of shares) {
      const { namespace = '', name = '' } = quota.metadata;
      let current = await this.#lookup.storages.of(this.#quotas).get(namespace, name);
      for (let tries = 0; tries < writeTries && current !== null; tries++) {
        const written: ApiObject | null = await this.#write(current, (used) => {
          for (const [limited, nanos] of amounts) addAmount(used, limited, -nanos);
        });
        if (written === current) break;
        current = written;
      }
    }
  }

  /** @returns `current` itself when it was written, else what stands there now */
  async #write(current: ApiObject, change: (used: Amounts) => void): Promise<ApiObject | null> {
    const hard = hardOf(current);
    const used: Amounts = new Map(Object.keys(hard).map((name) => [name, usedOf(current, name)]));
    change(used);
    const texts: JsonObject = {};
    for (const name of Object.keys(hard).sort()) {
      const nanos = used.get(name) ?? 0n;
      texts[name] = amountText(current, name, nanos < 0n ? 0n : nanos);
    }
    const status = { hard: { ...hard }, used: texts };
    if (isSame(status, current.status)) return current;
    const object = { ...copyJson(current), status };
    const outcome = await this.#lookup.storages.of(this.#quotas).update(object, current);
    return outcome.written ? current : outcome.current;
  }

  async #recountAll(quotas: readonly ApiObject[]): Promise<void> {
    for (const { metadata } of quotas) {
      await this.#recount(metadata.namespace ?? '', metadata.name ?? '').catch(() => {});
    }
  }

  /** Counts what a quota is about, and writes it down. @returns the quota as it stands now */
  async #recount(namespace: string, name: string): Promise<ApiObject | null> {
    const storage = this.#lookup.storages.of(this.#quotas);
    for (let tries = 0; tries < writeTries; tries++) {
      const current = await storage.get(namespace, name);
      if (current === null) return null;
      const counted = await this.#count(current, namespace);
      const written = await this.#write(current, (used) => {
        for (const limited of used.keys()) used.set(limited, counted.get(limited) ?? 0n);
      });
      if (written === current) return storage.get(namespace, name);
    }
    return storage.get(namespace, name);
  }

  async #count(quota: ApiObject, namespace: string): Promise<Amounts> {
    const names = Object.keys(hardOf(quota));
    const total: Amounts = new Map();
    for (const counted of new Set(names.map(countedResource))) {
      const resource = this.#lookup.named(counted);
      if (resource === null || !resource.isNamespaced) continue;
      for (const object of await this.#lookup.listNow(resource, namespace)) {
        if (!isInScope(quota, resource, object)) continue;
        for (const [name, nanos] of usageOf(resource, object)) addAmount(total, name, nanos);
      }
    }
    return total;
  }
}

export function resourceQuota(lookup: Lookup, quotas: ResourceType): AdmissionPlugin {
  return new ResourceQuota(lookup, quotas);
}
