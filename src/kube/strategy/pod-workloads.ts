/** The code of pods and of the kinds that make pods, by `<group>/<Kind>`. */

import type { Strategy } from '../registry/types.ts';
import { cronJobStrategy } from './cronjob.ts';
import { daemonSetStrategy } from './daemonset.ts';
import { deploymentStrategy } from './deployment.ts';
import { jobStrategy } from './job.ts';
import { podStrategy } from './pod.ts';
import { controllerRevisionStrategy, podTemplateStrategy } from './pod-template.ts';
import { replicaSetStrategy } from './replicaset.ts';
import { replicationControllerStrategy } from './replicationcontroller.ts';
import { statefulSetStrategy } from './statefulset.ts';

export const workloadStrategies: readonly (readonly [string, Strategy])[] = [
  ['/Pod', podStrategy],
  ['/PodTemplate', podTemplateStrategy],
  ['/ReplicationController', replicationControllerStrategy],
  ['apps/Deployment', deploymentStrategy],
  ['apps/ReplicaSet', replicaSetStrategy],
  ['apps/StatefulSet', statefulSetStrategy],
  ['apps/DaemonSet', daemonSetStrategy],
  ['apps/ControllerRevision', controllerRevisionStrategy],
  ['batch/Job', jobStrategy],
  ['batch/CronJob', cronJobStrategy],
];
