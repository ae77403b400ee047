/** What types and fields of controllers of pods are for: `apps`, `batch`, `autoscaling`, `policy`, `scheduling`, `node`. Form: `descriptions.ts`. */

export const workloadWords: string = `
# apps.v1.Deployment: Pods of one template, replaced step by step when the template changes.
# apps.v1.DeploymentSpec: How many pods of which template there are to be, and how they are replaced.
template: Pods that are made; their restartPolicy has to be Always.
strategy: What happens to the pods when the template changes.
revisionHistoryLimit: Old ReplicaSets that are kept for going back; 10 when not set.
paused: Whether changes of the template wait instead of being rolled out.
progressDeadlineSeconds: Seconds without progress after which a rollout counts as failed; 600 when not set.
# apps.v1.DeploymentStrategy: How pods of an older template are replaced.
type: Whether all old pods go first or a few at a time are exchanged; RollingUpdate when not set.
rollingUpdate: How many pods are exchanged at a time, for type RollingUpdate.
# apps.v1.RollingUpdateDeployment: How many pods a rolling update exchanges at a time.
maxUnavailable: Pods that may be missing meanwhile, as a number or a percentage rounded down; 25% when not set.
maxSurge: Pods that there may be beyond the wanted number, as a number or a percentage rounded up; 25% when not set.
# apps.v1.DeploymentStatus: What was last seen of a Deployment.
updatedReplicas: Pods of the newest template.
unavailableReplicas: Pods that are still missing until all that are wanted are available.
# apps.v1.DeploymentCondition: One aspect of the state of a Deployment.
type: Aspect: Available, Progressing or ReplicaFailure.
lastUpdateTime: When the condition was last written.
# apps.v1.ReplicaSet: Keeps a number of equal pods; usually made by a Deployment.
# apps.v1.ReplicaSetSpec: How many pods of which template there are to be.
template: Pods that are made when there are too few.
# core.v1.ReplicationController: Keeps a number of equal pods; ReplicaSet came after it.
# core.v1.ReplicationControllerSpec: How many pods of which template there are to be.
selector: Labels that pods have to have to be counted; those of the template when not set.
template: Pods that are made when there are too few; their restartPolicy has to be Always.
# apps.v1.DeploymentSpec apps.v1.ReplicaSetSpec core.v1.ReplicationControllerSpec
replicas: How many pods there are to be; 1 when not set.
minReadySeconds: Seconds that a new pod has to be ready before it counts as available; 0 when not set.
# apps.v1.DeploymentSpec apps.v1.ReplicaSetSpec apps.v1.DaemonSetSpec apps.v1.StatefulSetSpec
selector: Selects the pods by their labels; it has to match the template and cannot be changed.
# apps.v1.ReplicaSetStatus: What was last seen of a ReplicaSet.
# apps.v1.ReplicaSetCondition: One aspect of the state of a ReplicaSet.
type: Aspect, such as ReplicaFailure.
# core.v1.ReplicationControllerStatus: What was last seen of a ReplicationController.
# core.v1.ReplicationControllerCondition: One aspect of the state of a ReplicationController.
type: Aspect, such as ReplicaFailure.
# apps.v1.ReplicaSetStatus core.v1.ReplicationControllerStatus
fullyLabeledReplicas: Pods that have all labels of the template.
# apps.v1.DeploymentStatus apps.v1.ReplicaSetStatus core.v1.ReplicationControllerStatus apps.v1.StatefulSetStatus
replicas: Pods that there are.
readyReplicas: Pods that are ready.
availableReplicas: Pods that have been ready for minReadySeconds at least.
conditions: Aspects of the state, one of each type.
# apps.v1.DeploymentStatus apps.v1.ReplicaSetStatus
terminatingReplicas: Pods that are on their way out.
# apps.v1.DeploymentStatus apps.v1.ReplicaSetStatus core.v1.ReplicationControllerStatus apps.v1.StatefulSetStatus apps.v1.DaemonSetStatus
observedGeneration: Generation of the spec that the controller last acted on.
# apps.v1.DeploymentStatus apps.v1.StatefulSetStatus apps.v1.DaemonSetStatus
collisionCount: How often the name of a revision was taken already, so that another one had to be found.
# apps.v1.DaemonSet: A pod on every node that fits.
# apps.v1.DaemonSetSpec: Which pod is to run on each node.
template: The pod; its restartPolicy has to be Always, and its node selector and affinity choose the nodes.
updateStrategy: What happens to the pods when the template changes.
minReadySeconds: Seconds that a new pod has to be ready before it counts as available; 0 when not set.
revisionHistoryLimit: Old revisions that are kept for going back; 10 when not set.
# apps.v1.DaemonSetUpdateStrategy: How pods of an older template are replaced.
type: Whether pods are replaced by the controller or when somebody deletes them; RollingUpdate when not set.
rollingUpdate: How many pods are exchanged at a time, for type RollingUpdate.
# apps.v1.RollingUpdateDaemonSet: How many pods a rolling update exchanges at a time; one of the two has to be more than 0.
maxUnavailable: Nodes whose pod may be missing meanwhile, as a number or a percentage rounded up; 1 when not set.
maxSurge: Nodes that may have an old and a new pod at once, as a number or a percentage rounded up; 0 when not set.
# apps.v1.DaemonSetStatus: What was last seen of a DaemonSet.
currentNumberScheduled: Nodes that run the pod and should.
numberMisscheduled: Nodes that run the pod and should not.
desiredNumberScheduled: Nodes that should run the pod.
numberReady: Nodes that should run the pod and have one that is ready.
updatedNumberScheduled: Nodes that run the pod of the newest template.
numberAvailable: Nodes that should run the pod and have one that was ready for minReadySeconds.
numberUnavailable: Nodes that should run the pod and have none that is available.
conditions: Aspects of the state, one of each type.
# apps.v1.DaemonSetCondition: One aspect of the state of a DaemonSet.
type: Name of the aspect.
# apps.v1.StatefulSet: Pods with stable names and storage of their own, made and replaced in order.
# apps.v1.StatefulSetSpec: How many pods of which template there are to be, and what storage each gets.
replicas: How many pods there are to be; 1 when not set.
template: Pods that are made, named after the set with a number from 0 at their end.
volumeClaimTemplates: Claims that each pod gets, and finds again after it was replaced; they stand in for volumes of the same name.
serviceName: Service without an address of its own by which the pods have names in DNS; it has to be made by the user.
podManagementPolicy: Whether pods are made and taken away one after another or all at once; OrderedReady when not set.
updateStrategy: What happens to the pods when the template changes.
revisionHistoryLimit: Old revisions that are kept for going back; 10 when not set.
minReadySeconds: Seconds that a new pod has to be ready before it counts as available; 0 when not set.
persistentVolumeClaimRetentionPolicy: What happens to the claims when the set or some of its pods go; kept when not set.
ordinals: How the pods are numbered.
# apps.v1.StatefulSetOrdinals: How the pods of a StatefulSet are numbered.
start: Number of the first pod; 0 when not set.
# apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy: What happens to the claims of a StatefulSet.
whenDeleted: Retain or Delete the claims when the set is deleted; Retain when not set.
whenScaled: Retain or Delete the claims of pods that are taken away by scaling; Retain when not set.
# apps.v1.StatefulSetUpdateStrategy: How pods of an older template are replaced.
type: Whether pods are replaced by the controller or when somebody deletes them; RollingUpdate when not set.
rollingUpdate: Which pods are exchanged, and how many at a time, for type RollingUpdate.
# apps.v1.RollingUpdateStatefulSetStrategy: Which pods a rolling update exchanges, from the highest number down.
partition: Pods with a lower number than this keep the older template; 0 when not set.
maxUnavailable: Pods that may be missing meanwhile, as a number or a percentage rounded up; 1 when not set.
# apps.v1.StatefulSetStatus: What was last seen of a StatefulSet.
currentReplicas: Pods of the revision that currentRevision names.
updatedReplicas: Pods of the revision that updateRevision names.
currentRevision: Revision of the pods that were not replaced yet.
updateRevision: Revision of the pods that were replaced.
# apps.v1.StatefulSetCondition: One aspect of the state of a StatefulSet.
type: Name of the aspect.
# apps.v1.ControllerRevision: A state of the template of a DaemonSet or StatefulSet, kept for going back; it never changes.
data: The state that is kept.
revision: Number of the revision; a later one has a higher number.
# batch.v1.Job: Runs pods until enough of them have succeeded.
# batch.v1.JobSpec: What a Job runs, how often, and when it counts as done or failed.
parallelism: Most pods that run at once; 1 when not set.
completions: Pods that have to succeed; when not set, the success of any one ends the Job once all have ended.
activeDeadlineSeconds: Seconds from its start after which the Job is stopped as failed; time in which it is suspended does not count.
podFailurePolicy: What the failure of a pod means, by its exit codes and conditions; every failure counts against backoffLimit when not set.
successPolicy: Which indexes suffice for success; all completions are needed when not set.
backoffLimit: Failed pods after which the Job has failed; 6 when not set, and no limit with backoffLimitPerIndex.
backoffLimitPerIndex: Failed pods of one index after which the index has failed; for Indexed Jobs whose pods are never restarted.
maxFailedIndexes: Failed indexes after which the whole Job has failed; no limit when not set.
selector: Selects the pods of the Job; the system sets it unless manualSelector is true.
manualSelector: Whether the selector is given by the user, who then has to see that no other pods match.
template: Pods that are made; their restartPolicy has to be Never or OnFailure.
ttlSecondsAfterFinished: Seconds after its end after which the Job is deleted; it stays when not set.
completionMode: Whether completions are all alike or each has an index of its own; NonIndexed when not set.
suspend: Whether no pods are run for now; pods that run are ended; false when not set.
podReplacementPolicy: Whether a pod is replaced once it is on its way out or only when it has failed for certain.
managedBy: Controller that looks after the Job in place of the built-in one; it cannot be changed.
# batch.v1.JobStatus: What was last seen of a Job.
conditions: Aspects of the state, such as Complete, Failed and Suspended.
startTime: When the Job was begun, or begun again after it was suspended.
completionTime: When the Job succeeded; not set when it failed.
active: Pods that wait or run and are not on their way out.
succeeded: Pods that succeeded.
failed: Pods that failed.
terminating: Pods that are on their way out.
completedIndexes: Indexes that succeeded, as numbers and ranges such as 1,3-5,7.
failedIndexes: Indexes that failed, as numbers and ranges such as 1,3-5,7.
uncountedTerminatedPods: Pods on their way into succeeded and failed, kept so that none is counted twice.
ready: Pods that are ready and not on their way out.
# batch.v1.UncountedTerminatedPods: Pods that have ended and are not counted yet.
succeeded: UIDs of pods that succeeded.
failed: UIDs of pods that failed.
# batch.v1.JobCondition: One aspect of the state of a Job.
type: Aspect: Complete, Failed, Suspended, FailureTarget or SuccessCriteriaMet.
lastProbeTime: When the condition was last looked at.
# batch.v1.PodFailurePolicy: What the failure of a pod means to its Job.
rules: Rules, of which the first that matches decides; at most 20.
# batch.v1.PodFailurePolicyRule: What one way of failing means; exactly one of exit codes and conditions is set.
action: What is done: count it, count it not, fail its index, or fail the Job.
onExitCodes: Exit codes of containers that the rule is about.
onPodConditions: Conditions of the pod that the rule is about, any of which suffices.
# batch.v1.PodFailurePolicyOnExitCodesRequirement: Exit codes that a rule is about.
containerName: Container that is looked at; all of them when not set.
operator: Whether the code has to be one of the values or none of them; 0 never matches.
values: Exit codes, in rising order.
# batch.v1.PodFailurePolicyOnPodConditionsPattern: A condition of a pod that a rule is about.
type: Type of the condition.
status: Status that it has to have; True when not set.
# batch.v1.SuccessPolicy: When a Job counts as succeeded before all of its pods have.
rules: Rules, of which any suffices; at most 20.
# batch.v1.SuccessPolicyRule: What suffices for success; with both fields, that many of those indexes.
succeededIndexes: Indexes that have to succeed, as numbers and ranges such as 1,3-5,7.
succeededCount: How many indexes have to succeed.
# batch.v1.CronJob: Starts Jobs by the clock.
# batch.v1.CronJobSpec: When which Job is started.
schedule: When Jobs are started, in the five fields of cron or as @daily and the like.
timeZone: Name of the time zone that the schedule is in, such as Europe/Berlin; that of the controller when not set.
startingDeadlineSeconds: Seconds after its time within which a Job that was missed is still started; no limit when not set.
concurrencyPolicy: What is done when the Job before still runs: both run, the new one is left out, or the old one is replaced.
suspend: Whether no further Jobs are started; those that run go on; false when not set.
jobTemplate: Job that is started.
successfulJobsHistoryLimit: Jobs that succeeded which are kept; 3 when not set.
failedJobsHistoryLimit: Jobs that failed which are kept; 1 when not set.
# batch.v1.CronJobStatus: What was last seen of a CronJob.
active: Jobs that run now.
lastScheduleTime: When a Job was last started.
lastSuccessfulTime: When a Job last succeeded.
# batch.v1.JobTemplateSpec: The Job that a CronJob starts.
metadata: Standard object's metadata of the Jobs: labels and annotations are taken from it.
spec: What the Jobs are.
# autoscaling.v1.Scale: How many pods a controller is to have: a small view of it that is the same for all kinds.
# autoscaling.v1.ScaleSpec: How many pods are wanted.
replicas: How many pods there are to be.
# autoscaling.v1.ScaleStatus: How many pods there are.
replicas: How many pods there were when last looked.
selector: Selector of the pods as text, as it is used in queries.
# autoscaling.v1.HorizontalPodAutoscaler: Sets the number of pods by the CPU that they use.
# autoscaling.v1.HorizontalPodAutoscalerSpec: Which pods are to be how many, within which bounds.
targetCPUUtilizationPercentage: CPU use that is aimed at, as a percentage of what the pods request on average.
# autoscaling.v1.HorizontalPodAutoscalerStatus: What was last seen of an autoscaler.
currentCPUUtilizationPercentage: CPU use at the time, as a percentage of what the pods request on average.
# autoscaling.v2.HorizontalPodAutoscaler: Sets the number of pods by what is measured of them or elsewhere.
# autoscaling.v2.HorizontalPodAutoscalerSpec: Which pods are to be how many, within which bounds, by which metrics.
metrics: What is measured and aimed at; the metric that asks for the most pods decides; 80% of the CPU requested when not set.
behavior: How fast pods are added and taken away.
# autoscaling.v2.HorizontalPodAutoscalerStatus: What was last seen of an autoscaler.
currentMetrics: What was last measured, metric by metric.
conditions: Aspects of the state: AbleToScale, ScalingActive and ScalingLimited.
# autoscaling.v1.HorizontalPodAutoscalerSpec autoscaling.v2.HorizontalPodAutoscalerSpec
scaleTargetRef: Object whose number of pods is set, by way of its subresource scale.
minReplicas: Fewest pods; 1 when not set.
maxReplicas: Most pods; not less than minReplicas.
# autoscaling.v1.HorizontalPodAutoscalerStatus autoscaling.v2.HorizontalPodAutoscalerStatus
observedGeneration: Generation of the spec that the controller last acted on.
lastScaleTime: When the number of pods was last changed.
currentReplicas: Pods that there were when last looked.
desiredReplicas: Pods that there should be by the last calculation.
# autoscaling.v1.CrossVersionObjectReference: Names an object of the same namespace.
# autoscaling.v2.CrossVersionObjectReference: Names an object of the same namespace.
# autoscaling.v1.CrossVersionObjectReference autoscaling.v2.CrossVersionObjectReference
kind: Kind of the object.
name: Name of the object.
apiVersion: Group and version of the object's kind.
# autoscaling.v2.HorizontalPodAutoscalerBehavior: How fast an autoscaler may act in each direction.
scaleUp: Adding pods; when not set, by 4 pods or to twice as many in 15 seconds, whichever is more.
scaleDown: Taking pods away; when not set, by any number, to the highest that was asked for in the last 300 seconds.
# autoscaling.v2.HPAScalingRules: How fast an autoscaler may act in one direction.
stabilizationWindowSeconds: Seconds over which earlier results are looked at before acting, at most 3600; 0 up and 300 down when not set.
selectPolicy: Which of the policies decides: Max, Min or Disabled for none at all; Max when not set.
policies: Bounds on how much is changed in a time; there has to be one at least.
tolerance: By which part the measure may miss its target without anything being done; 0.1 when not set.
# autoscaling.v2.HPAScalingPolicy: A bound on how much is changed in a time.
type: Whether the bound is a number of Pods or a Percent of those there are.
value: The bound; more than 0.
periodSeconds: The time in seconds, from 1 to 1800.
# autoscaling.v2.HorizontalPodAutoscalerCondition: One aspect of the state of an autoscaler.
type: Aspect: AbleToScale, ScalingActive or ScalingLimited.
# autoscaling.v2.MetricSpec: One measure and what is aimed at; besides the type, the field of its name is set.
# autoscaling.v2.MetricStatus: What was last measured; besides the type, the field of its name is set.
# autoscaling.v2.MetricSpec autoscaling.v2.MetricStatus
type: What is measured: Object, Pods, Resource, ContainerResource or External.
object: A metric of one other object, such as an Ingress.
pods: A metric of each pod, averaged.
resource: A resource such as cpu that the pods request and use.
containerResource: A resource that one container of each pod requests and uses.
external: A metric from outside of the cluster.
# autoscaling.v2.MetricTarget: What an autoscaler aims at; the type says which of the values is set.
type: Which value is aimed at: Utilization, Value or AverageValue.
value: The measure as it is.
averageValue: The measure divided by the number of pods.
averageUtilization: Use as a percentage of what the pods request on average; for resources only.
# autoscaling.v2.MetricValueStatus: What was measured.
value: The measure as it is.
averageValue: The measure divided by the number of pods.
averageUtilization: Use as a percentage of what the pods request on average.
# autoscaling.v2.MetricIdentifier: A metric by its name and, if wanted, its labels.
name: Name of the metric.
selector: Selects among metrics of that name by their labels; the name alone decides when not set.
# autoscaling.v2.ObjectMetricSource: A metric of one object, and what is aimed at.
# autoscaling.v2.ObjectMetricStatus: A metric of one object as it was measured.
# autoscaling.v2.ObjectMetricSource autoscaling.v2.ObjectMetricStatus
describedObject: Object that the metric is about.
# autoscaling.v2.PodsMetricSource: A metric of each pod, and what is aimed at on average.
# autoscaling.v2.PodsMetricStatus: A metric of each pod as it was measured.
# autoscaling.v2.ExternalMetricSource: A metric from outside of the cluster, and what is aimed at.
# autoscaling.v2.ExternalMetricStatus: A metric from outside of the cluster as it was measured.
# autoscaling.v2.ResourceMetricSource: A resource that pods use, and what is aimed at.
# autoscaling.v2.ResourceMetricStatus: A resource that pods use as it was measured.
# autoscaling.v2.ContainerResourceMetricSource: A resource that one container of each pod uses, and what is aimed at.
# autoscaling.v2.ContainerResourceMetricStatus: A resource that one container of each pod uses as it was measured.
# autoscaling.v2.ResourceMetricSource autoscaling.v2.ResourceMetricStatus autoscaling.v2.ContainerResourceMetricSource autoscaling.v2.ContainerResourceMetricStatus
name: Name of the resource, such as cpu or memory.
# autoscaling.v2.ContainerResourceMetricSource autoscaling.v2.ContainerResourceMetricStatus
container: Name of the container.
# autoscaling.v2.ObjectMetricSource autoscaling.v2.ObjectMetricStatus autoscaling.v2.PodsMetricSource autoscaling.v2.PodsMetricStatus autoscaling.v2.ExternalMetricSource autoscaling.v2.ExternalMetricStatus
metric: The metric.
# autoscaling.v2.ObjectMetricSource autoscaling.v2.PodsMetricSource autoscaling.v2.ExternalMetricSource autoscaling.v2.ResourceMetricSource autoscaling.v2.ContainerResourceMetricSource
target: What is aimed at.
# autoscaling.v2.ObjectMetricStatus autoscaling.v2.PodsMetricStatus autoscaling.v2.ExternalMetricStatus autoscaling.v2.ResourceMetricStatus autoscaling.v2.ContainerResourceMetricStatus
current: The last value.
# policy.v1.PodDisruptionBudget: How many pods may be missing at once when they are evicted.
# policy.v1.PodDisruptionBudgetSpec: Which pods are guarded, and how many of them have to stay; one of the two numbers is set.
minAvailable: Pods that have to stay available, as a number or a percentage; excludes maxUnavailable.
selector: Selects the pods by their labels; all of the namespace when empty, none when not set.
maxUnavailable: Pods that may be unavailable, as a number or a percentage; excludes minAvailable.
unhealthyPodEvictionPolicy: Whether pods that are not ready may always be evicted; only while enough others are healthy when not set.
# policy.v1.PodDisruptionBudgetStatus: What was last seen of a budget; evictions are allowed by it.
observedGeneration: Generation of the spec that the numbers were found for; no eviction is allowed while it is old.
disruptedPods: Pods whose eviction was allowed and which are not gone yet, with the time.
disruptionsAllowed: Pods that may be evicted now.
currentHealthy: Pods that are healthy now.
desiredHealthy: Pods that have to be healthy.
expectedPods: Pods that the budget counts on.
conditions: Aspects of the state, such as DisruptionAllowed.
# policy.v1.Eviction: Asks for a pod to be deleted, which its disruption budgets may refuse.
deleteOptions: How the pod is to be deleted.
# scheduling.v1.PriorityClass: How important pods are: a name for a number.
value: Priority of the pods, higher before lower; up to 1000000000, above which are those of the system.
globalDefault: Whether pods that name no class get this one; true for one class at most.
description: When the class is to be used, for people.
preemptionPolicy: Whether its pods may push out pods of lower priority; PreemptLowerPriority when not set.
# node.v1.RuntimeClass: A way in which nodes can run containers.
handler: Name of the way in the configuration of the node's container runtime; it cannot be changed.
overhead: What running a pod in this way takes besides its containers.
scheduling: Which nodes know this way; all of them when not set.
# node.v1.Overhead: What running a pod takes besides its containers.
podFixed: Resource to amount, the same for each pod.
# node.v1.Scheduling: Which nodes know a way of running containers.
nodeSelector: Labels of those nodes, which are added to the node selector of the pod.
tolerations: Tolerations that are added to those of the pod.
`;
