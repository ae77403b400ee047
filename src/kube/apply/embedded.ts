/**
 * Members that stand in an object although nobody wrote them: structures that a Go type holds by value, and lists that it
 * always shows. To server-side apply they are there from the beginning, empty: who fills them in owns what is in them and
 * never the member itself. (A Deployment's creator owns `f:strategy.f:type` without `f:strategy`, but of
 * `rollingUpdate`, a pointer, `.` as well.) Source: the Go types, and managedFields of a running 1.36.
 */

import type { Json } from '../api/objects.ts';
import type { Definition } from '../schema/schema.ts';

/** By definition. Beyond these: `metadata`, `spec` and `status` of every kind. */
const values: Readonly<Record<string, readonly string[]>> = {
  'core.v1.PodTemplateSpec': ['metadata', 'spec'],
  'core.v1.PodTemplate': ['template'],
  'apps.v1.DeploymentSpec': ['template', 'strategy'],
  'apps.v1.ReplicaSetSpec': ['template'],
  'apps.v1.StatefulSetSpec': ['template', 'updateStrategy'],
  'apps.v1.DaemonSetSpec': ['template', 'updateStrategy'],
  'batch.v1.JobSpec': ['template'],
  'batch.v1.CronJobSpec': ['jobTemplate'],
  'batch.v1.JobTemplateSpec': ['metadata', 'spec'],
  'core.v1.Container': ['resources'],
  'core.v1.EphemeralContainer': ['resources'],
  'core.v1.PersistentVolumeClaimSpec': ['resources'],
  'core.v1.PersistentVolumeClaimTemplate': ['metadata', 'spec'],
  'core.v1.ServiceStatus': ['loadBalancer'],
  'networking.v1.IngressStatus': ['loadBalancer'],
  'core.v1.NodeStatus': ['daemonEndpoints', 'nodeInfo'],
  'core.v1.NodeDaemonEndpoints': ['kubeletEndpoint'],
  'core.v1.Event': ['involvedObject', 'source'],
  'events.v1.Event': ['regarding', 'deprecatedSource'],
  'networking.v1.NetworkPolicySpec': ['podSelector'],
  'autoscaling.v1.HorizontalPodAutoscalerSpec': ['scaleTargetRef'],
  'autoscaling.v2.HorizontalPodAutoscalerSpec': ['scaleTargetRef'],
  'rbac.v1.RoleBinding': ['roleRef'],
  'rbac.v1.ClusterRoleBinding': ['roleRef'],
  'storage.v1.VolumeAttachmentSpec': ['source'],
  'apiextensions.v1.CustomResourceDefinitionSpec': ['names'],
  'apiextensions.v1.CustomResourceDefinitionStatus': ['acceptedNames'],
  'resource.v1.ResourceClaimTemplateSpec': ['metadata', 'spec'],
  'resource.v1.ResourceClaimSpec': ['devices'],
};

const ofEveryKind: readonly string[] = ['metadata', 'spec', 'status'];
const emptyMap: Json = Object.freeze({});

/** Name to what it is when nobody wrote it: `{}`, or null for a list. */
export function embeddedMembers(definition: Definition): ReadonlyMap<string, Json> {
  const members = new Map<string, Json>();
  const names = definition.kind === '' ? [] : ofEveryKind;
  for (const name of [...names, ...(values[definition.name] ?? [])]) {
    const field = definition.fields.get(name);
    if (field?.shape === 'single' && field.scalar === null) members.set(name, emptyMap);
  }
  for (const field of definition.fields.values()) {
    if (field.shape === 'list' && field.isRequired) members.set(field.name, null);
  }
  return members;
}
