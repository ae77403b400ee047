/** Defaults of the containers of a pod: images, ports, probes, resources. */

import type { JsonObject } from '../api/objects.ts';
import { parseQuantity, quantityText, roundedToMilli } from '../schema/quantity.ts';
import { pullPolicyOf } from './pod-image.ts';
import { fill, fillReferences, inner, items } from './pod-volumes.ts';

const containerDefaults: JsonObject = {
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
};

/** Zero is no value for these: it is filled in, too. */
const probeDefaults: Readonly<Record<string, number>> = {
  timeoutSeconds: 1,
  periodSeconds: 10,
  successThreshold: 1,
  failureThreshold: 3,
};

function fillHttpGet(handler: JsonObject): void {
  const request = inner(handler, 'httpGet');
  if (request === null) return;
  if ((request['path'] ?? '') === '') request['path'] = '/';
  if ((request['scheme'] ?? '') === '') request['scheme'] = 'HTTP';
}

function fillProbe(probe: JsonObject): void {
  fillHttpGet(probe);
  const grpc = inner(probe, 'grpc');
  if (grpc !== null) fill(grpc, { service: '' });
  for (const name in probeDefaults) if ((probe[name] ?? 0) === 0) probe[name] = probeDefaults[name]!;
}

/** No finer than a thousandth: `0.1234567` becomes `124m`. */
function roundResources(resources: JsonObject): void {
  for (const name of ['limits', 'requests']) {
    const list = inner(resources, name);
    if (list !== null) roundResourceList(list);
  }
}

/** A map from resource to quantity. */
export function roundResourceList(list: JsonObject): void {
  for (const resource in list) {
    const text = String(list[resource]);
    // Only these suffixes, and fractions, are finer.
    if (!/[nu.e]/.test(text)) continue;
    list[resource] = quantityText(roundedToMilli(parseQuantity(text)));
  }
}

function fillContainer(container: JsonObject): void {
  if ((container['imagePullPolicy'] ?? '') === '') {
    container['imagePullPolicy'] = pullPolicyOf(String(container['image'] ?? ''));
  }
  fill(container, containerDefaults);
  container['resources'] ??= {};
  roundResources(container['resources'] as JsonObject);
  for (const port of items(container, 'ports')) fill(port, { protocol: 'TCP' });
  for (const variable of items(container, 'env')) {
    const source = inner(variable, 'valueFrom');
    if (source === null) continue;
    fillReferences(source);
    const file = inner(source, 'fileKeyRef');
    if (file !== null) fill(file, { optional: false });
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = inner(container, name);
    if (probe !== null) fillProbe(probe);
  }
  const lifecycle = inner(container, 'lifecycle');
  if (lifecycle === null) return;
  for (const name of ['postStart', 'preStop']) {
    const handler = inner(lifecycle, name);
    if (handler !== null) fillHttpGet(handler);
  }
}

export function fillContainers(spec: JsonObject): void {
  for (const list of ['initContainers', 'containers', 'ephemeralContainers']) {
    for (const container of items(spec, list)) fillContainer(container);
  }
}

/** A limit is a request where there is none; only of pods, so that a LimitRange may still fill in the rest. */
export function fillRequests(resources: JsonObject): void {
  const limits = inner(resources, 'limits');
  if (limits === null) return;
  const requests = inner(resources, 'requests') ?? {};
  let isChanged = false;
  for (const name in limits) {
    if (requests[name] !== undefined) continue;
    requests[name] = limits[name]!;
    isChanged = true;
  }
  if (!isChanged) return;
  const sorted: JsonObject = {};
  for (const name of Object.keys(requests).sort()) sorted[name] = requests[name]!;
  resources['requests'] = sorted;
}
