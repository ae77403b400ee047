/**
 * Defaults of pods and of the templates that become pods. Some hold for pods only: a template keeps what its
 * author wrote, and the pod made of it is filled in then.
 */

import { type ApiObject, asJson, type JsonObject } from '../api/objects.ts';
import { inDeclaredOrder } from '../schema/order.ts';
import { definitionOf } from '../schema/schema.ts';
import { fillContainers, fillRequests, roundResourceList } from './pod-containers.ts';
import { fill, fillVolumes, inner, items } from './pod-volumes.ts';

/** What pods and templates share. */
function fillPodSpec(spec: JsonObject): void {
  fillVolumes(spec);
  fillContainers(spec);
  fill(spec, {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  });
  mirrorServiceAccount(spec);
  const overhead = inner(spec, 'overhead');
  if (overhead !== null) roundResourceList(overhead);
}

/** One field has two names; the old one follows. */
function mirrorServiceAccount(spec: JsonObject): void {
  const name = spec['serviceAccountName'] ?? '';
  const old = spec['serviceAccount'] ?? '';
  if (name === '' && old !== '') spec['serviceAccountName'] = old;
  else if (name !== '') spec['serviceAccount'] = name;
  else {
    delete spec['serviceAccountName'];
    delete spec['serviceAccount'];
  }
}

/** On the network of the host, every port is a port of the host. */
function fillHostPorts(spec: JsonObject): void {
  if (spec['hostNetwork'] !== true) return;
  for (const list of ['containers', 'initContainers']) {
    for (const container of items(spec, list)) {
      for (const port of items(container, 'ports')) {
        if ((port['hostPort'] ?? 0) === 0) port['hostPort'] = port['containerPort'] ?? 0;
      }
    }
  }
}

/** A pod template, in place. */
function fillPodTemplate(template: JsonObject): void {
  template['metadata'] ??= {};
  template['spec'] ??= {};
  const spec = inner(template, 'spec');
  if (spec !== null) fillPodSpec(spec);
}

/** The template of an object's spec. */
export function fillTemplateOf(spec: JsonObject): void {
  spec['template'] ??= {};
  const template = inner(spec, 'template');
  if (template !== null) fillPodTemplate(template);
}

export function fillPod(pod: ApiObject): void {
  pod.spec ??= {};
  const { spec } = pod;
  fillPodSpec(spec);
  fill(spec, { enableServiceLinks: true });
  for (const list of ['containers', 'initContainers']) {
    for (const container of items(spec, list)) fillRequests(container['resources'] as JsonObject);
  }
  const resources = inner(spec, 'resources');
  if (resources !== null) fillRequests(resources);
  fillHostPorts(spec);
  settle(pod, 'core.v1.Pod');
}

export function fillPodTemplateObject(object: ApiObject): void {
  const json = asJson(object);
  json['template'] ??= {};
  fillPodTemplate(json['template'] as JsonObject);
  settle(object, 'core.v1.PodTemplate');
}

/** Puts members, and those of what is inside, in order. */
export function settle(object: ApiObject, definition: string): void {
  const ordered = inDeclaredOrder(definitionOf(definition), asJson(object));
  if (ordered === asJson(object)) return;
  // The caller holds the object, so its members are put in again, in order.
  const json = asJson(object);
  for (const name of Object.keys(json)) delete json[name];
  Object.assign(json, ordered);
}
