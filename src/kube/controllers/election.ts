/**
 * One of several API servers runs the loops: whoever holds a Lease of `coordination.k8s.io`, and renews it, until it does
 * not any more. The times are those of the real controller manager.
 *
 * The lease is not the controller manager's own. (Counter-example: a server that holds that one from its start leaves no
 * real controller manager a chance to lead.) Instead the loops rest as long as somebody renews that one: a controller
 * manager does all that they do, and whoever runs it may have turned parts of it off.
 */

import type { Timer } from '../../util/runtime.ts';
import type { ApiObject } from '../api/objects.ts';
import { microTimeText } from '../meta/time.ts';
import type { ResourceType } from '../registry/types.ts';
import { LocalClient } from '../rest/local-client.ts';
import type { ServerParts } from '../rest/parts.ts';
import { isFresh, type LeaseSpec, leaseNamespace, leaseSeconds } from './manager-lease.ts';

const namespace = leaseNamespace;
/** A holder that could not renew for so long stops: another may begin before its lease is over. */
const renewDeadlineMs = 10_000;
const retryMs = 2000;

/** What was last seen of another's lease, and when by this clock: its times are by its holder's. */
interface Sight {
  resourceVersion: string;
  at: number;
}

export interface Elected {
  /** This server holds the lease now. */
  began(): void;
  /** It does not any more. */
  ended(): void;
}

export class Election {
  readonly #parts: ServerParts;
  readonly #client: LocalClient;
  readonly #resource: ResourceType;
  readonly #name: string;
  /** Name of the lease that comes before: the loops rest as long as it is renewed. */
  readonly #before: string;
  readonly #identity: string;
  readonly #elected: Elected;
  #timer: Timer | null = null;
  #isHolder = false;
  #isClosed = false;
  #renewedAt = 0;
  readonly #seen: Sight = { resourceVersion: '', at: 0 };
  readonly #seenBefore: Sight = { resourceVersion: '', at: 0 };

  /** @param before name of the lease that is given way to */
  constructor(parts: ServerParts, name: string, before: string, identity: string, elected: Elected) {
    this.#parts = parts;
    this.#client = new LocalClient(parts, 'kube-controller-manager');
    this.#resource = parts.registry.find('coordination.k8s.io', 'v1', 'leases')!;
    this.#name = name;
    this.#before = before;
    this.#identity = identity;
    this.#elected = elected;
  }

  /** Tries at once, and then for ever. */
  async run(): Promise<void> {
    if (this.#isClosed) return;
    const { clock, log } = this.#parts.runtime;
    try {
      if (await this.#isBeforeHeld()) await this.#giveWay();
      else if (await this.#tryToHold()) this.#hold(clock.now());
      else this.#letGo();
    } catch (error) {
      log.debug('the lease of the loops could not be had', { error: (error as Error).message });
      if (clock.now() - this.#renewedAt > renewDeadlineMs) this.#letGo();
    }
    if (!this.#isClosed) this.#timer = clock.setTimer(retryMs, () => void this.run());
  }

  #hold(now: number): void {
    this.#renewedAt = now;
    if (this.#isHolder || this.#isClosed) return;
    this.#isHolder = true;
    this.#elected.began();
  }

  #letGo(): void {
    if (!this.#isHolder) return;
    this.#isHolder = false;
    this.#elected.ended();
  }

  async #isBeforeHeld(): Promise<boolean> {
    const lease = await this.#client.get(this.#resource, namespace, this.#before);
    if (lease === null) return false;
    const { holderIdentity = '' } = (lease.spec ?? {}) as LeaseSpec;
    if (holderIdentity === '') return false;
    const isFirstSight = this.#seenBefore.resourceVersion === '';
    const isOver = this.#isOver(this.#seenBefore, lease);
    if (isOver || !isFirstSight) return !isOver;
    // At first sight there is only what it says: one that was left behind long ago holds nobody up.
    if (isFresh(lease, this.#parts.runtime.clock.wallNow())) return true;
    this.#seenBefore.at -= leaseSeconds * 1000;
    return false;
  }

  /** Stops, and says so in the lease. */
  async #giveWay(): Promise<void> {
    if (!this.#isHolder) return;
    this.#letGo();
    await this.#client.update(this.#resource, namespace, this.#name, '', (found) => {
      const spec = (found.spec ?? {}) as LeaseSpec;
      if (spec.holderIdentity === this.#identity) found.spec = { ...spec, holderIdentity: '' };
      return found;
    });
  }

  async #tryToHold(): Promise<boolean> {
    const current = await this.#client.get(this.#resource, namespace, this.#name);
    if (current === null) {
      await this.#client.create(this.#resource, this.#leaseObject());
      return true;
    }
    if (!this.#mayTake(current)) return false;
    const { resourceVersion } = current.metadata;
    await this.#client.update(this.#resource, namespace, this.#name, '', (found) => {
      const spec = (found.spec ?? {}) as LeaseSpec;
      const isSame = spec.holderIdentity === this.#identity;
      // Only the state that was judged may be replaced: another may have been faster.
      found.metadata.resourceVersion = resourceVersion ?? '';
      const transitions = (spec.leaseTransitions ?? 0) + (isSame ? 0 : 1);
      const acquireTime = isSame ? (spec.acquireTime ?? '') : this.#now();
      found.spec = { ...this.#spec(), leaseTransitions: transitions, acquireTime };
      return found;
    });
    return true;
  }

  /** A lease that did not change for its whole length, by this clock, is nobody's. */
  #mayTake(current: ApiObject): boolean {
    const { holderIdentity = '' } = (current.spec ?? {}) as LeaseSpec;
    if (holderIdentity === this.#identity || holderIdentity === '') return true;
    return this.#isOver(this.#seen, current);
  }

  /** It did not change for the whole of its length since it was first seen so. */
  #isOver(sight: Sight, lease: ApiObject): boolean {
    const now = this.#parts.runtime.clock.now();
    const { resourceVersion = '' } = lease.metadata;
    if (sight.resourceVersion !== resourceVersion) {
      sight.resourceVersion = resourceVersion;
      sight.at = now;
    }
    return now - sight.at > leaseSeconds * 1000;
  }

  #now(): string {
    return microTimeText(this.#parts.runtime.clock.wallNow());
  }

  #spec(): Record<string, unknown> {
    return { holderIdentity: this.#identity, leaseDurationSeconds: leaseSeconds, renewTime: this.#now() };
  }

  #leaseObject(): ApiObject {
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: this.#name, namespace },
      spec: { ...this.#spec(), acquireTime: this.#now(), leaseTransitions: 0 },
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#letGo();
  }
}
