/** The defaults of pods and of the kinds that make pods, by definition. */

import {
  fillDaemonSet,
  fillDeployment,
  fillReplicaSet,
  fillReplicationController,
  fillStatefulSet,
} from './apps.ts';
import { fillCronJob, fillJob } from './batch.ts';
import type { Defaulter } from './index.ts';
import { fillPod, fillPodTemplateObject } from './pod.ts';

export const workloadDefaults: readonly (readonly [string, Defaulter])[] = [
  ['core.v1.Pod', fillPod],
  ['core.v1.PodTemplate', fillPodTemplateObject],
  ['core.v1.ReplicationController', fillReplicationController],
  ['apps.v1.Deployment', fillDeployment],
  ['apps.v1.ReplicaSet', fillReplicaSet],
  ['apps.v1.StatefulSet', fillStatefulSet],
  ['apps.v1.DaemonSet', fillDaemonSet],
  ['batch.v1.Job', fillJob],
  ['batch.v1.CronJob', fillCronJob],
];
