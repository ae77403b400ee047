/** What types and fields of volumes, of claims for them and of the group `storage` are for. Form: `descriptions.ts`. */

export const volumeWords: string = `
# core.v1.Volume: A volume of a pod under a name; besides the name, exactly one source is set.
name: Name of the volume within the pod, a DNS label, to which mounts refer.
emptyDir: A directory that is empty when the pod comes to its node and goes with the pod.
gitRepo: A git repository that was cloned into a directory; out of use, an init container does the same.
secret: A Secret of the pod's namespace, whose keys become files.
persistentVolumeClaim: The storage behind a PersistentVolumeClaim of the pod's namespace.
downwardAPI: Fields of the pod itself as files.
configMap: A ConfigMap of the pod's namespace, whose keys become files.
projected: Secrets, ConfigMaps, fields of the pod and tokens together.
ephemeral: Storage that is claimed for this pod alone and goes with it.
image: Content of an OCI image or artifact, read-only.
# core.v1.PersistentVolumeSpec: What a PersistentVolume is, and who may have it; exactly one kind of storage is set.
capacity: Size of the volume, under the name storage.
local: A disk or directory of one node, for which nodeAffinity names the node.
accessModes: Ways in which the volume can be mounted, such as ReadWriteOnce.
claimRef: Claim that the volume is bound to, in both directions once the claim names the volume.
persistentVolumeReclaimPolicy: What happens to the volume when its claim is gone; Retain when made by hand, else as its class says.
storageClassName: StorageClass that the volume belongs to; empty for none.
mountOptions: Options of the mount, such as ro or soft, which nobody checks beforehand.
volumeMode: Whether the volume is used with a file system or as a block device; Filesystem when not set.
nodeAffinity: Nodes from which the volume can be reached, which limits where its pods run.
volumeAttributesClassName: VolumeAttributesClass that the volume belongs to; empty for none.
# core.v1.Volume core.v1.PersistentVolumeSpec
hostPath: A file or directory of the node itself, which gives the pod access to the node.
gcePersistentDisk: A disk of Google Compute Engine; served by its CSI driver.
awsElasticBlockStore: A volume of AWS Elastic Block Store; served by its CSI driver.
glusterfs: A volume of GlusterFS; no longer supported.
nfs: A directory that a server exports over NFS.
rbd: A block device of Ceph; no longer supported.
iscsi: A disk of an iSCSI target.
cinder: A volume of OpenStack Cinder; served by its CSI driver.
cephfs: A directory of CephFS; no longer supported.
fc: A disk on Fibre Channel.
flocker: A volume of Flocker; no longer supported.
flexVolume: A volume by a program on the node; CSI drivers came after it.
azureFile: A share of Azure Files; served by its CSI driver.
vsphereVolume: A volume of vSphere; served by its CSI driver.
quobyte: A volume of Quobyte; no longer supported.
azureDisk: A disk of Azure; served by its CSI driver.
photonPersistentDisk: A disk of Photon Controller; no longer supported.
portworxVolume: A volume of Portworx; served by its CSI driver.
scaleIO: A volume of ScaleIO; no longer supported.
storageos: A volume of StorageOS; no longer supported.
csi: A volume of any other storage, by its CSI driver.
# core.v1.VolumeMount: Where and how a volume is mounted in a container.
name: Name of the volume in the pod.
readOnly: Whether the mount is read-only; false when not set.
recursiveReadOnly: Whether mounts below are read-only as well: Disabled, IfPossible or Enabled; Disabled when not set.
mountPath: Path in the container to mount at, without a colon.
subPath: Path within the volume that is mounted instead of its root; empty is the root.
mountPropagation: Whether mounts that are made later are seen between node and container; None when not set.
subPathExpr: The same as subPath, with $(NAME) for variables of the environment; only one of the two may be set.
# core.v1.VolumeMountStatus: How a volume is really mounted in a container.
name: Name of the volume in the pod.
mountPath: Path in the container.
readOnly: Whether the mount is read-only.
recursiveReadOnly: Whether mounts below are read-only as well: Disabled or Enabled; not set when the mount is writable.
volumeStatus: What is known of the volume by its kind.
# core.v1.VolumeStatus: What is known of a mounted volume; at most one is set.
image: Set when the volume is an image.
# core.v1.ImageVolumeStatus: State of a volume that is an image.
imageRef: The image by its digest, which is what is really mounted.
# core.v1.VolumeDevice: Where a volume appears as a block device in a container.
name: Name of a persistentVolumeClaim volume of the pod.
devicePath: Path of the device in the container.
# core.v1.EmptyDirVolumeSource: A directory that lives as long as its pod.
medium: Where it is kept: empty is the disk of the node, Memory is its memory, HugePages its huge pages.
sizeLimit: The most that it may hold; with Memory, also not more than the memory limits of all containers; no limit when not set.
# core.v1.HostPathVolumeSource: A file or directory of the node.
path: Path on the node; links are followed.
type: What has to be there, or is made; empty looks at nothing.
# core.v1.GitRepoVolumeSource: A git repository that was cloned into a directory.
repository: Address of the repository.
revision: Commit to check out.
directory: Directory to clone into, without two dots; a dot is the volume itself.
# core.v1.SecretVolumeSource: Keys of a Secret as files, kept in memory.
secretName: Name of the Secret in the namespace of the pod.
# core.v1.ConfigMapVolumeSource: Keys of a ConfigMap as files.
name: Name of the ConfigMap in the namespace of the pod.
# core.v1.SecretProjection: Keys of a Secret as files of a projected volume.
name: Name of the Secret in the namespace of the pod.
# core.v1.ConfigMapProjection: Keys of a ConfigMap as files of a projected volume.
name: Name of the ConfigMap in the namespace of the pod.
# core.v1.SecretVolumeSource core.v1.ConfigMapVolumeSource core.v1.SecretProjection core.v1.ConfigMapProjection
items: Keys that become files, and the paths of those; every key under its own name when not set.
optional: Whether the pod may start when the object or its keys are not there.
# core.v1.SecretVolumeSource core.v1.ConfigMapVolumeSource core.v1.DownwardAPIVolumeSource core.v1.ProjectedVolumeSource
defaultMode: Permission bits of files that have none of their own, such as 0644 in YAML or 420 in JSON; 0644 when not set.
# core.v1.KeyToPath: A key and the file that it becomes.
key: Key to take.
path: Path of the file within the volume, relative and without two dots.
mode: Permission bits of the file; those of the volume when not set.
# core.v1.DownwardAPIVolumeSource: Fields of a pod as files.
items: Files, and what each of them holds.
# core.v1.DownwardAPIProjection: Fields of a pod as files of a projected volume.
items: Files, and what each of them holds.
# core.v1.DownwardAPIVolumeFile: A file that holds a field of the pod.
path: Path of the file within the volume, relative and without two dots.
fieldRef: Field of the pod: its name, namespace, uid, labels or annotations.
resourceFieldRef: Request or limit of a container, which has to be named.
mode: Permission bits of the file; those of the volume when not set.
# core.v1.ProjectedVolumeSource: Several sources as files of one directory.
sources: What the files are made from.
# core.v1.VolumeProjection: One source of a projected volume; exactly one is set.
secret: Keys of a Secret.
downwardAPI: Fields of the pod.
configMap: Keys of a ConfigMap.
serviceAccountToken: A token of the pod's service account.
clusterTrustBundle: Certificates of ClusterTrustBundles.
podCertificate: A certificate and key that are issued to the pod.
# core.v1.ServiceAccountTokenProjection: A token of the pod's service account, renewed before it ends.
audience: Whom the token is for; the API server when not set.
expirationSeconds: Seconds that the token is asked to be good for, at least 600; 3600 when not set.
path: Path of the file within the volume.
# core.v1.ClusterTrustBundleProjection: Certificates of one ClusterTrustBundle, or of all that a selector and a signer choose.
name: Name of the bundle; excludes signerName and labelSelector.
signerName: Signer whose bundles are taken; excludes name.
labelSelector: Which of the signer's bundles are taken; none when not set, all when empty.
optional: Whether the pod may start when no bundle is there.
path: Path of the file within the volume.
# core.v1.PodCertificateProjection: A key that is made for the pod, and the certificate that a signer issues for it.
signerName: Signer to ask.
keyType: Type of the key: RSA3072, RSA4096, ECDSAP256, ECDSAP384, ECDSAP521 or ED25519.
maxExpirationSeconds: The longest that the certificate may be good for, in seconds; 86400 when not set.
credentialBundlePath: Path of a file with key and certificates together.
keyPath: Path of a file with the key alone.
certificateChainPath: Path of a file with the certificates alone.
userAnnotations: Keys and values that are passed on to the signer, which must not trust them.
# core.v1.EphemeralVolumeSource: Storage that is claimed for one pod.
volumeClaimTemplate: Claim to make, named after pod and volume and owned by the pod.
# core.v1.PersistentVolumeClaimTemplate: The claim that is made for an ephemeral volume.
metadata: Standard object's metadata of the claim: labels and annotations are taken from it.
spec: What is claimed.
# core.v1.PersistentVolumeClaimVolumeSource: A claim of the pod's namespace as a volume.
claimName: Name of the claim.
readOnly: Whether every mount of the volume is read-only; false when not set.
# core.v1.ImageVolumeSource: An OCI image or artifact as a volume.
reference: Image or artifact to take, named as for a container.
pullPolicy: When it is pulled; when not set, Always for the tag latest or no tag, and IfNotPresent for others.
# core.v1.NFSVolumeSource: A directory of an NFS server.
server: Host name or address of the server.
path: Path that the server exports.
readOnly: Whether the mount is read-only; false when not set.
# core.v1.CSIVolumeSource: A volume that a CSI driver makes for one pod.
driver: Name of the driver.
nodePublishSecretRef: Secret of the pod's namespace that is given to the driver when it mounts the volume.
# core.v1.CSIPersistentVolumeSource: A volume that a CSI driver provides.
driver: Name of the driver.
volumeHandle: Name of the volume in the driver's own terms; it cannot be changed.
controllerPublishSecretRef: Secret that is given to the driver when the volume is attached or detached.
nodeStageSecretRef: Secret that is given to the driver when the volume is made ready on a node.
nodePublishSecretRef: Secret that is given to the driver when it mounts the volume for a pod.
controllerExpandSecretRef: Secret that is given to the driver when the volume is enlarged.
nodeExpandSecretRef: Secret that is given to the driver when the volume is enlarged on a node.
# core.v1.CSIVolumeSource core.v1.CSIPersistentVolumeSource
fsType: File system to mount, such as ext4 or xfs; the driver decides when not set.
readOnly: Whether the volume is mounted read-only; false when not set.
volumeAttributes: Settings of the volume in the driver's own terms.
# core.v1.LocalVolumeSource: A disk or directory of one node.
path: Path on the node of a directory or a block device.
fsType: File system of a block device, such as ext4; found out when not set.
# core.v1.ISCSIVolumeSource: A disk of an iSCSI target, used by one node at a time when writable.
secretRef: Secret of the pod's namespace for CHAP.
# core.v1.ISCSIPersistentVolumeSource: A disk of an iSCSI target, used by one node at a time when writable.
secretRef: Secret for CHAP.
# core.v1.ISCSIVolumeSource core.v1.ISCSIPersistentVolumeSource
targetPortal: Address of the target, with its port when that is not 3260.
iqn: Qualified name of the target.
lun: Number of the disk.
iscsiInterface: Name of the interface to use; default, which is TCP, when not set.
portals: Further addresses of the target.
chapAuthDiscovery: Whether discovery authenticates by CHAP.
chapAuthSession: Whether sessions authenticate by CHAP.
initiatorName: Name of the initiator to use, for which an interface of its own is made.
# core.v1.FCVolumeSource: A disk on Fibre Channel, used by one node at a time when writable.
targetWWNs: World wide names of the target; with lun, in place of wwids.
lun: Number of the disk.
wwids: World wide ids of the disk, in place of targetWWNs and lun.
# core.v1.AWSElasticBlockStoreVolumeSource: A volume of AWS Elastic Block Store.
volumeID: Id of the volume.
# core.v1.GCEPersistentDiskVolumeSource: A disk of Google Compute Engine.
pdName: Name of the disk.
# core.v1.AWSElasticBlockStoreVolumeSource core.v1.GCEPersistentDiskVolumeSource
partition: Partition to mount by its number; 0 or not set is the whole volume.
# core.v1.AzureDiskVolumeSource: A disk of Azure.
diskName: Name of the disk in the storage.
diskURI: Address of the disk in the storage.
cachingMode: How the host caches reads and writes; ReadWrite when not set.
kind: Whether the disk is a blob in a shared or a dedicated account, or managed; Shared when not set.
# core.v1.AzureFileVolumeSource: A share of Azure Files.
secretName: Secret with the name and key of the storage account.
# core.v1.AzureFilePersistentVolumeSource: A share of Azure Files.
secretName: Secret with the name and key of the storage account.
secretNamespace: Namespace of the Secret; that of the pod when not set.
# core.v1.AzureFileVolumeSource core.v1.AzureFilePersistentVolumeSource
shareName: Name of the share.
# core.v1.CephFSVolumeSource: A directory of CephFS.
secretRef: Secret of the pod's namespace for authentication; secretFile when not set.
# core.v1.CephFSPersistentVolumeSource: A directory of CephFS.
secretRef: Secret for authentication; secretFile when not set.
# core.v1.CephFSVolumeSource core.v1.CephFSPersistentVolumeSource
monitors: Addresses of the monitors.
path: Directory to mount; / when not set.
user: User to authenticate as; admin when not set.
secretFile: Path of the key file on the node; /etc/ceph/user.secret when not set.
# core.v1.CinderVolumeSource: A volume of OpenStack Cinder.
secretRef: Secret of the pod's namespace with what is needed to connect to OpenStack.
# core.v1.CinderPersistentVolumeSource: A volume of OpenStack Cinder.
secretRef: Secret with what is needed to connect to OpenStack.
# core.v1.CinderVolumeSource core.v1.CinderPersistentVolumeSource
volumeID: Id of the volume.
# core.v1.FlexVolumeSource: A volume that a program on the node attaches and mounts.
secretRef: Secret of the pod's namespace whose values are given to the program.
# core.v1.FlexPersistentVolumeSource: A volume that a program on the node attaches and mounts.
secretRef: Secret whose values are given to the program.
# core.v1.FlexVolumeSource core.v1.FlexPersistentVolumeSource
driver: Name of the program.
fsType: File system to mount, such as ext4; the program decides when not set.
options: Further options of the program.
# core.v1.FlockerVolumeSource: A volume of Flocker; exactly one of the fields is set.
datasetName: Name of the dataset, kept in its metadata.
datasetUUID: UUID of the dataset.
# core.v1.GlusterfsVolumeSource: A volume of GlusterFS.
# core.v1.GlusterfsPersistentVolumeSource: A volume of GlusterFS.
endpointsNamespace: Namespace of the Endpoints; that of the claim when not set.
# core.v1.GlusterfsVolumeSource core.v1.GlusterfsPersistentVolumeSource
endpoints: Name of the Endpoints with the addresses of the servers.
path: Path of the volume.
# core.v1.PhotonPersistentDiskVolumeSource: A disk of Photon Controller.
pdID: Id of the disk.
# core.v1.PortworxVolumeSource: A volume of Portworx.
volumeID: Id of the volume.
# core.v1.QuobyteVolumeSource: A volume of Quobyte.
registry: Addresses of the registry as host:port, separated by commas.
volume: Name of the volume.
user: User to mount as; the user of the service when not set.
group: Group to mount as; none when not set.
tenant: Tenant that owns the volume, set by the provisioner.
# core.v1.RBDVolumeSource: A block device of Ceph.
secretRef: Secret of the pod's namespace for authentication, used instead of keyring.
# core.v1.RBDPersistentVolumeSource: A block device of Ceph.
secretRef: Secret for authentication, used instead of keyring.
# core.v1.RBDVolumeSource core.v1.RBDPersistentVolumeSource
monitors: Addresses of the monitors.
image: Name of the image.
pool: Pool of the image; rbd when not set.
user: User to authenticate as; admin when not set.
keyring: Path of the key ring on the node; /etc/ceph/keyring when not set.
# core.v1.ScaleIOVolumeSource: A volume of ScaleIO.
secretRef: Secret of the pod's namespace with user and password.
# core.v1.ScaleIOPersistentVolumeSource: A volume of ScaleIO.
secretRef: Secret with user and password.
# core.v1.ScaleIOVolumeSource core.v1.ScaleIOPersistentVolumeSource
gateway: Address of the API gateway.
system: Name of the storage system.
sslEnabled: Whether the gateway is spoken to over TLS; false when not set.
protectionDomain: Protection domain of the storage.
storagePool: Storage pool in the protection domain.
storageMode: How storage is allocated: ThickProvisioned or ThinProvisioned; thin when not set.
volumeName: Name of a volume that already exists in the system.
fsType: File system to mount, such as ext4; xfs when not set.
# core.v1.StorageOSVolumeSource: A volume of StorageOS.
volumeNamespace: Namespace of the volume within StorageOS; that of the pod when not set.
secretRef: Secret of the pod's namespace for the API of StorageOS.
# core.v1.StorageOSPersistentVolumeSource: A volume of StorageOS.
volumeNamespace: Namespace of the volume within StorageOS; that of the pod when not set.
secretRef: Secret for the API of StorageOS.
# core.v1.StorageOSVolumeSource core.v1.StorageOSPersistentVolumeSource
volumeName: Name of the volume in its namespace.
# core.v1.VsphereVirtualDiskVolumeSource: A volume of vSphere.
volumePath: Path of the disk file.
storagePolicyName: Name of the storage policy.
storagePolicyID: Id of the storage policy that the name stands for.
# core.v1.AWSElasticBlockStoreVolumeSource core.v1.AzureDiskVolumeSource core.v1.CinderPersistentVolumeSource core.v1.CinderVolumeSource core.v1.FCVolumeSource core.v1.GCEPersistentDiskVolumeSource core.v1.ISCSIPersistentVolumeSource core.v1.ISCSIVolumeSource core.v1.PhotonPersistentDiskVolumeSource core.v1.PortworxVolumeSource core.v1.RBDPersistentVolumeSource core.v1.RBDVolumeSource core.v1.StorageOSPersistentVolumeSource core.v1.StorageOSVolumeSource core.v1.VsphereVirtualDiskVolumeSource
fsType: File system of the volume, such as ext4 or xfs; ext4 when not set.
# core.v1.AWSElasticBlockStoreVolumeSource core.v1.AzureDiskVolumeSource core.v1.AzureFilePersistentVolumeSource core.v1.AzureFileVolumeSource core.v1.CephFSPersistentVolumeSource core.v1.CephFSVolumeSource core.v1.CinderPersistentVolumeSource core.v1.CinderVolumeSource core.v1.FCVolumeSource core.v1.FlexPersistentVolumeSource core.v1.FlexVolumeSource core.v1.GCEPersistentDiskVolumeSource core.v1.GlusterfsPersistentVolumeSource core.v1.GlusterfsVolumeSource core.v1.ISCSIPersistentVolumeSource core.v1.ISCSIVolumeSource core.v1.PortworxVolumeSource core.v1.QuobyteVolumeSource core.v1.RBDPersistentVolumeSource core.v1.RBDVolumeSource core.v1.ScaleIOPersistentVolumeSource core.v1.ScaleIOVolumeSource core.v1.StorageOSPersistentVolumeSource core.v1.StorageOSVolumeSource
readOnly: Whether the volume is mounted read-only; false when not set.
# core.v1.PersistentVolume: A piece of storage of the cluster, which a claim can be bound to and which outlives pods.
# core.v1.PersistentVolumeStatus: What was last seen of a PersistentVolume.
phase: Whether the volume is free, bound to a claim, released by it, or could not be reclaimed.
message: Why the volume is in this state, for people.
reason: Why a volume could not be reclaimed, in one word.
lastPhaseTransitionTime: When the phase last changed.
# core.v1.VolumeNodeAffinity: Nodes from which a volume can be reached.
required: What a node has to fulfil.
# core.v1.PersistentVolumeClaim: Asks for a piece of storage, and stands for it once it is bound.
# core.v1.PersistentVolumeClaimSpec: What storage is asked for.
accessModes: Ways in which the volume has to be mountable, such as ReadWriteOnce.
selector: Labels that a volume has to have to be bound.
resources: The least size of the volume, as the request storage; it can be raised where the class allows it.
volumeName: PersistentVolume that is bound, or the only one that may be.
storageClassName: StorageClass of the volume; empty for volumes without one, the default class when not set.
volumeMode: Whether the volume is used with a file system or as a block device; Filesystem when not set.
dataSource: Snapshot or claim of the same namespace that the new volume is filled from.
dataSourceRef: Object that the new volume is filled from; it may be of any kind a populator knows, and of another namespace where that is allowed.
volumeAttributesClassName: VolumeAttributesClass whose settings the volume gets; unlike the StorageClass, it can be changed.
# core.v1.PersistentVolumeClaimStatus: What was last seen of a claim.
phase: Whether the claim waits, is bound, or has lost its volume.
accessModes: Ways in which the volume that is bound can be mounted.
capacity: Size of the volume that is bound.
conditions: Aspects of the state of the claim, such as Resizing or FileSystemResizePending.
allocatedResources: Size that a change of the volume is on its way to, or has reached.
allocatedResourceStatuses: Resource to how far the change of its size has come, such as ControllerResizeInProgress.
currentVolumeAttributesClassName: VolumeAttributesClass that the volume has now; empty for none.
modifyVolumeStatus: State of such a change; not set when none is under way.
# core.v1.PersistentVolumeClaimCondition: One aspect of the state of a claim.
type: Aspect, such as Resizing, FileSystemResizePending or ModifyingVolume.
lastProbeTime: When the condition was last looked at.
# core.v1.ModifyVolumeStatus: How far a change to another VolumeAttributesClass has come.
targetVolumeAttributesClassName: Class that the volume is being changed to.
status: Whether the change waits, is under way, or was refused by the driver.
# core.v1.VolumeResourceRequirements: How large a volume has to be.
limits: Resource to the most that it may be.
requests: Resource to the least that it has to be.
# storage.v1.StorageClass: A kind of storage that can be claimed, and how volumes of it are made; most of it cannot be changed.
provisioner: Who makes the volumes, as a name such as that of a CSI driver.
parameters: Settings of the volumes in the provisioner's own terms.
reclaimPolicy: What happens to volumes of the class when their claims are gone; Delete when not set.
mountOptions: Options of the mounts, which nobody checks beforehand.
allowVolumeExpansion: Whether claims of the class may ask for more later.
volumeBindingMode: Whether volumes are made and bound at once or when a pod needs them; Immediate when not set.
allowedTopologies: Where volumes may be made; anywhere when not set.
# core.v1.TopologySelectorTerm: Selects places by labels of nodes; all of them have to match.
matchLabelExpressions: Labels and the values that they may have.
# core.v1.TopologySelectorLabelRequirement: A label and the values that it may have.
key: Key of the label.
values: Values, of which the label has to have one.
# storage.v1.CSIDriver: What the cluster needs to know of a CSI driver; its name is that of the driver.
# storage.v1.CSIDriverSpec: How a CSI driver is to be treated.
attachRequired: Whether volumes have to be attached to a node before they are mounted; true when not set.
podInfoOnMount: Whether the driver is told which pod a volume is mounted for; false when not set.
volumeLifecycleModes: Kinds of volumes that the driver serves: Persistent, Ephemeral or both; Persistent when not set.
storageCapacity: Whether pods are placed by the capacity that CSIStorageCapacity objects tell; false when not set.
fsGroupPolicy: Whether the owner of volumes is changed for fsGroup: ReadWriteOnceWithFSType, File or None; the first when not set.
tokenRequests: Tokens of the pod's service account that the driver gets when it mounts.
requiresRepublish: Whether the driver is called again from time to time while a volume is mounted; false when not set.
seLinuxMount: Whether volumes can be mounted with an SELinux label by option; false when not set.
nodeAllocatableUpdatePeriodSeconds: Seconds between looks at how many volumes a node can take, at least 10; none when not set.
serviceAccountTokenInSecrets: Whether tokens are given among the secrets of a call instead of the volume's context; false when not set.
preventPodSchedulingIfMissing: Whether pods with volumes of the driver are kept from nodes that do not have the driver; false when not set.
# storage.v1.TokenRequest: A token that a CSI driver wants.
audience: Whom the token is for; the API server when empty.
expirationSeconds: Seconds that the token is to be good for; 3600 when not set.
# storage.v1.CSINode: The CSI drivers of one node; its name is that of the node.
# storage.v1.CSINodeSpec: The CSI drivers that are installed on a node.
drivers: The drivers, by name.
# storage.v1.CSINodeDriver: A CSI driver on a node.
name: Name of the driver.
nodeID: Name of the node in the driver's own terms.
topologyKeys: Labels of nodes by which the driver tells places apart.
allocatable: How many volumes of the driver the node can take.
# storage.v1.VolumeNodeResources: How many volumes a node can take.
count: Most volumes of the driver that can be in use at once; no limit when not set.
# storage.v1.CSIStorageCapacity: How much storage of one class there is left in one part of the cluster.
nodeTopology: Nodes from which the storage can be reached; none when not set, all when empty.
storageClassName: Name of the StorageClass; it cannot be changed.
capacity: How much is left; unknown when not set.
maximumVolumeSize: Largest volume that can be made at once; unknown when not set.
# storage.v1.VolumeAttachment: Asks for a volume to be attached to a node, or says that it is.
# storage.v1.VolumeAttachmentSpec: What is to be attached where.
attacher: CSI driver that has to do it.
source: Volume that is to be attached.
nodeName: Node that it is to be attached to.
# storage.v1.VolumeAttachmentSource: A volume to attach; exactly one of the fields is set.
persistentVolumeName: Name of a PersistentVolume.
inlineVolumeSpec: The spec of a volume that a pod names without a PersistentVolume, translated to CSI.
# storage.v1.VolumeAttachmentStatus: What was last seen of an attachment.
attached: Whether the volume is attached.
attachmentMetadata: What the driver said when it attached the volume, for those who mount it.
attachError: The last error while attaching.
detachError: The last error while detaching.
# storage.v1.VolumeError: An error of a volume.
time: When it happened.
message: What happened; it should hold no secrets.
errorCode: Code of gRPC that the driver answered with.
# storage.v1.VolumeAttributesClass: Settings of volumes that can be changed while they are in use.
driverName: CSI driver that understands the settings.
parameters: The settings, in the driver's own terms; they cannot be changed.
`;
