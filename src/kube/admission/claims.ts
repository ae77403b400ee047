/**
 * Numbers that at most one service has: an object in the store per number, made before the service is written and deleted after
 * it is gone. So that two API servers on one store never give a number twice, and a crash between the two writes costs a
 * number at most for a while: a claim whose service is not there, or has another number, may be taken over.
 *
 * Why a claim is taken over late: a claim is there before its service is. Counter-example without the wait: A claims 10.96.0.7;
 * B finds the claim without a service, takes it over and writes its service; A writes its service; both have the address.
 * A claim of the same service is taken over at once: only one of the two writes of that service will succeed.
 */

import type { Clock } from '../../util/runtime.ts';
import type { ApiObject } from '../api/objects.ts';
import type { ResourceStorage } from '../storage/resource-storage.ts';

/** A claim without its service is abandoned after this. */
const abandonedMs = 60_000;

/** Of which service a claim is. */
export interface Holder {
  readonly namespace: string;
  readonly name: string;
}

export interface Claim {
  readonly number: string;
  readonly holder: Holder;
  /** As it stands in the store; null: a claim of a dry run. */
  readonly object: ApiObject | null;
}

/** What is claimed: how it is written, and whether a service has it. */
export interface ClaimKind {
  make(number: string, holder: Holder): ApiObject;
  holderOf(claim: ApiObject): Holder;
  isHeld(service: ApiObject, number: string): boolean;
}

export class Claims {
  readonly #claims: ResourceStorage;
  readonly #services: ResourceStorage;
  readonly #kind: ClaimKind;
  readonly #clock: Clock;

  constructor(claims: ResourceStorage, services: ResourceStorage, kind: ClaimKind, clock: Clock) {
    this.#claims = claims;
    this.#services = services;
    this.#kind = kind;
    this.#clock = clock;
  }

  /** @returns null: it is somebody else's */
  async take(number: string, holder: Holder): Promise<Claim | null> {
    const object = this.#kind.make(number, holder);
    const outcome = await this.#claims.create(object, 0);
    if (outcome.written) return { number, holder, object: outcome.object };
    const { current } = outcome;
    if (current === null || !(await this.#isFree(number, current, holder))) return null;
    const taken = await this.#claims.update(object, current);
    return taken.written ? { number, holder, object: taken.object } : null;
  }

  /** As `take`, but nothing is written. */
  async try(number: string, holder: Holder): Promise<Claim | null> {
    const current = await this.#claims.get('', number);
    const isFree = current === null || (await this.#isFree(number, current, holder));
    return isFree ? { number, holder, object: null } : null;
  }

  /** The claim as it stands now; null: there is none of that holder. */
  async find(number: string, holder: Holder): Promise<Claim | null> {
    const object = await this.#claims.get('', number);
    if (object === null) return null;
    const of = this.#kind.holderOf(object);
    if (of.namespace !== holder.namespace || of.name !== holder.name) return null;
    return { number, holder, object };
  }

  /** Deletes the claim, unless it has changed or its service has the number by now. */
  async give({ number, holder, object }: Claim): Promise<void> {
    if (object === null) return;
    const service = await this.#services.get(holder.namespace, holder.name);
    if (service !== null && this.#kind.isHeld(service, number)) return;
    await this.#claims.delete(object);
  }

  /** All numbers that are claimed. */
  async all(): Promise<ReadonlyMap<string, ApiObject>> {
    const { entries } = await this.#claims.list('', '', 0, 0);
    const found = entries.map((entry) => this.#claims.decode(entry));
    return new Map(found.map((object) => [object.metadata.name ?? '', object]));
  }

  /** Whether the claim is of nobody, or of the one who asks and has not got it yet. */
  async #isFree(number: string, claim: ApiObject, asks: Holder): Promise<boolean> {
    const of = this.#kind.holderOf(claim);
    const service = await this.#services.get(of.namespace, of.name);
    if (service !== null && this.#kind.isHeld(service, number)) return false;
    if (of.namespace === asks.namespace && of.name === asks.name) return true;
    const madeMs = Date.parse(claim.metadata.creationTimestamp ?? '');
    return !(this.#clock.wallNow() - madeMs < abandonedMs);
  }
}
