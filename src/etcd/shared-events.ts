/**
 * Remembers the encoded form of the events that were sent last. When many streams watch the same keys, the hub tells each
 * the same events, one stream after the other, and only the header in front of them differs.
 *
 * A few slots, overwritten in turn, and none for large ones: what is remembered is bounded by slots × size.
 */

import type { Event } from '../wire/messages.ts';
import { encodeWatchEvents } from '../wire/watch-codec.ts';

const slotCount = 16;
/** Longer encodings are not worth keeping: writing them out costs more than making them. */
const maxRememberedBytes = 64 * 1024;

export class SharedEvents {
  /** The event, if it is alone, or the list: hubs build lists anew, but share events. */
  readonly #keys: (object | null)[] = new Array<object | null>(slotCount).fill(null);
  readonly #encoded: Uint8Array[] = new Array<Uint8Array>(slotCount);
  #next = 0;

  /** @param events at least one; neither the list nor its events change afterwards */
  encode(events: readonly Event[]): Uint8Array {
    const key: object = events.length === 1 ? events[0]! : events;
    const slot = this.#keys.indexOf(key);
    if (slot >= 0) return this.#encoded[slot]!;
    const encoded = encodeWatchEvents(events);
    if (encoded.length > maxRememberedBytes) return encoded;
    this.#keys[this.#next] = key;
    this.#encoded[this.#next] = encoded;
    this.#next = (this.#next + 1) % slotCount;
    return encoded;
  }
}
