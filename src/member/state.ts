/** Opens the replicated state that the backend holds, or begins it. */

import { Auth, type AuthOptions } from '../auth/auth.ts';
import type { Backend } from '../backend/backend.ts';
import { Leases } from '../lease/leases.ts';
import { Store } from '../mvcc/store.ts';
import { Failure } from '../util/failure.ts';
import { type Alarms, loadAlarms } from './alarms.ts';
import { Downgrade } from './downgrade.ts';
import { loadMembership, type Membership } from './membership.ts';
import type { Recovered } from './recovery.ts';
import { decodeStateMeta } from './state-meta.ts';
import type { MemberDependencies } from './types.ts';

/** Everything that applied entries change. When a state from elsewhere is installed, store, leases and
 * auth are read anew and the rest is replaced. */
export interface AppliedState {
  readonly store: Store;
  readonly leases: Leases;
  readonly auth: Auth;
  readonly downgrade: Downgrade;
  membership: Membership;
  alarms: Alarms;
}

export function openState(
  { backend, runtime, tokens }: MemberDependencies,
  { identity }: Recovered,
  done: (error: Error | null, state: AppliedState | null) => void,
): void {
  const beganAt = runtime.clock.now();
  openKeys(backend, { clock: runtime.clock, tokens }, (error, keys) => {
    if (error !== null || keys === null) return done(error, null);
    if (backend.openedAt.index > 0) {
      const ms = Math.round(runtime.clock.now() - beganAt);
      const { keyCount, revision } = keys.store;
      runtime.log.info('read the state', { 'took-ms': ms, keys: keyCount, revision });
    }
    loadTables(backend, (error, tables) => {
      if (error !== null || tables === null) return done(error, null);
      const { membership } = tables;
      // A new cluster begins with the members it was given, none of which has said where it serves clients.
      if (backend.openedAt.index === 0) {
        for (const { id, peerUrls } of identity.bootstrap) {
          membership.upsert({ id, name: '', peerUrls, clientUrls: [], isLearner: false });
        }
      }
      done(null, { ...keys, downgrade: new Downgrade(backend), ...tables });
    });
  });
}

type Keys = Pick<AppliedState, 'store' | 'leases' | 'auth'>;
type Tables = Pick<AppliedState, 'membership' | 'alarms'>;

/** The leases come first: the store tells them which keys are theirs. */
function openKeys(
  backend: Backend,
  authOptions: Omit<AuthOptions, 'leases'>,
  done: (error: Error | null, keys: Keys | null) => void,
): void {
  Leases.open(backend, (error, leases) => {
    if (error !== null || leases === null) return done(error, null);
    Auth.open(backend, { ...authOptions, leases }, (error, auth) => {
      if (error !== null || auth === null) return done(error, null);
      Store.open(backend, { leases }, (error, store) => {
        done(error, store === null ? null : { store, leases, auth });
      });
    });
  });
}

/** Reads everything anew after the backend's state was replaced. */
export function reloadState(
  backend: Backend,
  state: AppliedState,
  done: (error: Error | null) => void,
): void {
  state.leases.reload((error) => {
    if (error !== null) return done(error);
    state.auth.reload((error) => {
      if (error !== null) return done(error);
      state.store.reload((error) => {
        if (error !== null) return done(error);
        loadTables(backend, (error, tables) => {
          Object.assign(state, tables);
          done(error);
        });
      });
    });
  });
}

/**
 * Why a state that was read from the disk is not to be used: it cannot be read, whatever the backend calls that, or it is
 * not the one that was written. Null where it is sound.
 */
export function stateDamage(backend: Backend, state: AppliedState | null, error: Error | null): Error | null {
  if (error instanceof Failure) return error;
  if (state === null)
    return new Failure('backendDamaged', `the state cannot be read: ${error?.message}`, { cause: error });
  const { index, meta } = backend.openedAt;
  if (index === 0) return null;
  const { digest } = decodeStateMeta(meta);
  // Nobody has computed it for a state that was made from a file of etcd: 0.
  if (digest === 0 || digest === stateDigest(state)) return null;
  return new Failure('backendDamaged', `the state at entry ${index} is not the one that was written there`);
}

/** The same on every member at the same index. */
export function stateDigest({ store, leases, auth }: AppliedState): number {
  return (store.digest ^ leases.digest ^ auth.digest) >>> 0;
}

/** Everything but the keys. */
function loadTables(backend: Backend, done: (error: Error | null, tables: Tables | null) => void): void {
  loadMembership(backend, (error, membership) => {
    if (error !== null || membership === null) return done(error, null);
    loadAlarms(backend, (error, alarms) => {
      if (error !== null || alarms === null) return done(error, null);
      done(null, { membership, alarms });
    });
  });
}
