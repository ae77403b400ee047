/** What types and fields of pods and their containers are for. Form: `descriptions.ts`. */

export const podWords: string = `
# core.v1.Pod: Containers that run together on one node and share network and volumes: the smallest thing that is scheduled.
# core.v1.PodSpec: What a pod runs, with which rights and storage, and where it may run.
volumes: Volumes that containers of the pod can mount, by name.
initContainers: Containers that run to their end one after another before the others start; with restartPolicy Always, beside them.
containers: Containers of the pod, of which there is at least one; none can be added or taken away later.
ephemeralContainers: Containers added to a running pod to look into it, by way of the subresource ephemeralcontainers; they are never restarted.
restartPolicy: When containers of the pod are started again after they ended; Always when not set.
terminationGracePeriodSeconds: Seconds from the signal to stop until processes are killed; 0 kills at once, 30 when not set.
activeDeadlineSeconds: Seconds after its start on a node after which the pod is stopped and marked as failed.
dnsPolicy: Where names are resolved: by the cluster, by the node (Default), or as dnsConfig says (None); ClusterFirst when not set.
nodeSelector: Labels that a node has to have, with these values, for the pod to run there.
serviceAccountName: ServiceAccount that the pod runs as; default when not set.
serviceAccount: Older name of serviceAccountName, kept equal to it.
automountServiceAccountToken: Whether a token of the service account is mounted into the containers; the service account decides when not set.
nodeName: Node that the pod is bound to; the scheduler sets it, and a pod that comes with one is not scheduled.
hostNetwork: Whether the pod uses the network of the node instead of one of its own; false when not set.
hostPID: Whether the pod sees the processes of the node; false when not set.
hostIPC: Whether the pod shares the inter-process communication of the node; false when not set.
shareProcessNamespace: Whether containers of the pod see and can signal the processes of each other; false when not set.
securityContext: Security settings of the whole pod, which hold for each container that has none of its own.
imagePullSecrets: Secrets of the pod's namespace with credentials for pulling images.
hostname: Host name within the pod; the name of the pod when not set.
subdomain: Name put between host name and namespace, so that the pod is hostname.subdomain.namespace.svc.domain.
affinity: Rules by which nodes and other pods attract the pod or keep it away.
schedulerName: Scheduler that is to place the pod; default-scheduler when not set.
tolerations: Taints of nodes that the pod puts up with.
hostAliases: Lines that are added to the hosts file of the pod.
priorityClassName: PriorityClass that gives the pod its priority; the global default, if there is one, when not set.
priority: How important the pod is, higher before lower; set from the priority class on admission.
dnsConfig: DNS settings that are added to those that dnsPolicy gives.
readinessGates: Conditions besides readiness of all containers that have to be True for the pod to be ready.
runtimeClassName: RuntimeClass that says how the containers are run; the node's usual way when not set.
enableServiceLinks: Whether services of the namespace are told in variables of the environment; true when not set.
preemptionPolicy: Whether the pod may push out pods of lower priority; PreemptLowerPriority when not set.
overhead: Resources that running the pod takes beyond those of its containers; set from the runtime class on admission.
topologySpreadConstraints: How pods of a group are to be spread over zones, nodes or other domains; all of them have to hold.
setHostnameAsFQDN: Whether the host name within the pod is the fully qualified one; false when not set.
os: Operating system of the containers, by which fields that do not apply to it are refused.
hostUsers: Whether user ids are those of the node; false runs the pod in a user namespace of its own; true when not set.
schedulingGates: Names that keep the scheduler from looking at the pod until all of them are taken out; only a new pod can have them.
resourceClaims: Claims for devices that have to be allocated before the pod can start; containers refer to them by name.
resources: Requests and limits of the pod as a whole, which its containers share.
hostnameOverride: Host name within the pod in place of hostname and subdomain; what DNS says of the pod stays as it is.
schedulingGroup: Group of pods that the pod is scheduled with.
# core.v1.PodSchedulingGroup: Names the group of pods that are placed together.
podGroupName: Name of the PodGroup in the namespace of the pod.
# core.v1.PodStatus: What was last seen of a pod, told by the kubelet of its node; it may be out of date when the node is out of reach.
observedGeneration: Generation of the pod that the status was made for.
phase: How far the pod has come, in one word; conditions and container statuses say more.
conditions: Aspects of the state of the pod, such as PodScheduled, Initialized, ContainersReady and Ready.
message: Why the pod is in this state, in a sentence for people.
reason: Why the pod is in this state, in one word such as Evicted.
nominatedNodeName: Node where room is being made for the pod by pushing out others; it may still be bound elsewhere.
hostIP: Address of the node that the pod is on; empty while it is on none.
hostIPs: Addresses of the node, of which the first equals hostIP; at most one IPv4 and one IPv6.
podIP: Address of the pod, reachable within the cluster; empty until it has one.
podIPs: Addresses of the pod, of which the first equals podIP; at most one IPv4 and one IPv6.
startTime: When the kubelet took note of the pod, before any image was pulled.
initContainerStatuses: State of each init container.
containerStatuses: State of each container.
qosClass: Class by requests and limits, which decides who has to go first when a node runs short.
ephemeralContainerStatuses: State of each ephemeral container that was added.
resize: How far a change of the containers' resources has come; conditions tell the same since 1.33.
resourceClaimStatuses: Which ResourceClaims stand for the claims that the spec names.
extendedResourceClaimStatus: ResourceClaim that was made for extended resources which devices provide.
allocatedResources: Resources that the node has set aside for the pod as a whole.
resources: Requests and limits that are in force for the pod as a whole.
nodeAllocatableResourceClaimStatuses: Resources of the node, such as cpu, that the pod was given by way of claims.
# core.v1.NodeAllocatableResourceClaimStatus: Resources of the node that one claim gave to a pod.
resourceClaimName: Name of the ResourceClaim.
containers: Containers of the pod that use the claim.
resources: Resource to amount that was allocated through the claim.
# core.v1.PodCondition: One aspect of the state of a pod.
type: Aspect: PodScheduled, Initialized, ContainersReady, Ready, DisruptionTarget or one of a controller's own.
observedGeneration: Generation of the pod that the condition was set for.
lastProbeTime: When the condition was last looked at.
# core.v1.HostIP: An address of the node that a pod is on.
ip: The address, IPv4 or IPv6.
# core.v1.PodIP: An address of a pod.
ip: The address, IPv4 or IPv6.
# core.v1.PodResourceClaim: A claim for devices under a name that containers of the pod use; exactly one source is set.
name: Name of the claim within the pod.
resourceClaimName: ResourceClaim in the pod's namespace that already exists and may be shared with other pods.
resourceClaimTemplateName: ResourceClaimTemplate from which a claim is made for this pod alone and deleted with it.
# core.v1.PodResourceClaimStatus: The ResourceClaim that was made for a claim of the pod.
name: Name of the claim within the pod.
resourceClaimName: ResourceClaim that was made; when not set, none was needed.
# core.v1.PodExtendedResourceClaimStatus: The claim that stands behind the extended resources of a pod.
requestMappings: Which request of the claim serves which container and resource.
resourceClaimName: ResourceClaim that was made for the pod.
# core.v1.ContainerExtendedResourceRequest: Maps an extended resource of a container to a request of a claim.
containerName: Container that asks for the resource.
resourceName: Name of the extended resource in the container.
requestName: Name of the request in the claim.
# core.v1.PodSchedulingGate: Something that has to be done before a pod may be scheduled.
name: Name of the gate, unique within the pod.
# core.v1.PodReadinessGate: A condition that counts for the readiness of a pod.
conditionType: Type of a condition in the status of the pod.
# core.v1.PodOS: The operating system of a pod.
name: Name of the operating system: linux or windows.
# core.v1.PodDNSConfig: DNS settings of a pod beside those that follow from its policy.
nameservers: Addresses of name servers, added to those of the policy.
searches: Domains in which short names are looked for, added to those of the policy.
options: Options of the resolver, which win over those of the policy with the same name.
# core.v1.PodDNSConfigOption: An option of the resolver.
name: Name of the option, such as ndots.
value: Value of the option; some have none.
# core.v1.HostAlias: A line of the hosts file of a pod.
ip: Address that the names stand for.
hostnames: Names for the address.
# core.v1.PodTemplate: A pattern for pods, kept under a name of its own.
template: Pods that are made from the pattern.
# core.v1.PodTemplateSpec: The pod that a controller makes: its labels and annotations, and its spec.
metadata: Standard object's metadata of the pods that are made; labels and annotations are taken from it.
spec: What pods made of the template run.
# core.v1.Binding: Ties a pod to a node; the scheduler writes it.
target: Node that the pod is to run on.
# core.v1.Container: One container of a pod: an image with its command, environment, ports, mounts and checks.
name: Name of the container, a DNS label that no other container of the pod has; it cannot be changed.
ports: Ports that the container serves on, for information: one that is not listed can be reached as well.
resources: Resources of the node that the container needs and the most that it may use.
resizePolicy: Whether a change of resources while the container runs restarts it, resource by resource.
restartPolicy: When the container is started again, in place of the pod's policy; Always makes an init container one that keeps running.
restartPolicyRules: Rules by exit code, the first that matches decides; restartPolicy holds when none does.
livenessProbe: Check whose failure restarts the container.
readinessProbe: Check that decides whether the pod is ready, and so whether services send traffic to it.
startupProbe: Check that has to succeed once before the other probes begin; its failure restarts the container.
lifecycle: What is done right after the container has started and before it is stopped.
# core.v1.EphemeralContainer: A container that is added to a running pod, for looking into it; it has no guarantee of resources.
name: Name of the container, a DNS label that no other container of the pod has.
ports: Not allowed for ephemeral containers.
resources: Not allowed for ephemeral containers, which use what the pod has left.
resizePolicy: Not allowed for ephemeral containers, as they have no resources of their own.
restartPolicy: Not allowed for ephemeral containers, which are never started again.
restartPolicyRules: Not allowed for ephemeral containers, which are never started again.
livenessProbe: Not allowed for ephemeral containers.
readinessProbe: Not allowed for ephemeral containers.
startupProbe: Not allowed for ephemeral containers.
lifecycle: Not allowed for ephemeral containers.
targetContainerName: Container of the pod whose namespaces, such as that of processes, are joined; those of the pod when not set.
# core.v1.Container core.v1.EphemeralContainer
image: Image to run: registry, repository, and a tag or digest.
command: Program to run in place of the image's entry point, without a shell; $(NAME) stands for a variable of the environment.
args: Arguments in place of the image's own; $(NAME) stands for a variable of the environment, $$(NAME) for that text.
workingDir: Directory that the program starts in; the one of the image when not set.
envFrom: ConfigMaps and Secrets all of whose keys become variables; a later one wins over an earlier, and env over all.
env: Variables of the environment, in order, so that a later one can refer to an earlier one.
volumeMounts: Where volumes of the pod are mounted in the container.
volumeDevices: Where volumes of the pod appear as block devices in the container.
terminationMessagePath: File whose content becomes the message of the container when it has ended; /dev/termination-log when not set.
terminationMessagePolicy: Where that message is from: the file alone, or also the end of the log when the container failed and the file is empty.
imagePullPolicy: When the image is pulled; when not set, Always for the tag latest or no tag, and IfNotPresent for others.
securityContext: Security settings of the container, which win over those of the pod.
stdin: Whether standard input is kept open for those who attach; false when not set, and reads then end at once.
stdinOnce: Whether standard input is closed for good once the first client has detached; false when not set.
tty: Whether the container gets a terminal, for which stdin has to be true; false when not set.
# core.v1.ContainerPort: A port of a container.
name: Name of the port, unique within the pod, by which services can refer to it.
hostPort: Port of the node that leads to the container; with the host's network it has to equal containerPort.
containerPort: Port within the pod, from 1 to 65535.
protocol: Protocol of the port; TCP when not set.
hostIP: Address of the node that hostPort is bound to; all of them when not set.
# core.v1.EnvVar: A variable of a container's environment.
name: Name of the variable.
value: Text of the variable, in which $(NAME) stands for one that is set before; empty when not set.
valueFrom: Where the text is taken from, in place of value.
# core.v1.EnvVarSource: Where the text of a variable is taken from; exactly one is set.
fieldRef: A field of the pod, such as metadata.name or status.podIP.
resourceFieldRef: A request or limit of a container.
configMapKeyRef: Text under a key of a ConfigMap.
secretKeyRef: Text under a key of a Secret.
fileKeyRef: A variable from a file in an emptyDir volume of the pod.
# core.v1.EnvFromSource: Something all of whose keys become variables.
prefix: Text put before each key to make the name of its variable.
configMapRef: ConfigMap to take the keys from.
secretRef: Secret to take the keys from.
# core.v1.ConfigMapEnvSource: A ConfigMap whose keys become variables.
# core.v1.SecretEnvSource: A Secret whose keys become variables.
# core.v1.ConfigMapKeySelector: A key of a ConfigMap.
key: Key whose value is taken.
# core.v1.SecretKeySelector: A key of a Secret.
key: Key whose value is taken.
# core.v1.ConfigMapEnvSource core.v1.ConfigMapKeySelector
name: Name of the ConfigMap in the namespace of the pod.
optional: Whether the container may start when the ConfigMap or the key is not there.
# core.v1.SecretEnvSource core.v1.SecretKeySelector
name: Name of the Secret in the namespace of the pod.
optional: Whether the container may start when the Secret or the key is not there.
# core.v1.FileKeySelector: A key of a file of variables in a volume of the pod.
volumeName: Name of the volume that holds the file.
path: Path of the file within the volume; it may not lead out of it.
key: Name of the variable in the file.
optional: Whether the container may start when the file or the key is not there; false when not set.
# core.v1.ObjectFieldSelector: A field of the pod.
apiVersion: Version of the API in which the path is meant; v1 when not set.
fieldPath: Path of the field, such as metadata.labels['app'] or spec.nodeName.
# core.v1.ResourceFieldSelector: A request or limit of a container, as a number.
containerName: Container that is meant; for variables, the one that they belong to when not set.
resource: Resource that is meant, such as limits.cpu or requests.memory.
divisor: Unit in which the amount is given, rounded up; 1 when not set.
# core.v1.ResourceRequirements: How much of each resource is needed and how much may be used.
limits: Resource to the most that may be used.
requests: Resource to the least that has to be there; equals limits when not set, if those are.
claims: Claims of the pod for devices that the container uses.
# core.v1.ResourceClaim: A claim of the pod that a container uses.
name: Name of the claim in the resourceClaims of the pod.
request: Request within the claim, when only that is used; all of the claim when not set.
# core.v1.ContainerResizePolicy: What a change of one resource does to a running container.
resourceName: Resource that it is about: cpu or memory.
restartPolicy: Whether the container is restarted for the change: NotRequired or RestartContainer.
# core.v1.ContainerRestartRule: What is done when a container ended in a certain way.
action: What is done: Restart, or RestartAllContainers for every one of the pod.
exitCodes: Exit codes for which the rule holds.
# core.v1.ContainerRestartRuleOnExitCodes: Exit codes for which a rule holds.
operator: Whether the code has to be one of the values or none of them: In or NotIn.
values: Exit codes, up to 255 of them.
# core.v1.Probe: A check of a container that is made again and again; exactly one way of checking is set.
initialDelaySeconds: Seconds from the start of the container until the first check; 0 when not set.
timeoutSeconds: Seconds after which a check without an answer has failed; 1 when not set.
periodSeconds: Seconds from one check to the next; 10 when not set.
successThreshold: Checks in a row that have to succeed after a failure; 1 when not set, and always 1 for liveness and startup.
failureThreshold: Checks in a row that have to fail before the probe counts as failed; 3 when not set.
terminationGracePeriodSeconds: Seconds the container gets to stop when the probe failed; those of the pod when not set.
grpc: Call of the standard health service over gRPC.
tcpSocket: TCP port to connect to.
# core.v1.Lifecycle: What is done at the start and at the end of a container.
postStart: Done right after the container was made; if it fails, the container is stopped and treated by its restart policy.
preStop: Done before the container is sent the signal to stop, within the grace period of the pod.
stopSignal: Signal that asks the container to stop; the one of the image or SIGTERM when not set.
# core.v1.LifecycleHandler: Something to do at a moment in the life of a container; exactly one is set.
sleep: Wait for some seconds.
tcpSocket: Of no use: whatever is set here fails when it is called.
# core.v1.Probe core.v1.LifecycleHandler
exec: Command to run in the container.
httpGet: HTTP request to send.
# core.v1.ExecAction: A command that is run in a container; it succeeded when it ends with 0.
command: Program and arguments, run in the root directory of the container without a shell.
# core.v1.HTTPGetAction: An HTTP GET; it succeeded when the answer's code is from 200 to 399.
path: Path to ask for; / when not set.
port: Port of the container, as a number or by its name.
host: Host to connect to; the address of the pod when not set.
scheme: Scheme to use; HTTP when not set.
httpHeaders: Headers to send; one name may come several times.
# core.v1.HTTPHeader: A header of an HTTP request.
name: Name of the header.
value: Value of the header.
# core.v1.TCPSocketAction: A connection to a TCP port; it succeeded when it could be opened.
port: Port of the container, as a number or by its name.
host: Host to connect to; the address of the pod when not set.
# core.v1.GRPCAction: A call of grpc.health.v1.Health/Check; it succeeded when the answer is SERVING.
port: Port of the service, from 1 to 65535.
service: Name of the service that is asked about; empty for the server as a whole.
# core.v1.SleepAction: A pause.
seconds: How long to wait, in seconds.
# core.v1.SecurityContext: Security settings of a container.
capabilities: Linux capabilities that are added to the usual ones or taken away.
privileged: Whether the container has the rights of root on the node; false when not set.
readOnlyRootFilesystem: Whether the root file system of the container is read-only; false when not set.
allowPrivilegeEscalation: Whether processes may gain rights that the one that started them lacks; always so for privileged containers.
procMount: How /proc is mounted: Default hides and protects some paths, Unmasked does not.
# core.v1.PodSecurityContext: Security settings of a pod, which hold for its containers unless those say otherwise.
supplementalGroups: Groups of the first process of each container besides its own.
supplementalGroupsPolicy: Whether groups of the image are added to those given here (Merge) or left out (Strict); Merge when not set.
fsGroup: Group that owns the volumes, where their type allows it, and that each container belongs to.
sysctls: Kernel parameters that are set for the pod.
fsGroupChangePolicy: Whether ownership of a volume is changed at every mount or only when that of its root differs; Always when not set.
seLinuxChangePolicy: How the volumes get their SELinux label: Recursive relabels every file, MountOption mounts with the label.
# core.v1.SecurityContext core.v1.PodSecurityContext
seLinuxOptions: SELinux label of the processes; the container runtime chooses one when not set.
windowsOptions: Settings for Windows; not allowed when the operating system of the pod is linux.
runAsUser: User id of the first process; that of the image when not set.
runAsGroup: Group id of the first process; the runtime's own choice when not set.
runAsNonRoot: Whether a container that would run as root, user id 0, is refused to start.
seccompProfile: Which system calls are let through.
appArmorProfile: AppArmor profile that the processes are held to.
# core.v1.Capabilities: Linux capabilities of a container.
add: Capabilities to add, such as NET_ADMIN, or ALL.
drop: Capabilities to take away, or ALL.
# core.v1.SELinuxOptions: The parts of an SELinux label.
user: User of the label.
role: Role of the label.
type: Type of the label.
level: Level of the label.
# core.v1.SeccompProfile: A seccomp profile.
type: Where the profile is from: a file on the node, the container runtime, or nowhere.
localhostProfile: Path of the file below the kubelet's seccomp directory; for type Localhost, and only then.
# core.v1.AppArmorProfile: An AppArmor profile.
type: Where the profile is from: loaded on the node, the container runtime, or nowhere.
localhostProfile: Name of a profile that is loaded on the node; for type Localhost, and only then.
# core.v1.WindowsSecurityContextOptions: Security settings that are particular to Windows.
gmsaCredentialSpecName: GMSA credential spec to use, by its name.
gmsaCredentialSpec: The GMSA credential spec itself, which an admission webhook fills in by its name.
runAsUserName: User that runs the first process; the one of the image when not set.
hostProcess: Whether the container runs as a process of the host, as then all of the pod have to.
# core.v1.Sysctl: A kernel parameter.
name: Name of the parameter, such as net.core.somaxconn.
value: Value to set.
# core.v1.Affinity: Which nodes and which other pods a pod wants to be near to, or away from.
nodeAffinity: Rules about labels of nodes.
podAffinity: Rules about pods to be near to.
podAntiAffinity: Rules about pods to be away from.
# core.v1.NodeAffinity: Rules about the nodes that a pod can run on.
requiredDuringSchedulingIgnoredDuringExecution: What a node has to fulfil for the pod to be placed there; a later change of the node does not move the pod.
preferredDuringSchedulingIgnoredDuringExecution: What counts in favour of a node: the weights of all that match are added up.
# core.v1.PodAffinity: Rules that draw a pod to others.
requiredDuringSchedulingIgnoredDuringExecution: Pods that have to run in the same domain, all of the terms, at the time the pod is placed.
preferredDuringSchedulingIgnoredDuringExecution: Pods whose nearness counts in favour of a node, by weight.
# core.v1.PodAntiAffinity: Rules that keep a pod away from others.
requiredDuringSchedulingIgnoredDuringExecution: Pods that must not run in the same domain, by any of the terms, at the time the pod is placed.
preferredDuringSchedulingIgnoredDuringExecution: Pods whose nearness counts against a node, by weight.
# core.v1.NodeSelector: Selects nodes: those that match any of the terms.
nodeSelectorTerms: Terms, of which one has to match.
# core.v1.NodeSelectorTerm: Requirements that a node has to meet, all of them; an empty term matches no node.
matchExpressions: Requirements about labels of the node.
matchFields: Requirements about fields of the node, of which metadata.name is the only one.
# core.v1.NodeSelectorRequirement: A condition on one label or field of a node.
key: Key of the label, or path of the field.
operator: How the value relates to the values given; Gt and Lt compare whole numbers.
values: Values to compare with: some for In and NotIn, one for Gt and Lt, none for Exists and DoesNotExist.
# core.v1.PreferredSchedulingTerm: A preference for some nodes.
weight: How much the preference counts, from 1 to 100.
preference: Which nodes are preferred.
# core.v1.PodAffinityTerm: Pods, and what it means to be at the same place as they are.
labelSelector: Selects the pods by their labels; none are selected when not set.
namespaces: Namespaces of the pods, added to those that namespaceSelector selects; the pod's own when both are not set.
topologyKey: Label of nodes whose equal values make nodes one place, such as topology.kubernetes.io/zone.
namespaceSelector: Selects namespaces of the pods by their labels; an empty selector selects all.
matchLabelKeys: Keys of labels whose values are taken from the pod itself and added to labelSelector as In.
mismatchLabelKeys: Keys of labels whose values are taken from the pod itself and added to labelSelector as NotIn.
# core.v1.WeightedPodAffinityTerm: A term with a weight.
weight: How much the term counts, from 1 to 100.
podAffinityTerm: Pods and place that are meant.
# core.v1.Toleration: Taints of nodes that a pod puts up with: those that match key, value and effect.
key: Key of the taint; empty with Exists matches every key.
operator: How the values are compared: Exists takes any, Gt and Lt compare numbers; Equal when not set.
value: Value of the taint, when the operator compares one.
effect: Effect of the taint; any when not set.
tolerationSeconds: Seconds that the pod stays on a node after a taint NoExecute came; for ever when not set.
# core.v1.TopologySpreadConstraint: How evenly pods have to be spread over domains of nodes.
maxSkew: By how many pods a domain may exceed the one with the fewest; at least 1.
topologyKey: Label of nodes whose values are the domains.
whenUnsatisfiable: What is done with a pod that fits nowhere: it waits, or it is placed where it does the least harm.
labelSelector: Selects the pods that are counted.
minDomains: Domains that there have to be at least: while there are fewer, the smallest count is taken as 0; 1 when not set.
nodeAffinityPolicy: Whether nodes that the pod's node affinity and selector rule out are left out of the count; Honor when not set.
nodeTaintsPolicy: Whether nodes with taints that the pod does not tolerate are left out of the count; Ignore when not set.
matchLabelKeys: Keys of labels whose values are taken from the pod itself to narrow labelSelector, such as pod-template-hash.
# core.v1.ContainerStatus: The state of one container.
name: Name of the container.
state: What the container is doing now.
lastState: How it ended the last time, if it was restarted.
ready: Whether its readiness probe succeeds; without one, whether it runs.
restartCount: How often it was started again.
image: Image that it runs, which may be named otherwise than in the spec.
imageID: Id of the image, as the container runtime gives it.
containerID: Id of the container, as type://id.
started: Whether its postStart is done and its startup probe succeeded.
allocatedResources: Resources that the node set aside for the container.
resources: Requests and limits that are in force for the container.
volumeMounts: How its volumes are really mounted.
user: Users and groups that its first process has.
allocatedResourcesStatus: Health of devices and other resources that it was given.
stopSignal: Signal by which it is really asked to stop.
# core.v1.ContainerState: What a container is doing; waiting when nothing is set.
waiting: It is not running yet, and why.
running: It is running, and since when.
terminated: It has ended, and how.
# core.v1.ContainerStateWaiting: Why a container does not run yet.
reason: Reason in one word, such as ContainerCreating or ImagePullBackOff.
message: Reason in a sentence for people.
# core.v1.ContainerStateRunning: A container that runs.
startedAt: When it was started.
# core.v1.ContainerStateTerminated: How a container ended.
exitCode: Exit code of its first process.
signal: Signal that ended it, if one did.
reason: Reason in one word, such as Completed, Error or OOMKilled.
message: What it left in its termination message.
startedAt: When this run of the container began.
finishedAt: When this run of the container ended.
containerID: Id of the container, as type://id.
# core.v1.ContainerUser: Who the first process of a container runs as.
linux: Users and groups on Linux.
# core.v1.LinuxContainerUser: Users and groups of the first process of a container.
uid: Its user id.
gid: Its primary group id.
supplementalGroups: Its other group ids.
# core.v1.ResourceStatus: Health of one resource of a container.
name: Name of the resource; for a claim, claim:name/request.
resources: Health of each unit of it, such as each device.
# core.v1.ResourceHealth: Health of one unit of a resource.
resourceID: Id of the unit, unique within the resource and the node.
health: How it is: Healthy, Unhealthy or Unknown.
message: More about its health, for people.
`;
