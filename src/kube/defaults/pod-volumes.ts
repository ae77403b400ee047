/** Defaults of the volumes of a pod. */

import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { pullPolicyOf } from './pod-image.ts';

/** Sets members that are not there; an empty text is not there. */
export function fill(object: JsonObject, defaults: JsonObject): void {
  for (const name in defaults) if ((object[name] ?? '') === '') object[name] = defaults[name]!;
}

/** As `fill`, for members that a Go server knows by a pointer: an empty text was said, and stays. */
export function fillAbsent(object: JsonObject, defaults: JsonObject): void {
  for (const name in defaults) if ((object[name] ?? null) === null) object[name] = defaults[name]!;
}

/** The object of that member, or null. */
export function inner(object: JsonObject, member: string): JsonObject | null {
  const value = object[member];
  return isJsonObject(value) ? value : null;
}

/** The objects of that list; none when there is no list. */
export function items(object: JsonObject, member: string): readonly JsonObject[] {
  const value = object[member];
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

const fileMode = 420;

/** What each kind of volume fills in. */
const volumeDefaults: Readonly<Record<string, JsonObject>> = {
  secret: { defaultMode: fileMode },
  configMap: { defaultMode: fileMode },
  downwardAPI: { defaultMode: fileMode },
  projected: { defaultMode: fileMode },
  hostPath: { type: '' },
  iscsi: { iscsiInterface: 'default' },
  rbd: { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' },
  azureDisk: { cachingMode: 'ReadWrite', fsType: 'ext4', readOnly: false, kind: 'Shared' },
  scaleIO: { storageMode: 'ThinProvisioned', fsType: 'xfs' },
};

/** Fields of the pod, or resources of a container, that a file or variable shows. */
export function fillReferences(source: JsonObject): void {
  const field = inner(source, 'fieldRef');
  if (field !== null) fill(field, { apiVersion: 'v1' });
  const resource = inner(source, 'resourceFieldRef');
  if (resource !== null) fill(resource, { divisor: '0' });
}

function fillProjected(projected: JsonObject): void {
  for (const source of items(projected, 'sources')) {
    const token = inner(source, 'serviceAccountToken');
    if (token !== null) fill(token, { expirationSeconds: 3600 });
    const downward = inner(source, 'downwardAPI');
    if (downward !== null) for (const file of items(downward, 'items')) fillReferences(file);
  }
}

/** Also the claims of StatefulSets. */
export function fillClaimTemplate(claim: JsonObject): void {
  claim['metadata'] ??= {};
  claim['spec'] ??= {};
  const spec = inner(claim, 'spec');
  if (spec === null) return;
  fillAbsent(spec, { resources: {}, volumeMode: 'Filesystem' });
}

function fillVolume(volume: JsonObject): void {
  let hasSource = false;
  for (const name in volume) {
    const source: Json = volume[name]!;
    if (name === 'name' || !isJsonObject(source)) continue;
    hasSource = true;
    const defaults = volumeDefaults[name];
    if (defaults !== undefined) fill(source, defaults);
    if (name === 'downwardAPI') for (const file of items(source, 'items')) fillReferences(file);
    else if (name === 'projected') fillProjected(source);
    else if (name === 'image') fill(source, { pullPolicy: pullPolicyOf(String(source['reference'] ?? '')) });
    else if (name === 'ephemeral') {
      const claim = inner(source, 'volumeClaimTemplate');
      if (claim !== null) fillClaimTemplate(claim);
    }
  }
  if (!hasSource) volume['emptyDir'] = {};
}

export function fillVolumes(spec: JsonObject): void {
  for (const volume of items(spec, 'volumes')) fillVolume(volume);
}
