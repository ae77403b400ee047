/** The lease by which a real kube-controller-manager leads, and whether one does, as far as a look at it can tell. */

import type { ApiObject } from '../api/objects.ts';

export const managerLease = 'kube-controller-manager';
export const leaseNamespace = 'kube-system';
/** So long a lease holds after it was renewed. */
export const leaseSeconds = 15;

export interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseTransitions?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
}

/** @param now milliseconds since 1970; what the lease says of time is by its holder's clock */
export function isFresh(lease: ApiObject, now: number): boolean {
  const { holderIdentity = '', renewTime = '' } = (lease.spec ?? {}) as LeaseSpec;
  return holderIdentity !== '' && now - Date.parse(renewTime) <= leaseSeconds * 1000;
}
