/** Defaults of volumes, claims and their classes. */

import { type ApiObject, asJson, isJsonObject } from '../api/objects.ts';
import { fill, fillAbsent, inner } from './pod-volumes.ts';

export function fillVolumeObject(volume: ApiObject): void {
  volume.spec ??= {};
  const { spec } = volume;
  fill(spec, { persistentVolumeReclaimPolicy: 'Retain' });
  fillAbsent(spec, { volumeMode: 'Filesystem' });
  const host = inner(spec, 'hostPath');
  if (host !== null) fill(host, { type: '' });
  const rbd = inner(spec, 'rbd');
  if (rbd !== null) fill(rbd, { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' });
  const iscsi = inner(spec, 'iscsi');
  if (iscsi !== null) fill(iscsi, { iscsiInterface: 'default' });
  const azure = inner(spec, 'azureDisk');
  if (azure !== null) {
    fill(azure, { cachingMode: 'ReadWrite', fsType: 'ext4', readOnly: false, kind: 'Shared' });
  }
  const scale = inner(spec, 'scaleIO');
  if (scale !== null) fill(scale, { storageMode: 'ThinProvisioned', fsType: 'xfs' });
  if (volume.status !== undefined) fill(volume.status, { phase: 'Pending' });
}

export function fillClaim(claim: ApiObject): void {
  claim.spec ??= {};
  const { spec } = claim;
  fillAbsent(spec, { resources: {}, volumeMode: 'Filesystem' });
  const { dataSource, dataSourceRef } = spec;
  if (isJsonObject(dataSource) && dataSourceRef === undefined) {
    spec['dataSourceRef'] = { ...dataSource };
  } else if (isJsonObject(dataSourceRef) && dataSource === undefined) {
    const { namespace, ...local } = dataSourceRef;
    if (namespace === undefined || namespace === '') spec['dataSource'] = local;
  }
  if (claim.status !== undefined) fill(claim.status, { phase: 'Pending' });
}

export function fillStorageClass(storageClass: ApiObject): void {
  const json = asJson(storageClass);
  fill(json, { provisioner: '' });
  fillAbsent(json, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' });
}

export function fillVolumeAttachment(attachment: ApiObject): void {
  attachment.spec ??= {};
  fill(attachment.spec, { attacher: '', source: {}, nodeName: '' });
  attachment.status ??= {};
  fill(attachment.status, { attached: false });
}

export function fillStorageDriver(driver: ApiObject): void {
  driver.spec ??= {};
  fill(driver.spec, {
    attachRequired: true,
    podInfoOnMount: false,
    storageCapacity: false,
    fsGroupPolicy: 'ReadWriteOnceWithFSType',
    requiresRepublish: false,
    seLinuxMount: false,
  });
  const modes = driver.spec['volumeLifecycleModes'];
  if (!Array.isArray(modes) || modes.length === 0) driver.spec['volumeLifecycleModes'] = ['Persistent'];
}

export function fillStorageNode(node: ApiObject): void {
  node.spec ??= {};
  node.spec['drivers'] ??= null;
}

export function fillAttributesClass(attributes: ApiObject): void {
  fill(asJson(attributes), { driverName: '' });
}
