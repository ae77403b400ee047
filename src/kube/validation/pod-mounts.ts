/** Where containers mount the volumes of their pod. */

import {
  type FieldError,
  forbiddenValue,
  invalidValue,
  notFoundValue,
  notSupported,
  required,
} from '../api/field-errors.ts';
import type { JsonObject } from '../api/objects.ts';
import { validateDescendingPath } from './pod-fields.ts';
import type { Container, VolumeMount } from './pod-types.ts';

const propagations = ['Bidirectional', 'HostToContainer', 'None'];
const recursions = ['Disabled', 'Enabled', 'IfPossible'];

function validatePropagation(field: string, mount: VolumeMount, container: Container): FieldError[] {
  const errors: FieldError[] = [];
  const { mountPropagation, recursiveReadOnly, readOnly = false } = mount;
  if (mountPropagation !== undefined) {
    const path = `${field}.mountPropagation`;
    if (!propagations.includes(mountPropagation)) {
      errors.push(notSupported(path, mountPropagation, propagations));
    }
    if (mountPropagation === 'Bidirectional' && container.securityContext?.privileged !== true) {
      const why = 'Bidirectional mount propagation is available only to privileged containers';
      errors.push(forbiddenValue(path, why));
    }
  }
  if (recursiveReadOnly === undefined) return errors;
  const path = `${field}.recursiveReadOnly`;
  if (!recursions.includes(recursiveReadOnly)) {
    errors.push(notSupported(path, recursiveReadOnly, recursions));
  } else if (recursiveReadOnly !== 'Disabled') {
    if (!readOnly) errors.push(forbiddenValue(path, 'may only be specified when readOnly is true'));
    if (mountPropagation !== undefined && mountPropagation !== 'None') {
      const why = 'may only be specified when mountPropagation is None or not specified';
      errors.push(forbiddenValue(path, why));
    }
  }
  return errors;
}

function validateSubPaths(
  field: string,
  listField: string,
  mount: VolumeMount,
  isImage: boolean,
): FieldError[] {
  const { subPath = '', subPathExpr = '' } = mount;
  const errors: FieldError[] = [];
  if (isImage) {
    const why = 'not allowed in image volume sources';
    if (subPathExpr !== '') errors.push(invalidValue(`${field}.subPathExpr`, subPathExpr, why));
  }
  // A real server names the list, not the mount.
  if (subPath !== '') errors.push(...validateDescendingPath(`${listField}.subPath`, subPath));
  if (subPathExpr === '') return errors;
  if (subPath !== '') {
    const why = 'subPathExpr and subPath are mutually exclusive';
    errors.push(invalidValue(`${field}.subPathExpr`, subPathExpr, why));
  }
  return [...errors, ...validateDescendingPath(`${listField}.subPathExpr`, subPathExpr)];
}

export function validateMounts(
  field: string,
  container: Container,
  volumes: ReadonlyMap<string, JsonObject>,
): FieldError[] {
  const errors: FieldError[] = [];
  const devices = container.volumeDevices ?? [];
  const seen = new Set<string>();
  (container.volumeMounts ?? []).forEach((mount, at) => {
    const path = `${field}[${at}]`;
    const { name = '', mountPath = '' } = mount;
    if (name === '') errors.push(required(`${path}.name`));
    if (!volumes.has(name)) errors.push(notFoundValue(`${path}.name`, name));
    if (mountPath === '') errors.push(required(`${path}.mountPath`));
    if (seen.has(mountPath)) errors.push(invalidValue(`${path}.mountPath`, mountPath, 'must be unique'));
    seen.add(mountPath);
    if (devices.some((device) => device.name === name)) {
      errors.push(invalidValue(`${path}.name`, name, 'must not already exist in volumeDevices'));
    }
    if (devices.some((device) => device.devicePath === mountPath)) {
      const why = 'must not already exist as a path in volumeDevices';
      errors.push(invalidValue(`${path}.mountPath`, mountPath, why));
    }
    errors.push(...validateSubPaths(path, field, mount, volumes.get(name)?.['image'] !== undefined));
    errors.push(...validatePropagation(field, mount, container));
  });
  return errors;
}

export function validateDevices(
  field: string,
  container: Container,
  volumes: ReadonlyMap<string, JsonObject>,
): FieldError[] {
  const errors: FieldError[] = [];
  const mounts = container.volumeMounts ?? [];
  const names = new Set<string>();
  const paths = new Set<string>();
  (container.volumeDevices ?? []).forEach(({ name = '', devicePath = '' }, at) => {
    const path = `${field}[${at}]`;
    const volume = volumes.get(name);
    if (name === '') errors.push(required(`${path}.name`));
    if (names.has(name)) errors.push(invalidValue(`${path}.name`, name, 'must be unique'));
    if (volume === undefined) errors.push(notFoundValue(`${path}.name`, name));
    else if (volume['persistentVolumeClaim'] === undefined && volume['ephemeral'] === undefined) {
      const why = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
      errors.push(invalidValue(`${path}.name`, name, why));
    }
    if (devicePath === '') errors.push(required(`${path}.devicePath`));
    if (paths.has(devicePath)) errors.push(invalidValue(`${path}.devicePath`, devicePath, 'must be unique'));
    if (devicePath.split('/').includes('..')) {
      errors.push(invalidValue(`${path}.devicePath`, devicePath, "can not contain backsteps ('..')"));
    } else paths.add(devicePath);
    if (mounts.some((mount) => mount.name === name)) {
      errors.push(invalidValue(`${path}.name`, name, 'must not already exist in volumeMounts'));
    }
    if (mounts.some((mount) => mount.mountPath === devicePath)) {
      const why = 'must not already exist as a path in volumeMounts';
      errors.push(invalidValue(`${path}.devicePath`, devicePath, why));
    }
    if (name !== '') names.add(name);
  });
  return errors;
}
