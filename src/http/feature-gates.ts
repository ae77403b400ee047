/**
 * etcd's feature gates: what may be switched by `--feature-gates`, and what `etcd_server_feature_enabled` tells of it. They
 * are etcd's, so that command lines and dashboards find them; `switched` says which of them switch something here.
 */

import type { Metrics } from '../util/metrics.ts';

export interface FeatureGate {
  readonly name: string;
  readonly stage: 'ALPHA' | 'BETA';
  /** As long as nobody switches it. */
  readonly initial: boolean;
  /** Why it switches nothing here; null for those that do. */
  readonly idle: string | null;
}

const alpha = (name: string, idle: string | null = null): FeatureGate => ({
  name,
  stage: 'ALPHA',
  initial: false,
  idle,
});
const beta = (name: string, idle: string): FeatureGate => ({ name, stage: 'BETA', initial: true, idle });

const writtenDown = 'what leases have left is always written down';

/** Those of etcd 3.7, and of 3.6 what 3.7 has dropped. */
export const featureGates: readonly FeatureGate[] = [
  alpha('CompactHashCheck'),
  beta('FastLeaseKeepAlive', 'a renewal waits for nothing that it does not need'),
  alpha('InitialCorruptCheck'),
  alpha('LeaseCheckpoint', writtenDown),
  alpha('LeaseCheckpointPersist', writtenDown),
  alpha('PriorityRequest', 'the end of a lease has a way of its own'),
  alpha('SetMemberLocalAddr', 'the system chooses the address'),
  alpha('StopGRPCServiceOnDefrag', 'a defragmentation stands in nobody’s way'),
  beta('TxnModeWriteWithSharedBuffer', 'the state is not kept in bbolt'),
];

/** Gates that stand for all of a stage. */
export const stageGates: Readonly<Record<string, FeatureGate['stage']>> = {
  AllAlpha: 'ALPHA',
  AllBeta: 'BETA',
};

/** Whether a gate is on: it was switched itself, or all of its stage were, or it is on by itself. */
export function isGateOn(gate: FeatureGate, given: ReadonlyMap<string, boolean>): boolean {
  const all = Object.keys(stageGates).find((name) => stageGates[name] === gate.stage)!;
  return given.get(gate.name) ?? given.get(all) ?? gate.initial;
}

export function registerFeatureGates(metrics: Metrics, given: ReadonlyMap<string, boolean>): void {
  metrics.family('gauge', 'etcd_server_feature_enabled', '1 for a feature that is switched on.', (add) => {
    for (const [name, stage] of Object.entries(stageGates))
      add({ name, stage }, given.get(name) === true ? 1 : 0);
    for (const gate of featureGates)
      add({ name: gate.name, stage: gate.stage }, isGateOn(gate, given) ? 1 : 0);
  });
}
