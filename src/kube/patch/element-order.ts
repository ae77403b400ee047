/**
 * The order of a merged list (strategic merge): what the patch names stands in the patch's order, what only
 * the live list has stands in the live order, and the two are woven together so that a live-only item keeps its place before
 * those it stood before. Where nothing tells them apart, the patch goes first: c0 patched into [c1, c2] gives [c0, c1, c2].
 */

import { isJsonObject, type Json } from '../api/objects.ts';

/** What an item is known by: its merge key, or itself. */
export type Identify = (item: Json) => Json | undefined;

export function identifyBy(mergeKey: string): Identify {
  if (mergeKey === '') return (item) => item;
  return (item) => (isJsonObject(item) ? item[mergeKey] : undefined);
}

function placesIn(list: readonly Json[], identify: Identify): Map<Json | undefined, number> {
  const places = new Map<Json | undefined, number>();
  list.forEach((item, at) => {
    const id = identify(item);
    if (!places.has(id)) places.set(id, at);
  });
  return places;
}

function sortBy(items: readonly Json[], order: readonly Json[], identify: Identify): Json[] {
  const places = placesIn(order, identify);
  return [...items].sort(
    (a, b) => (places.get(identify(a)) ?? places.size) - (places.get(identify(b)) ?? places.size),
  );
}

/**
 * @param merged the items, in any order
 * @param named what the patch names, in the order it wants: the patch itself, or its `$setElementOrder`
 * @param live the list as it was before the patch
 */
export function inElementOrder(
  merged: readonly Json[],
  named: readonly Json[],
  live: readonly Json[],
  identify: Identify,
): Json[] {
  const isNamed = placesIn(named, identify);
  const ofPatch: Json[] = [];
  const ofLive: Json[] = [];
  for (const item of merged) (isNamed.has(identify(item)) ? ofPatch : ofLive).push(item);
  return weave(sortBy(ofLive, live, identify), sortBy(ofPatch, named, identify), live, identify);
}

/** Each of `left` goes before the first of the rest of `right` that it stood before in the live list. */
function weave(
  left: readonly Json[],
  right: readonly Json[],
  live: readonly Json[],
  identify: Identify,
): Json[] {
  const places = placesIn(live, identify);
  const result: Json[] = [];
  let l = 0;
  let r = 0;
  while (l < left.length && r < right.length) {
    const ofLeft = places.get(identify(left[l]!));
    const ofRight = places.get(identify(right[r]!));
    const isBefore = ofLeft !== undefined && ofRight !== undefined && ofLeft < ofRight;
    result.push(isBefore ? left[l++]! : right[r++]!);
  }
  while (r < right.length) result.push(right[r++]!);
  while (l < left.length) result.push(left[l++]!);
  return result;
}
