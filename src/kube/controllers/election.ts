/**
 * One of several API servers runs the loops: whoever holds a Lease of `coordination.k8s.io`, and renews it, until it does
 * not any more. The times are those of the real controller manager.
 */

import type { Timer } from '../../util/runtime.ts';
import type { ApiObject } from '../api/objects.ts';
import { microTimeText } from '../meta/time.ts';
import type { ResourceType } from '../registry/types.ts';
import { LocalClient } from '../rest/local-client.ts';
import type { ServerParts } from '../rest/parts.ts';

const namespace = 'kube-system';
const leaseSeconds = 15;
/** A holder that could not renew for so long stops: another may begin before its lease is over. */
const renewDeadlineMs = 10_000;
const retryMs = 2000;

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseTransitions?: number;
  readonly acquireTime?: string;
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
  readonly #identity: string;
  readonly #elected: Elected;
  #timer: Timer | null = null;
  #isHolder = false;
  #isClosed = false;
  #renewedAt = 0;
  /** What was last seen of another holder's lease, and when: its times are by its own clock. */
  #seen = '';
  #seenAt = 0;

  constructor(parts: ServerParts, name: string, identity: string, elected: Elected) {
    this.#parts = parts;
    this.#client = new LocalClient(parts, 'kube-controller-manager');
    this.#resource = parts.registry.find('coordination.k8s.io', 'v1', 'leases')!;
    this.#name = name;
    this.#identity = identity;
    this.#elected = elected;
  }

  /** Tries at once, and then for ever. */
  async run(): Promise<void> {
    if (this.#isClosed) return;
    const { clock, log } = this.#parts.runtime;
    try {
      if (await this.#tryToHold()) this.#hold(clock.now());
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
    const now = this.#parts.runtime.clock.now();
    const { resourceVersion = '' } = current.metadata;
    if (this.#seen !== resourceVersion) {
      this.#seen = resourceVersion;
      this.#seenAt = now;
    }
    return now - this.#seenAt > leaseSeconds * 1000;
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
