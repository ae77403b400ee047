/**
 * Remembers the encoded form of the events that were sent last. When many streams watch the same keys, the hub tells each
 * the same events, one stream after the other, and only the header in front of them differs.
 *
 * The header is remembered, too: between it and the events stands the watcher's id, and that is all that differs between
 * watchers who are told the same.
 *
 * A few slots, overwritten in turn, and none for large ones: what is remembered is bounded by slots × size.
 */

import type { Event, ResponseHeader } from '../wire/messages.ts';
import { encodeWatchEvents, encodeWatchHead } from '../wire/watch-codec.ts';

const slotCount = 16;
/** Longer encodings are not worth keeping: writing them out costs more than making them. */
const maxRememberedBytes = 256 * 1024;

export class SharedEvents {
  /** The event, if it is alone, or the list: hubs build lists anew, but share events. */
  readonly #keys: (object | null)[] = new Array<object | null>(slotCount).fill(null);
  readonly #encoded: Uint8Array[] = new Array<Uint8Array>(slotCount);
  #next = 0;
  #lastKey: object | null = null;
  #lastEncoded: Uint8Array = new Uint8Array(0);
  #headRevision = -1;
  #headTerm = -1;
  #head: Uint8Array = new Uint8Array(0);

  /** What stands before the watcher's id. `idBytes` of the header are always the same. */
  head(header: ResponseHeader): Uint8Array {
    const { revision, raftTerm } = header;
    if (revision !== this.#headRevision || raftTerm !== this.#headTerm) {
      this.#headRevision = revision;
      this.#headTerm = raftTerm;
      this.#head = encodeWatchHead(header);
    }
    return this.#head;
  }

  /** @param events at least one; neither the list nor its events change afterwards */
  encode(events: readonly Event[]): Uint8Array {
    const key: object = events.length === 1 ? events[0]! : events;
    if (key === this.#lastKey) return this.#lastEncoded;
    const slot = this.#keys.indexOf(key);
    const encoded = slot >= 0 ? this.#encoded[slot]! : encodeWatchEvents(events);
    if (encoded.length > maxRememberedBytes) return encoded;
    this.#lastKey = key;
    this.#lastEncoded = encoded;
    if (slot >= 0) return encoded;
    this.#keys[this.#next] = key;
    this.#encoded[this.#next] = encoded;
    this.#next = (this.#next + 1) % slotCount;
    return encoded;
  }
}
