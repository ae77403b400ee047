/** Opens the replicated state that the backend holds, or begins it. */

import type { Backend } from '../backend/backend.ts';
import { Store } from '../mvcc/store.ts';
import { type Alarms, loadAlarms } from './alarms.ts';
import { loadMembership, type Membership } from './membership.ts';
import type { Recovered } from './recovery.ts';

/** Everything that applied entries change. All but the store is replaced when a state from elsewhere is installed. */
export interface AppliedState {
  readonly store: Store;
  membership: Membership;
  alarms: Alarms;
}

export function openState(
  backend: Backend,
  { identity }: Recovered,
  done: (error: Error | null, state: AppliedState | null) => void,
): void {
  Store.open(backend, {}, (error, store) => {
    if (error !== null || store === null) return done(error, null);
    loadTables(backend, (error, tables) => {
      if (error !== null || tables === null) return done(error, null);
      const { membership } = tables;
      // A new cluster begins with the members it was given, none of which has said where it serves clients.
      if (backend.openedAt.index === 0) {
        for (const { id, peerUrls } of identity.bootstrap) {
          membership.upsert({ id, name: '', peerUrls, clientUrls: [], isLearner: false });
        }
      }
      done(null, { store, ...tables });
    });
  });
}

/** Everything but the store. */
export function loadTables(
  backend: Backend,
  done: (error: Error | null, tables: Omit<AppliedState, 'store'> | null) => void,
): void {
  loadMembership(backend, (error, membership) => {
    if (error !== null || membership === null) return done(error, null);
    loadAlarms(backend, (error, alarms) => {
      if (error !== null || alarms === null) return done(error, null);
      done(null, { membership, alarms });
    });
  });
}
