/** The defaults of all kinds that neither are pods nor make pods, by definition. */

import type { ApiObject } from '../api/objects.ts';
import { fillDefinition } from '../crd/definition-strategy.ts';
import { fillBinding, fillRole } from './access.ts';
import { fillAutoscaler, fillOldAutoscaler } from './autoscaling.ts';
import {
  fillEvent,
  fillGroupEvent,
  fillLease,
  fillLimitRange,
  fillNamespace,
  fillNode,
  fillQuota,
  fillRequest,
  fillSecret,
} from './core-kinds.ts';
import type { Defaulter } from './index.ts';
import { fillIngress, fillIngressClass, fillNetworkPolicy, fillServiceRange } from './network.ts';
import { settle } from './pod.ts';
import {
  fillAdmissionBinding,
  fillAdmissionPolicy,
  fillApiService,
  fillBudget,
  fillFlowSchema,
  fillMutatingWebhooks,
  fillPriorityClass,
  fillPriorityLevel,
  fillValidatingWebhooks,
} from './policies.ts';
import { fillEndpointSlice, fillEndpoints, fillService } from './services.ts';
import {
  fillAttributesClass,
  fillClaim,
  fillStorageClass,
  fillStorageDriver,
  fillStorageNode,
  fillVolumeAttachment,
  fillVolumeObject,
} from './volumes.ts';

const fillers: Readonly<Record<string, Defaulter>> = {
  'apiextensions.v1.CustomResourceDefinition': fillDefinition,
  'apiregistration.v1.APIService': fillApiService,
  'core.v1.Service': fillService,
  'core.v1.Endpoints': fillEndpoints,
  'core.v1.Secret': fillSecret,
  'core.v1.Namespace': fillNamespace,
  'core.v1.Node': fillNode,
  'core.v1.LimitRange': fillLimitRange,
  'core.v1.ResourceQuota': fillQuota,
  'core.v1.Event': fillEvent,
  'core.v1.PersistentVolume': fillVolumeObject,
  'core.v1.PersistentVolumeClaim': fillClaim,
  'events.v1.Event': fillGroupEvent,
  'discovery.v1.EndpointSlice': fillEndpointSlice,
  'networking.v1.Ingress': fillIngress,
  'networking.v1.IngressClass': fillIngressClass,
  'networking.v1.NetworkPolicy': fillNetworkPolicy,
  'networking.v1.ServiceCIDR': fillServiceRange,
  'storage.v1.StorageClass': fillStorageClass,
  'storage.v1.VolumeAttachment': fillVolumeAttachment,
  'storage.v1.VolumeAttributesClass': fillAttributesClass,
  'storage.v1.CSIDriver': fillStorageDriver,
  'storage.v1.CSINode': fillStorageNode,
  'rbac.v1.Role': fillRole,
  'rbac.v1.ClusterRole': fillRole,
  'rbac.v1.RoleBinding': fillBinding,
  'rbac.v1.ClusterRoleBinding': fillBinding,
  'autoscaling.v2.HorizontalPodAutoscaler': fillAutoscaler,
  'autoscaling.v1.HorizontalPodAutoscaler': fillOldAutoscaler,
  'policy.v1.PodDisruptionBudget': fillBudget,
  'scheduling.v1.PriorityClass': fillPriorityClass,
  'coordination.v1.Lease': fillLease,
  'certificates.v1.CertificateSigningRequest': fillRequest,
  'flowcontrol.v1.FlowSchema': fillFlowSchema,
  'flowcontrol.v1.PriorityLevelConfiguration': fillPriorityLevel,
  'admissionregistration.v1.MutatingWebhookConfiguration': fillMutatingWebhooks,
  'admissionregistration.v1.ValidatingWebhookConfiguration': fillValidatingWebhooks,
  'admissionregistration.v1.ValidatingAdmissionPolicy': fillAdmissionPolicy,
  'admissionregistration.v1.MutatingAdmissionPolicy': fillAdmissionPolicy,
  'admissionregistration.v1.ValidatingAdmissionPolicyBinding': fillAdmissionBinding,
  'admissionregistration.v1.MutatingAdmissionPolicyBinding': fillAdmissionBinding,
};

export const clusterDefaults: readonly (readonly [string, Defaulter])[] = Object.entries(fillers).map(
  ([definition, fillIn]) => [
    definition,
    (object: ApiObject): void => {
      fillIn(object);
      settle(object, definition);
    },
  ],
);
