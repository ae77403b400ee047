/** All built-in resources, groups in the order in which `/apis` lists them, the preferred version of a group first. */

import { admissionregistrationResources } from './admissionregistration.ts';
import { apiextensionsResources } from './apiextensions.ts';
import { apiregistrationResources } from './apiregistration.ts';
import { appsResources } from './apps.ts';
import { authenticationResources } from './authentication.ts';
import { authorizationResources } from './authorization.ts';
import { autoscalingResources } from './autoscaling.ts';
import { batchResources } from './batch.ts';
import { certificatesResources } from './certificates.ts';
import { coordinationResources } from './coordination.ts';
import { coreResources } from './core.ts';
import { discoveryResources } from './discovery.ts';
import { eventsResources } from './events.ts';
import { flowcontrolResources } from './flowcontrol.ts';
import { networkingResources } from './networking.ts';
import { nodeResources } from './node.ts';
import { policyResources } from './policy.ts';
import { rbacResources } from './rbac.ts';
import { resourceResources } from './resource.ts';
import { schedulingResources } from './scheduling.ts';
import { storageResources } from './storage.ts';
import type { ResourceType } from './types.ts';

export const builtInResources: readonly ResourceType[] = [
  ...coreResources,
  ...apiregistrationResources,
  ...appsResources,
  ...eventsResources,
  ...authenticationResources,
  ...authorizationResources,
  ...autoscalingResources,
  ...batchResources,
  ...certificatesResources,
  ...networkingResources,
  ...policyResources,
  ...rbacResources,
  ...storageResources,
  ...admissionregistrationResources,
  ...apiextensionsResources,
  ...schedulingResources,
  ...coordinationResources,
  ...nodeResources,
  ...discoveryResources,
  ...resourceResources,
  ...flowcontrolResources,
];
