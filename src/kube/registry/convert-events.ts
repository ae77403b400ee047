/**
 * Events have two names: v1, in which they are stored, and events.k8s.io/v1, where the same members are called otherwise.
 */

import { type ApiObject, asJson, type Json, type JsonObject } from '../api/objects.ts';
import { inDeclaredOrder } from '../schema/order.ts';
import { definitionOf } from '../schema/schema.ts';

/** Name in v1, name in events.k8s.io/v1. */
const renamed: readonly (readonly [string, string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
];

const toEvents: ReadonlyMap<string, string> = new Map(renamed);
const toCore: ReadonlyMap<string, string> = new Map(renamed.map(([core, events]) => [events, core]));

function rename(object: ApiObject, names: ReadonlyMap<string, string>, definition: string): ApiObject {
  const result: Record<string, Json> = {};
  for (const [name, value] of Object.entries(asJson(object))) result[names.get(name) ?? name] = value;
  return inDeclaredOrder(definitionOf(definition), result as JsonObject) as unknown as ApiObject;
}

/** From events.k8s.io/v1 to v1. */
export function eventFromEvents(object: ApiObject): ApiObject {
  const event = asJson(rename(object, toCore, 'core.v1.Event'));
  event['apiVersion'] = 'v1';
  event['involvedObject'] ??= {};
  event['source'] ??= {};
  return event as unknown as ApiObject;
}

/** From v1 to events.k8s.io/v1. */
export function eventToEvents(object: ApiObject): ApiObject {
  const event = rename(object, toEvents, 'events.v1.Event');
  event.apiVersion = 'events.k8s.io/v1';
  return event;
}
