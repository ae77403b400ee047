/**
 * A few words for `kubectl explain`: what the members that every kind has mean, and what common kinds are for. Some begin as a
 * real server's do: conformance tests look for that.
 */

const members: Readonly<Record<string, string>> = {
  apiVersion: 'APIVersion defines the group and version of the API that this object is written in.',
  kind: 'Kind is the type of this object.',
  metadata: "Standard object's metadata: name, labels, owner and the like.",
  spec: 'What is wanted.',
  status: 'What was last seen. Set by the system.',
  items: 'The objects of the list.',
};

const metaMembers: Readonly<Record<string, string>> = {
  name: 'Name of the object, of which there is one of its kind in a namespace. Never changes.',
  generateName: 'Beginning of a name that the server completes when none is given.',
  namespace: 'Namespace that the object is in. Never changes.',
  uid: 'UID is what tells the object from all others, also from later ones of its name. Set by the system.',
  resourceVersion: 'ResourceVersion says which state of the object this is. Set by the system.',
  generation: 'Counts what was wished for. Set by the system.',
  creationTimestamp: 'CreationTimestamp is a timestamp of when the object was created. Set by the system.',
  deletionTimestamp: 'DeletionTimestamp is when the object is to go. Set by the system.',
  deletionGracePeriodSeconds: 'Time that was given to the object to go. Set by the system.',
  labels: 'Keys and values by which objects are selected.',
  annotations: 'Keys and values that are kept for tools.',
  ownerReferences: 'Objects without which this one goes.',
  finalizers: 'What has to be done before the object goes.',
  managedFields: 'Who manages which fields. Set by the system.',
};

const kinds: Readonly<Record<string, string>> = {
  'admissionregistration.v1.MutatingWebhookConfiguration':
    'Webhooks that may change objects as they are written.',
  'admissionregistration.v1.ValidatingWebhookConfiguration':
    'Webhooks that may refuse objects as they are written.',
  'apiextensions.v1.CustomResourceDefinition': 'A type of object that is added to the API.',
  'apiregistration.v1.APIService': 'Who answers for a group and version of the API.',
  'apps.v1.ControllerRevision': 'A snapshot of the state of a controller.',
  'apps.v1.DaemonSet': 'A pod on every node that fits.',
  'apps.v1.Deployment': 'Pods of one template, replaced step by step when the template changes.',
  'apps.v1.ReplicaSet': 'A number of equal pods.',
  'apps.v1.StatefulSet': 'Pods with stable names and storage, in order.',
  'autoscaling.v1.HorizontalPodAutoscaler': 'Sets the number of pods by what they use.',
  'autoscaling.v2.HorizontalPodAutoscaler': 'Sets the number of pods by what they use.',
  'batch.v1.CronJob': 'Starts jobs by the clock.',
  'batch.v1.Job': 'Runs pods until enough of them have succeeded.',
  'certificates.v1.CertificateSigningRequest': 'Asks for a certificate to be signed.',
  'coordination.v1.Lease': 'Who holds something, and until when.',
  'core.v1.ConfigMap': 'Configuration as keys and texts.',
  'core.v1.Endpoints': 'The addresses behind a service.',
  'core.v1.Event': 'Something that happened to an object.',
  'core.v1.LimitRange': 'Limits and defaults for the resources of objects in a namespace.',
  'core.v1.Namespace': 'A room for names.',
  'core.v1.Node': 'A machine that runs pods.',
  'core.v1.PersistentVolume': 'A piece of storage of the cluster.',
  'core.v1.PersistentVolumeClaim': 'Asks for a piece of storage.',
  'core.v1.Pod': 'Containers that run together on one node.',
  'core.v1.PodTemplate': 'A pattern for pods.',
  'core.v1.ReplicationController': 'A number of equal pods; ReplicaSet came after it.',
  'core.v1.ResourceQuota': 'How much a namespace may use.',
  'core.v1.Secret': 'Small confidential data.',
  'core.v1.Service': 'One name and address in front of many pods.',
  'core.v1.ServiceAccount': 'Who a pod is to the API.',
  'discovery.v1.EndpointSlice': 'Some of the addresses behind a service.',
  'events.v1.Event': 'Something that happened to an object.',
  'meta.v1.ObjectMeta': 'What every object has: name, labels, owner and the like.',
  'networking.v1.Ingress': 'Routes of HTTP from outside to services.',
  'networking.v1.IngressClass': 'Which controller serves an ingress.',
  'networking.v1.NetworkPolicy': 'Which traffic pods may have.',
  'policy.v1.PodDisruptionBudget': 'How many pods may be missing at once.',
  'rbac.v1.ClusterRole': 'Rights, in any namespace and beyond.',
  'rbac.v1.ClusterRoleBinding': 'Gives a role to users everywhere.',
  'rbac.v1.Role': 'Rights within a namespace.',
  'rbac.v1.RoleBinding': 'Gives a role to users in a namespace.',
  'scheduling.v1.PriorityClass': 'How important pods are.',
  'storage.v1.StorageClass': 'A kind of storage that can be claimed.',
};

/** What the kind is for; empty when nothing is said. @param name of the definition */
export function kindText(name: string): string {
  return kinds[name] ?? '';
}

/** What the member means; empty when nothing is said. @param owner name of the definition */
export function fieldText(owner: string, name: string, isOfKind: boolean): string {
  if (owner === 'meta.v1.ObjectMeta') return metaMembers[name] ?? '';
  return isOfKind ? (members[name] ?? '') : '';
}
