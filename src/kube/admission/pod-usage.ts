/**
 * What a pod asks for, in billionths per resource: the sum of its containers and of the init containers that stay, or the largest
 * init container where that is more, and its overhead. Shared by limits and quotas.
 */

import type { JsonObject } from '../api/objects.ts';
import { parseQuantity } from '../schema/quantity.ts';
import { mapOf, objectOf, objectsOf, textOf } from '../validation/members.ts';

/** Resource to billionths. */
export type Amounts = Map<string, bigint>;

export function addAmount(amounts: Amounts, name: string, nanos: bigint): void {
  amounts.set(name, (amounts.get(name) ?? 0n) + nanos);
}

/** @param side 'requests' or 'limits' */
function containerAmounts(container: JsonObject, side: string): Amounts {
  const amounts: Amounts = new Map();
  for (const [name, text] of Object.entries(mapOf(objectOf(container, 'resources'), side))) {
    amounts.set(name, parseQuantity(text).nanos);
  }
  return amounts;
}

function addAll(to: Amounts, from: Amounts): void {
  for (const [name, nanos] of from) addAmount(to, name, nanos);
}

function raise(to: Amounts, from: Amounts): void {
  for (const [name, nanos] of from) if (nanos > (to.get(name) ?? 0n)) to.set(name, nanos);
}

/** @param side 'requests' or 'limits' */
export function podAmounts(spec: JsonObject, side: string): Amounts {
  const total: Amounts = new Map();
  for (const container of objectsOf(spec, 'containers')) addAll(total, containerAmounts(container, side));
  // While one init container runs, those that stay and came before it run as well.
  const staying: Amounts = new Map();
  const initial: Amounts = new Map();
  for (const container of objectsOf(spec, 'initContainers')) {
    const own = containerAmounts(container, side);
    if (textOf(container, 'restartPolicy') === 'Always') {
      addAll(staying, own);
      addAll(total, own);
      raise(initial, staying);
    } else {
      const now: Amounts = new Map(staying);
      addAll(now, own);
      raise(initial, now);
    }
  }
  raise(total, initial);
  for (const [name, text] of Object.entries(mapOf(spec, 'overhead'))) {
    if (side === 'requests' || total.has(name)) addAmount(total, name, parseQuantity(text).nanos);
  }
  return total;
}
