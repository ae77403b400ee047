/** What types and fields of nodes, namespaces, configuration, events, quotas, leases and flow control are for. Form: `descriptions.ts`. */

export const clusterWords: string = `
# core.v1.ConfigMap: Configuration as keys and texts, for pods to read.
immutable: Whether data can no longer be changed; once true, it stays so.
data: Keys and texts in UTF-8; a key has letters, digits, dashes, dots and underscores.
binaryData: Keys and bytes that are no UTF-8; no key may also stand in data.
# core.v1.Secret: Small confidential data, such as passwords and keys.
immutable: Whether data can no longer be changed; once true, it stays so.
data: Keys and bytes in base64.
stringData: Keys and texts that are written into data, over keys of the same name, and never read back.
type: What the data is for, such as kubernetes.io/tls; it cannot be changed; Opaque when not set.
# core.v1.ServiceAccount: Who a pod is to the API.
secrets: Secrets that pods of the account may use, when that is enforced; tokens are no longer put here.
imagePullSecrets: Secrets for pulling images that pods of the account get when they name none.
automountServiceAccountToken: Whether pods of the account get a token mounted; pods can say otherwise.
# core.v1.Namespace: A room for names: objects in different ones can have the same name.
# core.v1.NamespaceSpec: What has to be done before a namespace goes.
finalizers: Names of what has to be done; kubernetes stands for the deletion of all that is in it.
# core.v1.NamespaceStatus: What was last seen of a namespace.
phase: Whether the namespace is in use or being deleted.
conditions: Aspects of the state, which tell why a deletion takes long.
# core.v1.NamespaceCondition: One aspect of the state of a namespace.
type: Aspect, such as NamespaceContentRemaining.
# core.v1.Node: A machine that runs pods.
# core.v1.NodeSpec: What a node is told.
podCIDR: Range of addresses for the pods of the node.
podCIDRs: Ranges of addresses for the pods of the node, of which the first equals podCIDR; one per IP family.
providerID: Name of the machine with its cloud, as provider://id.
unschedulable: Whether no further pods are placed on the node; kubectl cordon sets it.
taints: What keeps pods away that do not tolerate it.
configSource: Where the kubelet took its configuration from; no longer supported.
externalID: Older name of the machine; no longer used.
# core.v1.Taint: Keeps pods from a node, or drives them away, unless they tolerate it.
key: Key of the taint.
value: Value of the taint.
effect: What happens to pods that do not tolerate it: not placed, rather not placed, or also driven away.
timeAdded: When the taint was added.
# core.v1.NodeStatus: What was last seen of a node, told by its kubelet.
capacity: Resource to all that the node has of it.
allocatable: Resource to what of it pods can have.
phase: No longer used.
conditions: Aspects of the state: Ready, MemoryPressure, DiskPressure, PIDPressure and the like.
addresses: Addresses and names of the node.
daemonEndpoints: Ports of what runs on the node for the cluster.
nodeInfo: Ids of the machine and versions of its software.
images: Images that are on the node.
volumesInUse: Volumes that are mounted on the node.
volumesAttached: Volumes that the node has attached.
config: State of the configuration that was assigned to the kubelet; no longer supported.
runtimeHandlers: Ways in which the node can run containers.
features: Features of the container runtime.
declaredFeatures: Features that the kubelet says it has, by which pods are placed.
# core.v1.NodeAddress: An address of a node.
type: What it is: Hostname, InternalIP, ExternalIP, InternalDNS or ExternalDNS.
address: The address or name.
# core.v1.NodeCondition: One aspect of the state of a node.
type: Aspect: Ready, MemoryPressure, DiskPressure, PIDPressure, NetworkUnavailable or one of the user's own.
lastHeartbeatTime: When the condition was last told.
# core.v1.NodeDaemonEndpoints: Ports of what runs on a node for the cluster.
kubeletEndpoint: Port of the kubelet.
# core.v1.DaemonEndpoint: A port of a node.
Port: Number of the port.
# core.v1.NodeSystemInfo: Ids of a machine and versions of its software.
machineID: Id of the machine as /etc/machine-id has it.
systemUUID: UUID of the machine as its firmware has it.
bootID: Id that is new each time the machine starts.
kernelVersion: Version of the kernel.
osImage: Name and version of the operating system.
containerRuntimeVersion: Container runtime and its version, as name://version.
kubeletVersion: Version of the kubelet.
kubeProxyVersion: Version of kube-proxy, which nobody knows for certain; out of use.
operatingSystem: Operating system, such as linux.
architecture: Architecture of the processor, such as amd64.
swap: Swap space of the machine.
# core.v1.NodeSwapStatus: Swap space of a machine.
capacity: Its size in bytes.
# core.v1.ContainerImage: An image that is on a node.
names: Names of the image, with tags and digests.
sizeBytes: Bytes that the image takes.
# core.v1.AttachedVolume: A volume that a node has attached.
name: Name of the volume, as attachments name it.
devicePath: Path of its device on the node.
# core.v1.NodeRuntimeHandler: A way in which a node can run containers.
name: Name of the way; empty for the usual one.
features: What can be done in this way.
# core.v1.NodeRuntimeHandlerFeatures: What a way of running containers can do.
recursiveReadOnlyMounts: Whether mounts can be read-only with all that is below.
userNamespaces: Whether pods can have user namespaces of their own.
# core.v1.NodeFeatures: What the container runtime of a node can do.
supplementalGroupsPolicy: Whether it knows supplementalGroupsPolicy of pods.
# core.v1.NodeConfigSource: Where a kubelet took its configuration from; no longer supported.
configMap: ConfigMap with the configuration.
# core.v1.ConfigMapNodeConfigSource: A ConfigMap with the configuration of a kubelet; no longer supported.
namespace: Namespace of the ConfigMap.
name: Name of the ConfigMap.
uid: UID of the ConfigMap; only in the status.
resourceVersion: Resource version of the ConfigMap; only in the status.
kubeletConfigKey: Key of the ConfigMap that holds the configuration.
# core.v1.NodeConfigStatus: State of the configuration of a kubelet; no longer supported.
assigned: Configuration that the kubelet will try to use.
active: Configuration that the kubelet uses.
lastKnownGood: Configuration that it goes back to when the assigned one fails.
error: What is wrong with the assigned configuration.
# core.v1.ComponentStatus: Whether a part of the control plane is well; out of use.
conditions: Aspects of its state.
# core.v1.ComponentCondition: One aspect of the state of a part of the control plane.
type: Aspect: Healthy.
status: Whether it holds: True, False or Unknown.
message: What the part said.
error: Why it could not be asked.
# core.v1.ObjectReference: Names any object; which of the fields are set depends on who refers.
kind: Kind of the object.
namespace: Namespace of the object.
name: Name of the object.
uid: UID of the object.
apiVersion: Group and version of the object's kind.
resourceVersion: Resource version of the object that is meant.
fieldPath: Part of the object that is meant, such as spec.containers{name}.
# core.v1.LocalObjectReference: Names an object of the same namespace, of a kind that is known.
name: Name of the object.
# core.v1.SecretReference: Names a Secret of any namespace.
name: Name of the Secret.
namespace: Namespace of the Secret.
# core.v1.TypedLocalObjectReference: Names an object of the same namespace.
# core.v1.TypedObjectReference: Names an object, which may be of another namespace.
namespace: Namespace of the object; a ReferenceGrant there has to allow it when it is another one.
# core.v1.TypedLocalObjectReference core.v1.TypedObjectReference
apiGroup: Group of the object's kind; the core group when not set.
kind: Kind of the object.
name: Name of the object.
# core.v1.Event: Something that happened to an object; kept for a while.
involvedObject: Object that it happened to.
reason: Why it happened, in one word for programs.
message: What happened, for people.
source: Who told it, in the older form.
firstTimestamp: When it was first told.
lastTimestamp: When it was last told.
count: How often it was told.
type: How grave it is: Normal or Warning.
eventTime: When it happened, in the newer form.
series: How often it came again, in the newer form; not set for a single event.
action: What was done about the object.
related: Another object that has to do with it.
reportingComponent: Controller that told it, such as kubernetes.io/kubelet.
reportingInstance: Which instance of the controller told it.
# core.v1.EventSource: Who told an event.
component: Program that told it.
host: Node that it was told from.
# events.v1.Event: Something that happened to an object; kept for a while.
eventTime: When it was first seen.
series: How often it came again; not set for a single event.
reportingController: Controller that told it, such as kubernetes.io/kubelet; it cannot be changed.
reportingInstance: Which instance of the controller told it; it cannot be changed.
action: What was done or failed, in one word for programs.
reason: Why it was done, in one word for programs.
regarding: Object that it is about, often the one that the controller looks after.
related: Another object that has to do with it.
note: What happened, for people; at most 1024 bytes.
type: How grave it is: Normal or Warning.
deprecatedSource: Who told it, in the older form.
deprecatedFirstTimestamp: When it was first told, in the older form.
deprecatedLastTimestamp: When it was last told, in the older form.
deprecatedCount: How often it was told, in the older form.
# core.v1.EventSeries: Equal events that came one after another.
# events.v1.EventSeries: Equal events that came one after another.
# core.v1.EventSeries events.v1.EventSeries
count: How many there were up to the last heartbeat.
lastObservedTime: When the last one was seen.
# core.v1.LimitRange: Limits and defaults for the resources of single objects in a namespace.
# core.v1.LimitRangeSpec: The limits of a LimitRange.
limits: Limits, each for one type of object.
# core.v1.LimitRangeItem: Limits and defaults for one type of object.
type: What it limits: Pod, Container or PersistentVolumeClaim.
max: Resource to the most that an object may have.
min: Resource to the least that an object has to have.
default: Resource to the limit of containers that set none.
defaultRequest: Resource to the request of containers that set none.
maxLimitRequestRatio: Resource to how many times its request a limit may be.
# core.v1.ResourceQuota: How much all objects of a namespace may use together.
# core.v1.ResourceQuotaSpec: The limits of a quota, and what counts against them.
hard: Resource to its limit, such as requests.cpu, pods or count/deployments.apps.
scopes: Kinds of objects that are counted: those that all of the scopes match; all when not set.
scopeSelector: The same as scopes with values, such as names of priority classes.
# core.v1.ResourceQuotaStatus: How much is used of a quota.
hard: Limits that are in force.
used: Resource to what is used of it.
# core.v1.ScopeSelector: Selects what a quota counts; all requirements have to be met.
matchExpressions: Requirements by scope.
# core.v1.ScopedResourceSelectorRequirement: A scope, and values that it may have.
scopeName: Scope that is meant.
operator: How the scope relates to the values; only PriorityClass and VolumeAttributesClass take values.
values: Values for In and NotIn; none for Exists and DoesNotExist.
# coordination.v1.Lease: Who holds something, such as leadership, and until when.
# coordination.v1.LeaseSpec: Who holds a lease.
holderIdentity: Who holds it; empty when nobody does.
leaseDurationSeconds: Seconds after its renewal after which others may take it.
acquireTime: When the holder took it.
renewTime: When the holder last renewed it.
leaseTransitions: How often it went from one holder to another.
strategy: How the holder is chosen when candidates are elected by the system.
preferredHolder: Candidate to whom the holder is to leave it; only with strategy.
# flowcontrol.v1.FlowSchema: Sorts requests into flows, and says which priority level serves them.
# flowcontrol.v1.FlowSchemaSpec: Which requests a FlowSchema is about, and where they go.
priorityLevelConfiguration: Priority level that serves the requests.
matchingPrecedence: Order in which schemas are looked at, the lowest first, from 1 to 10000; 1000 when not set.
distinguisherMethod: How the requests are told apart into flows; all are one flow when not set.
rules: Which requests are meant: those that any of the rules matches.
# flowcontrol.v1.FlowSchemaStatus: What was last seen of a FlowSchema.
# flowcontrol.v1.PriorityLevelConfigurationStatus: What was last seen of a priority level.
# flowcontrol.v1.FlowSchemaStatus flowcontrol.v1.PriorityLevelConfigurationStatus
conditions: Aspects of the state, one of each type.
# flowcontrol.v1.FlowSchemaCondition: One aspect of the state of a FlowSchema.
type: Aspect, such as Dangling.
# flowcontrol.v1.PriorityLevelConfigurationCondition: One aspect of the state of a priority level.
type: Name of the aspect.
# flowcontrol.v1.FlowDistinguisherMethod: How requests are told apart into flows.
type: By what: ByUser or ByNamespace.
# flowcontrol.v1.PriorityLevelConfigurationReference: Names a priority level.
name: Name of the PriorityLevelConfiguration.
# flowcontrol.v1.PolicyRulesWithSubjects: Requests that come from one of the subjects and match one of the rules.
subjects: Users, groups and service accounts whose requests are meant.
resourceRules: Requests for resources that are meant.
nonResourceRules: Requests for other paths that are meant.
# flowcontrol.v1.Subject: Who sends requests; besides the kind, the field of its name is set.
kind: What is meant: User, Group or ServiceAccount.
user: A user by name.
group: All users of a group.
serviceAccount: A service account, or all of a namespace.
# flowcontrol.v1.UserSubject: A user.
name: Name of the user; * is any.
# flowcontrol.v1.GroupSubject: A group of users.
name: Name of the group; * is any.
# flowcontrol.v1.ServiceAccountSubject: A service account.
namespace: Namespace of the account.
name: Name of the account; * is any of the namespace.
# flowcontrol.v1.ResourcePolicyRule: Requests for resources; each of the fields has to match.
apiGroups: Groups of the API; * is any.
resources: Resources, with /subresource where one is meant; * is any.
clusterScope: Whether requests that name no namespace are meant, too.
namespaces: Namespaces of the requests; * is any.
# flowcontrol.v1.NonResourcePolicyRule: Requests for paths that are no resources.
nonResourceURLs: Paths, with * at the end for all that begin so.
# flowcontrol.v1.ResourcePolicyRule flowcontrol.v1.NonResourcePolicyRule
verbs: Verbs of the requests; * is any.
# flowcontrol.v1.PriorityLevelConfiguration: A level of requests with a share of the server of its own.
# flowcontrol.v1.PriorityLevelConfigurationSpec: How the requests of a level are limited.
type: Whether requests are limited at all: Limited or Exempt.
limited: Limits, for type Limited.
exempt: What the level leaves to others, for type Exempt.
# flowcontrol.v1.LimitedPriorityLevelConfiguration: Limits of a level.
nominalConcurrencyShares: Share of the server's places that the level has, in relation to the other levels; 30 when not set.
limitResponse: Whether requests wait or are refused when all places are taken.
lendablePercent: Percentage of its places that other levels may borrow; 0 when not set.
borrowingLimitPercent: Most that it may borrow from others, as a percentage of its places; no limit when not set.
# flowcontrol.v1.ExemptPriorityLevelConfiguration: What a level without limits leaves to others.
nominalConcurrencyShares: Share of the server's places that is set aside for the level; 0 when not set.
lendablePercent: Percentage of those places that other levels may borrow; 0 when not set.
# flowcontrol.v1.LimitResponse: What is done with requests that find no place.
type: Queue lets them wait, Reject refuses them.
queuing: How they wait, for type Queue.
# flowcontrol.v1.QueuingConfiguration: How requests wait.
queues: Number of queues; more of them keep flows better apart; 64 when not set.
handSize: Queues that each flow is dealt, of which the shortest takes a request; 8 when not set.
queueLengthLimit: Most requests that wait in a queue, beyond which they are refused; 50 when not set.
`;
