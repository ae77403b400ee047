/** A key with its value as clients hold it: bytes, and the same as text where text is wanted. */

import type { KeyValue } from '../wire/messages.ts';
import { toText } from './keys.ts';

/**
 * A key and its value at some revision. `key` and `value` are views on the answer they came in: copy them
 * (`Uint8Array.from(…)`) to keep one of many for long.
 */
export class Pair {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Revision at which the key came to be. */
  readonly createRevision: number;
  /** Revision of the last change. */
  readonly modRevision: number;
  /** Changes since it came to be: 1 for a new key. */
  readonly version: number;
  /** The lease it is attached to; 0n for none. */
  readonly lease: bigint;

  constructor(kv: KeyValue) {
    this.key = kv.key;
    this.value = kv.value;
    this.createRevision = kv.createRevision;
    this.modRevision = kv.modRevision;
    this.version = kv.version;
    this.lease = kv.lease;
  }

  /** The key as UTF-8 text. */
  get keyText(): string {
    return toText(this.key);
  }

  /** The value as UTF-8 text. */
  get text(): string {
    return toText(this.value);
  }

  /** The value read as JSON. @throws SyntaxError when it is none */
  json<T = unknown>(): T {
    return JSON.parse(this.text) as T;
  }
}
