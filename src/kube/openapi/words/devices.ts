/** What types and fields of the group `resource`, claims for devices, are for. Form: `descriptions.ts`. */

export const deviceWords: string = `
# resource.v1.ResourceClaim: Asks for devices, and says which ones it was given.
# resource.v1.ResourceClaimSpec: What a claim asks for; it cannot be changed.
devices: Devices that are asked for.
# resource.v1.ResourceClaimStatus: What a claim was given, and who uses it.
allocation: Devices that were given; not set until then.
devices: What drivers say of each of those devices.
reservedFor: Who may use the claim now, at most 256; others have to wait.
# resource.v1.ResourceClaimConsumerReference: Names an object that uses a claim, usually a pod.
apiGroup: Group of the object's resource; empty for the core group.
name: Name of the object.
resource: Resource of the object, such as pods.
uid: UID of the object.
# resource.v1.ResourceClaimTemplate: A pattern for claims, of which each pod gets its own.
# resource.v1.ResourceClaimTemplateSpec: The claim that is made; it cannot be changed.
metadata: Standard object's metadata of the claims: labels and annotations are taken from it.
spec: What the claims ask for.
# resource.v1.DeviceClaim: Devices that a claim asks for, with conditions and settings.
config: Settings for drivers.
constraints: Conditions that devices have to meet together.
requests: Requests for devices, all of which have to be met; at most 32.
# resource.v1.DeviceRequest: A request for devices under a name; exactly one of the other fields is set.
exactly: Devices of one class, without alternatives.
firstAvailable: Alternatives, of which the first that can be met is taken; at most 8.
name: Name of the request, a DNS label, to which constraints, settings and containers refer.
# resource.v1.ExactDeviceRequest: Devices that are asked for.
adminAccess: Whether devices are only looked after, even while others use them; it needs a namespace that allows it.
# resource.v1.DeviceSubRequest: One of several alternatives.
name: Name of the alternative, a DNS label, to which others refer as request/name.
# resource.v1.ExactDeviceRequest resource.v1.DeviceSubRequest
allocationMode: Whether a number of devices is wanted or all that match on a node; ExactCount when not set.
capacity: How much of a shared device's capacity each allocation needs.
count: How many devices are wanted, for ExactCount; 1 when not set.
deviceClassName: DeviceClass of the devices.
selectors: Conditions that each device has to meet, besides those of its class.
# resource.v1.ExactDeviceRequest resource.v1.DeviceSubRequest resource.v1.DeviceRequestAllocationResult
tolerations: Taints of devices that are put up with.
# resource.v1.CapacityRequirements: How much capacity is needed.
requests: Capacity by name to the amount that is needed.
# resource.v1.DeviceConstraint: A condition that devices have to meet together; exactly one attribute is set.
distinctAttribute: Attribute that has to differ between the devices, by its full name.
matchAttribute: Attribute that has to be equal for all devices, by its full name.
requests: Requests whose devices are meant; all of the claim when not set.
# resource.v1.DeviceSelector: A condition on a device.
cel: The condition as an expression in CEL.
# resource.v1.CELDeviceSelector: A condition in CEL.
expression: Expression over device, with driver, attributes and capacity, that is true of devices that fit.
# resource.v1.DeviceClaimConfiguration: Settings that a claim gives to a driver.
# resource.v1.DeviceClassConfiguration: Settings that a class gives to a driver.
# resource.v1.DeviceAllocationConfiguration: Settings that go with devices that were given.
source: Whether the settings are from the claim or from a class.
# resource.v1.DeviceClaimConfiguration resource.v1.DeviceClassConfiguration resource.v1.DeviceAllocationConfiguration
opaque: Settings that only the driver understands.
# resource.v1.DeviceClaimConfiguration resource.v1.DeviceAllocationConfiguration
requests: Requests that the settings are for; all of the claim when not set.
# resource.v1.OpaqueDeviceConfiguration: Settings that only a driver understands.
driver: Driver that the settings are for, named like a DNS subdomain.
parameters: The settings, usually with apiVersion and kind; at most 10 KiB.
# resource.v1.AllocationResult: What a claim was given.
allocationTimestamp: When it was given.
devices: Devices that were given.
nodeSelector: Nodes that can use them; all when not set.
# resource.v1.DeviceAllocationResult: Devices that a claim was given.
config: Settings of the claim and of classes, in the order in which they count.
results: The devices, each with the request that it is for.
# resource.v1.DeviceRequestAllocationResult: A device that was given for a request.
adminAccess: Whether it is only looked after.
bindingConditions: Conditions that have to be True before a pod is bound; as they stood at the device.
bindingFailureConditions: Conditions any of which means that the device could not be made ready; as they stood at the device.
consumedCapacity: Capacity by name to what the allocation takes of a shared device.
device: Name of the device in its pool.
driver: Name of the driver.
pool: Name of the pool.
request: Request that it is for, as name or name/alternative.
shareID: Id of the share, when several allocations share the device.
# resource.v1.AllocatedDeviceStatus: What a driver says of a device that was given.
conditions: Aspects of the state, such as those that binding waits for; at most 8.
data: What only the driver understands, at most 10 KiB.
device: Name of the device in its pool.
driver: Name of the driver.
networkData: Network addresses of the device.
pool: Name of the pool.
shareID: Id of the share, when several allocations share the device.
# resource.v1.NetworkDeviceData: Network addresses of a device.
hardwareAddress: Hardware address, such as a MAC address.
interfaceName: Name of the network interface in the pod.
ips: Addresses with the length of their network, such as 192.0.2.5/24.
# resource.v1.DeviceClass: A kind of device that can be claimed, with conditions and settings.
# resource.v1.DeviceClassSpec: What devices of a class are like.
config: Settings for drivers that go with each device of the class.
extendedResourceName: Name of the extended resource by which containers can ask for devices of the class, too.
selectors: Conditions that each device has to meet.
# resource.v1.ResourceSlice: Some of the devices that a driver offers, as it tells them.
# resource.v1.ResourceSliceSpec: Devices of one pool, and from where they can be used.
allNodes: Whether all nodes can use the devices.
devices: The devices, at most 128.
driver: Driver that offers them; it cannot be changed.
nodeName: The one node that can use the devices; it cannot be changed.
nodeSelector: Nodes that can use the devices.
perDeviceNodeSelection: Whether each device says for itself which nodes can use it.
pool: Pool that the devices belong to.
sharedCounters: Sets of counters for devices that share something, such as parts of one card.
# resource.v1.ResourcePool: A pool of devices, which may stand in several slices.
generation: Number of the state of the pool; slices with a lower one are out of date.
name: Name of the pool, often that of its node.
resourceSliceCount: How many slices the pool has at this generation.
# resource.v1.Device: A device and what it is like.
allNodes: Whether all nodes can use it; with perDeviceNodeSelection only.
allowMultipleAllocations: Whether several claims can share it.
attributes: Attribute by name to its value, such as a model or a version.
bindingConditions: Conditions that have to be True before a pod is bound to use it; at most 4.
bindingFailureConditions: Conditions any of which means that it could not be made ready; at most 4.
bindsToNode: Whether its allocation is limited to the node that was chosen.
capacity: Capacity by name to how much there is, such as memory.
consumesCounters: What it takes from counters that it shares with other devices.
name: Name of the device, a DNS label, unique in the pool.
nodeAllocatableResourceMappings: Resource of the node, such as cpu, to how much of it comes with the device.
nodeName: The one node that can use it; with perDeviceNodeSelection only.
nodeSelector: Nodes that can use it; with perDeviceNodeSelection only.
taints: What keeps claims from it that do not tolerate it.
# resource.v1.NodeAllocatableResourceMapping: How much of a node's resource comes with a device.
allocationMultiplier: What the amount that is taken is multiplied by; 1 when not set.
capacityKey: Capacity of the device whose amount counts; the number of devices when not set.
# resource.v1.DeviceAttribute: The value of an attribute; exactly one of the fields is set.
bool: Yes or no.
bools: Several of them.
int: A whole number.
ints: Several whole numbers.
string: A text, at most 64 characters.
strings: Several texts.
version: A version in the form of semver 2.0.0.
versions: Several versions.
# resource.v1.DeviceCapacity: How much there is of something in a device.
requestPolicy: How much of it a claim can take when the device is shared.
value: How much there is.
# resource.v1.CapacityRequestPolicy: How much of a capacity a claim can take; at most one of values and range is set.
default: What a claim takes that does not say.
validRange: Range of what can be taken.
validValues: Amounts that can be taken, in rising order.
# resource.v1.CapacityRequestPolicyRange: A range of amounts.
max: Largest amount; all that there is when not set.
min: Smallest amount.
step: Step from min on by which amounts are rounded up.
# resource.v1.CounterSet: Counters that several devices draw on.
counters: Counter by name to how much there is.
name: Name of the set, a DNS label, unique in the pool.
# resource.v1.Counter: An amount.
value: How much there is, or how much is taken.
# resource.v1.DeviceCounterConsumption: What a device takes from a set of counters.
counterSet: Name of the set.
counters: Counter by name to how much is taken.
# resource.v1.DeviceTaint: Keeps claims from a device, or drives pods away from it, unless they tolerate it.
effect: What it does to claims and pods: nothing, no new ones, or also those that use it are driven away.
key: Key of the taint.
timeAdded: When the taint was added.
value: Value of the taint.
# resource.v1.DeviceToleration: A taint of devices that is put up with.
effect: Effect of the taint; any when not set.
key: Key of the taint; any when not set, for which the operator has to be Exists.
operator: How the values are compared: Exists takes any; Equal when not set.
tolerationSeconds: Seconds for which a taint NoExecute is put up with; for ever when not set.
value: Value of the taint, for Equal.
`;
