/** What types and fields of `meta`, and those that all groups share, are for. Form: `descriptions.ts`. */

export const metaWords: string = `
# meta.v1.ObjectMeta: What every stored object has beside its own fields: name, labels, owners, and what the server notes of it.
name: Name of the object, of which there is one of its kind in a namespace; it never changes.
generateName: Beginning of a name that the server completes with random characters when no name is given.
namespace: Namespace that the object is in; empty for kinds that are in none; it never changes.
selfLink: Address of the object in the API, which servers no longer fill in.
uid: UID is what tells the object from all others, also from later ones of its name; set by the system.
resourceVersion: ResourceVersion says which state of the object this is, for watches and for updates that must not overwrite; set by the system.
generation: Number of the state that is wished for, which rises with each change of the spec; set by the system.
creationTimestamp: CreationTimestamp is a timestamp of when the object was created; set by the system.
deletionTimestamp: DeletionTimestamp is when the object is to go, set by the system once its deletion was asked for; it stays until no finalizer is left.
deletionGracePeriodSeconds: Seconds that the object was given to end by itself when its deletion was asked for; set by the system.
labels: Keys and values by which objects are selected and put into groups.
annotations: Keys and values that tools keep with the object; nothing is selected by them.
ownerReferences: Objects that this one depends on: once all of them are gone, it is deleted as well.
finalizers: Names of what has to be done before the object goes; whoever has done its part takes its name out.
managedFields: Which manager set which fields, kept for server-side apply; set by the system.
# meta.v1.OwnerReference: Names an object of the same namespace, or one without a namespace, that owns the object this stands in.
apiVersion: Group and version of the owner's kind.
kind: Kind of the owner.
name: Name of the owner.
uid: UID of the owner, so that a later object of the same name is not taken for it.
controller: Whether this owner is the one that manages the object; at most one is.
blockOwnerDeletion: Whether a foreground deletion of the owner has to wait until this object is gone.
# meta.v1.ManagedFieldsEntry: Fields that one manager set by one kind of write, in one version of the API.
manager: Name of whoever wrote, as given by the request or taken from its user agent.
operation: How the fields came to be managed: Apply or Update.
apiVersion: Group and version in which the fields are named.
time: When the set of fields last changed, or a value of one of them was written by the manager.
fieldsType: Form in which the fields are told; FieldsV1 is the only one.
fieldsV1: The fields themselves, in the form that fieldsType names.
subresource: Subresource by which was written, such as status; empty for the object itself.
# meta.v1.FieldsV1: A set of fields as a tree: f:name stands for a field, k:keys and v:value for items of lists, a dot for the thing itself.
# meta.v1.ListMeta: What a list says of itself beside its items.
selfLink: Address of the list in the API, which servers no longer fill in.
resourceVersion: State of the store that the list shows; a watch may begin there.
continue: Token for the request that gives the next part of the list; empty when this is the end.
remainingItemCount: How many items are still to come, roughly; left out when selectors were given.
shardInfo: Which part of all objects the list holds when the request asked for one shard.
# meta.v1.ShardInfo: The shard that a list was made for.
selector: Selector of the shard as the request gave it.
# meta.v1.LabelSelector: Selects objects by their labels: all of matchLabels and all of matchExpressions have to hold; an empty selector selects everything.
matchLabels: Labels that an object has to have with exactly these values.
matchExpressions: Requirements that the labels of an object have to meet, each of them.
# meta.v1.LabelSelectorRequirement: A condition on one label of an object.
key: Key of the label.
operator: How the label relates to the values: In, NotIn, Exists or DoesNotExist.
values: Values for In and NotIn; none for Exists and DoesNotExist.
# meta.v1.FieldSelectorRequirement: A condition on one field that objects can be selected by.
key: Path of the field.
operator: How the field relates to the values: In, NotIn, Exists or DoesNotExist.
values: Values for In and NotIn; none for Exists and DoesNotExist.
# meta.v1.Condition: One aspect of the state of an object, and whether it holds.
type: Name of the aspect, in CamelCase; there is one condition of each type.
status: Whether the condition holds: True, False or Unknown.
observedGeneration: Generation of the object that the condition was found for; when the object has a later one, it may no longer hold.
lastTransitionTime: When the status last changed from one value to another.
reason: Why the status last changed, as one word in CamelCase for programs.
message: The same in a sentence for people; it may be empty.
# apiextensions.v1.CustomResourceDefinitionCondition apiregistration.v1.APIServiceCondition apps.v1.DaemonSetCondition apps.v1.DeploymentCondition apps.v1.ReplicaSetCondition apps.v1.StatefulSetCondition autoscaling.v2.HorizontalPodAutoscalerCondition batch.v1.JobCondition certificates.v1.CertificateSigningRequestCondition core.v1.NamespaceCondition core.v1.NodeCondition core.v1.PersistentVolumeClaimCondition core.v1.PodCondition core.v1.ReplicationControllerCondition flowcontrol.v1.FlowSchemaCondition flowcontrol.v1.PriorityLevelConfigurationCondition
status: Whether the condition holds: True, False or Unknown.
lastTransitionTime: When the status last changed from one value to another.
reason: Why the status last changed, as one word in CamelCase for programs.
message: The same in a sentence for people.
# meta.v1.Status: The answer to a request that gives no object: why it failed, or that it succeeded.
status: Whether the request succeeded: Success or Failure.
message: What happened, for people.
reason: Why the request failed, as one word for programs; it makes the HTTP code more precise.
details: More about the failure: the object it was about, each cause, when to try again.
code: HTTP status code of the answer.
# meta.v1.StatusDetails: What a failure was about; which of the fields are set depends on the reason.
name: Name of the object that the request was about.
group: Group of the resource that the request was about.
kind: Kind or resource that the request was about.
uid: UID of the object that the request was about.
causes: Every single cause of the failure, such as each invalid field.
retryAfterSeconds: Seconds after which the request may be sent again.
# meta.v1.StatusCause: One cause of a failure.
reason: What kind of cause it is, as one word for programs.
message: The cause in a sentence for people.
field: Path of the field at fault within the object, such as spec.containers[0].name.
# meta.v1.DeleteOptions: How an object is to be deleted.
apiVersion: APIVersion defines the group and version of the API that the options are written in.
kind: Kind of the options: DeleteOptions.
gracePeriodSeconds: Seconds the object gets to end by itself; 0 is at once, and the kind's own time holds when not set.
preconditions: What has to be true of the object, or else it is not deleted.
orphanDependents: Older form of propagationPolicy: true keeps the dependents, false deletes them; only one of the two may be set.
propagationPolicy: What happens to dependents: Orphan keeps them, Background deletes them afterwards, Foreground before the object itself.
dryRun: All runs every stage of the deletion and stores nothing; no other value is known.
ignoreStoreReadErrorWithClusterBreakingPotential: Whether an object that can no longer be read from the store is removed without finalizers and checks; dangerous.
# meta.v1.Preconditions: What has to be true of an object for a request to be carried out.
uid: UID that the object has to have.
resourceVersion: Resource version that the object has to have.
# meta.v1.Patch: A change to an object, in the form that the content type of the request names.
# meta.v1.WatchEvent: One event of a watch.
type: What happened: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.
object: The object after the event, as it was before it was deleted, or a Status for ERROR.
# meta.v1.Time: A moment to the second in RFC 3339, such as 2026-01-31T12:00:00Z.
# meta.v1.MicroTime: A moment to the microsecond in RFC 3339, such as 2026-01-31T12:00:00.000000Z.
# api.resource.Quantity: An exact number with an optional suffix: 100m is a tenth, 2Ki is 2048, 1G is a thousand million, 1e3 is 1000.
# util.intstr.IntOrString: A whole number, or a text such as a percentage or the name of a port.
# runtime.RawExtension: Any object, in the form that whoever reads it understands.
`;
