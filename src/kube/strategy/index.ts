/**
 * The code of each kind, by `<group>/<Kind>`; kinds without a row have none. A kind's file stands beside this one and
 * exports one `Strategy`; what it checks comes from `validation/`, what it fills in from `defaults/`.
 */

import type { ResourceType, Strategy } from '../registry/types.ts';
import { clusterStrategies } from './cluster.ts';
import { workloadStrategies } from './pod-workloads.ts';

const none: Strategy = {};

const strategies: ReadonlyMap<string, Strategy> = new Map<string, Strategy>([
  ...clusterStrategies,
  ...workloadStrategies,
]);

export function strategyOf(resource: ResourceType): Strategy {
  if (resource.custom !== null) return resource.custom.strategy;
  return strategies.get(`${resource.group}/${resource.kind}`) ?? none;
}
