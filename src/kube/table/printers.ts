/**
 * The printer of each kind, by `<group>/<Kind>`. A built-in kind without a row is printed as a real server does: by name and
 * the moment of creation, of which clients make an age.
 */

import type { ResourceType } from '../registry/types.ts';
import * as access from './access.ts';
import { autoscalerPrinter } from './autoscaling.ts';
import * as cluster from './cluster.ts';
import { columns, nameOf, type Printed, printer } from './columns.ts';
import * as network from './network.ts';
import * as pods from './pods.ts';
import * as scheduling from './scheduling.ts';
import * as storage from './storage.ts';
import type { Printer } from './types.ts';
import * as workloads from './workloads.ts';

export { column } from './columns.ts';

const nameAndCreation: Printer = printer<Printed>(columns('Created At:date'), (object) => [
  nameOf(object),
  object.metadata.creationTimestamp ?? null,
]);

const printers: ReadonlyMap<string, Printer> = new Map<string, Printer>([
  ['/ComponentStatus', cluster.componentStatusPrinter],
  ['/ConfigMap', cluster.configMapPrinter],
  ['/Endpoints', network.endpointsPrinter],
  ['/Event', cluster.eventPrinter],
  ['/Namespace', cluster.namespacePrinter],
  ['/Node', cluster.nodePrinter],
  ['/PersistentVolume', storage.persistentVolumePrinter],
  ['/PersistentVolumeClaim', storage.persistentVolumeClaimPrinter],
  ['/Pod', pods.podPrinter],
  ['/PodTemplate', pods.podTemplatePrinter],
  ['/ReplicationController', workloads.replicationControllerPrinter],
  ['/ResourceQuota', cluster.resourceQuotaPrinter],
  ['/Secret', cluster.secretPrinter],
  ['/Service', network.servicePrinter],
  ['/ServiceAccount', cluster.agePrinter],
  ['admissionregistration.k8s.io/MutatingAdmissionPolicy', access.mutatingPolicyPrinter],
  ['admissionregistration.k8s.io/MutatingAdmissionPolicyBinding', access.policyBindingPrinter],
  ['admissionregistration.k8s.io/MutatingWebhookConfiguration', access.webhooksPrinter],
  ['admissionregistration.k8s.io/ValidatingAdmissionPolicy', access.validatingPolicyPrinter],
  ['admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding', access.policyBindingPrinter],
  ['admissionregistration.k8s.io/ValidatingWebhookConfiguration', access.webhooksPrinter],
  ['apiregistration.k8s.io/APIService', access.apiServicePrinter],
  ['apps/ControllerRevision', workloads.controllerRevisionPrinter],
  ['apps/DaemonSet', workloads.daemonSetPrinter],
  ['apps/Deployment', workloads.deploymentPrinter],
  ['apps/ReplicaSet', workloads.replicaSetPrinter],
  ['apps/StatefulSet', workloads.statefulSetPrinter],
  ['autoscaling/HorizontalPodAutoscaler', autoscalerPrinter],
  ['batch/CronJob', workloads.cronJobPrinter],
  ['batch/Job', workloads.jobPrinter],
  ['certificates.k8s.io/CertificateSigningRequest', access.certificateRequestPrinter],
  ['coordination.k8s.io/Lease', scheduling.leasePrinter],
  ['discovery.k8s.io/EndpointSlice', network.endpointSlicePrinter],
  ['events.k8s.io/Event', cluster.eventPrinter],
  ['flowcontrol.apiserver.k8s.io/FlowSchema', access.flowSchemaPrinter],
  ['flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration', access.priorityLevelPrinter],
  ['networking.k8s.io/IPAddress', network.ipAddressPrinter],
  ['networking.k8s.io/Ingress', network.ingressPrinter],
  ['networking.k8s.io/IngressClass', network.ingressClassPrinter],
  ['networking.k8s.io/NetworkPolicy', network.networkPolicyPrinter],
  ['networking.k8s.io/ServiceCIDR', network.serviceCidrPrinter],
  ['node.k8s.io/RuntimeClass', scheduling.runtimeClassPrinter],
  ['policy/PodDisruptionBudget', scheduling.disruptionBudgetPrinter],
  ['rbac.authorization.k8s.io/ClusterRoleBinding', access.roleBindingPrinter],
  ['rbac.authorization.k8s.io/RoleBinding', access.roleBindingPrinter],
  ['resource.k8s.io/DeviceClass', cluster.agePrinter],
  ['resource.k8s.io/ResourceClaim', scheduling.resourceClaimPrinter],
  ['resource.k8s.io/ResourceClaimTemplate', cluster.agePrinter],
  ['resource.k8s.io/ResourceSlice', scheduling.resourceSlicePrinter],
  ['scheduling.k8s.io/PriorityClass', scheduling.priorityClassPrinter],
  ['storage.k8s.io/CSIDriver', storage.csiDriverPrinter],
  ['storage.k8s.io/CSINode', storage.csiNodePrinter],
  ['storage.k8s.io/CSIStorageCapacity', storage.csiStorageCapacityPrinter],
  ['storage.k8s.io/StorageClass', storage.storageClassPrinter],
  ['storage.k8s.io/VolumeAttachment', storage.volumeAttachmentPrinter],
  ['storage.k8s.io/VolumeAttributesClass', storage.volumeAttributesClassPrinter],
]);

/** @param isScale the objects are answers of `/scale`, whatever it is that they scale */
export function printerOf(resource: ResourceType | null, isScale: boolean = false): Printer {
  if (isScale) return workloads.scalePrinter;
  if (resource === null) return nameAndCreation;
  if (resource.custom !== null) return resource.custom.printer;
  return printers.get(`${resource.group}/${resource.kind}`) ?? nameAndCreation;
}
