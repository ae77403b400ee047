/** The code of all kinds that neither are pods nor make pods, by `<group>/<Kind>`. */

import { definitionStrategy } from '../crd/definition-strategy.ts';
import type { Strategy } from '../registry/types.ts';
import {
  mutatingBindingStrategy,
  mutatingPolicyStrategy,
  policyBindingStrategy,
  policyStrategy,
} from './admission-policies.ts';
import { apiServiceStrategy } from './api-service.ts';
import { autoscalerStrategy } from './autoscaler.ts';
import { certificateRequestStrategy } from './certificate-request.ts';
import { configMapStrategy, secretStrategy } from './config.ts';
import { endpointSliceStrategy, endpointsStrategy } from './endpoints.ts';
import { eventStrategy } from './event.ts';
import { flowSchemaStrategy, priorityLevelStrategy } from './flow-control.ts';
import { ingressClassStrategy, ingressStrategy } from './ingress.ts';
import { namespaceStrategy } from './namespace.ts';
import { addressStrategy, networkPolicyStrategy, serviceRangeStrategy } from './network-policy.ts';
import { nodeStrategy } from './node.ts';
import { budgetStrategy, leaseStrategy, priorityClassStrategy, runtimeClassStrategy } from './policies.ts';
import { limitRangeStrategy, quotaStrategy } from './quota.ts';
import { bindingStrategy, roleStrategy } from './rbac.ts';
import { serviceStrategy } from './service.ts';
import {
  attributesClassStrategy,
  storageClassStrategy,
  storageDriverStrategy,
  storageNodeStrategy,
  volumeAttachmentStrategy,
} from './storage.ts';
import { volumeStrategy } from './volume.ts';
import { claimStrategy } from './volume-claim.ts';
import { webhooksStrategy } from './webhooks.ts';

const rbac = 'rbac.authorization.k8s.io';
const flow = 'flowcontrol.apiserver.k8s.io';

export const clusterStrategies: readonly (readonly [string, Strategy])[] = [
  ['apiextensions.k8s.io/CustomResourceDefinition', definitionStrategy],
  ['apiregistration.k8s.io/APIService', apiServiceStrategy],
  ['/Service', serviceStrategy],
  ['/Endpoints', endpointsStrategy],
  ['/ConfigMap', configMapStrategy],
  ['/Secret', secretStrategy],
  ['/Namespace', namespaceStrategy],
  ['/Node', nodeStrategy],
  ['/Event', eventStrategy],
  ['events.k8s.io/Event', eventStrategy],
  ['/PersistentVolume', volumeStrategy],
  ['/PersistentVolumeClaim', claimStrategy],
  ['/ResourceQuota', quotaStrategy],
  ['/LimitRange', limitRangeStrategy],
  ['discovery.k8s.io/EndpointSlice', endpointSliceStrategy],
  ['networking.k8s.io/Ingress', ingressStrategy],
  ['networking.k8s.io/IngressClass', ingressClassStrategy],
  ['networking.k8s.io/NetworkPolicy', networkPolicyStrategy],
  ['networking.k8s.io/IPAddress', addressStrategy],
  ['networking.k8s.io/ServiceCIDR', serviceRangeStrategy],
  ['storage.k8s.io/StorageClass', storageClassStrategy],
  ['storage.k8s.io/VolumeAttachment', volumeAttachmentStrategy],
  ['storage.k8s.io/VolumeAttributesClass', attributesClassStrategy],
  ['storage.k8s.io/CSIDriver', storageDriverStrategy],
  ['storage.k8s.io/CSINode', storageNodeStrategy],
  [`${rbac}/Role`, roleStrategy],
  [`${rbac}/ClusterRole`, roleStrategy],
  [`${rbac}/RoleBinding`, bindingStrategy],
  [`${rbac}/ClusterRoleBinding`, bindingStrategy],
  ['autoscaling/HorizontalPodAutoscaler', autoscalerStrategy],
  ['policy/PodDisruptionBudget', budgetStrategy],
  ['scheduling.k8s.io/PriorityClass', priorityClassStrategy],
  ['node.k8s.io/RuntimeClass', runtimeClassStrategy],
  ['coordination.k8s.io/Lease', leaseStrategy],
  ['certificates.k8s.io/CertificateSigningRequest', certificateRequestStrategy],
  [`${flow}/FlowSchema`, flowSchemaStrategy],
  [`${flow}/PriorityLevelConfiguration`, priorityLevelStrategy],
  ['admissionregistration.k8s.io/MutatingWebhookConfiguration', webhooksStrategy],
  ['admissionregistration.k8s.io/ValidatingWebhookConfiguration', webhooksStrategy],
  ['admissionregistration.k8s.io/ValidatingAdmissionPolicy', policyStrategy],
  ['admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding', policyBindingStrategy],
  ['admissionregistration.k8s.io/MutatingAdmissionPolicy', mutatingPolicyStrategy],
  ['admissionregistration.k8s.io/MutatingAdmissionPolicyBinding', mutatingBindingStrategy],
];
