/**
 * The Backend in memory: for members without a disk, for tests, and for the simulator, which crashes it.
 *
 * The durable state is a `MemoryImage`. It outlives the backend: give the same image to a new backend and that one finds
 * the state at the last flush that was completed. A flush that was running at the crash either happened as a whole or not
 * at all; `crash` is told which.
 */

import { OrderedMap } from '../util/ordered-map.ts';
import type { Scheduler } from '../util/runtime.ts';
import type { Backend, BackendEntry, EntryVisitor } from './backend.ts';
import { type BaseCursor, type BaseReplacement, type BaseState, type Line, noLine } from './base-state.ts';
import { BufferedBackend } from './buffered-backend.ts';
import type { Overlay } from './overlay.ts';
import { visitFailure } from './pack.ts';

interface ImageEntry {
  readonly key: string;
  readonly value: Uint8Array;
}

/** What a memory backend has made durable. */
export class MemoryImage {
  /** @internal */
  entries: OrderedMap<ImageEntry> = new OrderedMap<ImageEntry>();
  /** @internal */
  line: Line = noLine;
  /** @internal */
  bytes = 0;

  /** Index of the line it stands at. */
  get index(): number {
    return this.line.index;
  }

  /** @internal */
  apply(writes: Overlay, line: Line): void {
    if (writes.packs().length > 0) throw new Error('nothing is packed in memory');
    for (const rest = writes.writes(); rest.next(); ) {
      const { key, value } = rest;
      const before = this.entries.get(key);
      if (before !== undefined) this.bytes -= key.length + before.value.length;
      if (value === null) {
        if (before !== undefined) this.entries.delete(key);
      } else {
        this.entries.set(key, { key, value });
        this.bytes += key.length + value.length;
      }
    }
    this.line = line;
  }

  /** @internal */
  replace(entries: OrderedMap<ImageEntry>, bytes: number, line: Line): void {
    this.entries = entries;
    this.bytes = bytes;
    this.line = line;
  }
}

export interface MemoryBackendOptions {
  readonly scheduler: Scheduler;
  /** The durable state to go on from. @default an empty one */
  readonly image?: MemoryImage;
  /** Runs the end of a flush later: how long a flush takes. @default the scheduler's next turn */
  readonly delayFlush?: (end: () => void) => void;
}

/** A memory backend that can lose its power. */
export interface MemoryBackend extends Backend {
  /**
   * Stops it as a power cut would: nothing more becomes durable, no callback is called any more.
   * @param completesFlush whether a flush that is running has still happened
   */
  crash(completesFlush: boolean): void;
}

class MemoryState implements BaseState {
  readonly #image: MemoryImage;
  readonly #power: Power;

  constructor(image: MemoryImage, power: Power) {
    this.#image = image;
    this.#power = power;
  }

  get line(): Line {
    return this.#image.line;
  }

  get sizeBytes(): number {
    return Math.max(1, this.#image.bytes);
  }

  get(key: string): Uint8Array | undefined {
    return this.#image.entries.get(key)?.value;
  }

  write(writes: Overlay, line: Line, done: (error: Error | null) => void): void {
    const power = this.#power;
    power.running = () => this.#image.apply(writes, line);
    power.delayFlush(() => {
      if (power.isOff) return;
      power.running?.();
      power.running = null;
      done(null);
    });
  }

  cursor(from: string, to: string | null, atMost: number): BaseCursor {
    // Values are never changed in place, so the list of them is the frozen view.
    const entries: ImageEntry[] = [];
    this.#image.entries.collect(from, to, atMost, false, entries);
    return new MemoryCursor(entries, this.#power);
  }

  visit(from: string, to: string, visitor: EntryVisitor, done: (error: Error | null) => void): void {
    const entries: ImageEntry[] = [];
    this.#image.entries.collect(from, to, Number.POSITIVE_INFINITY, false, entries);
    this.#power.scheduler.defer(() => {
      done(visitFailure(entries, visitor));
    });
  }

  /** Memory gives space back by itself. */
  compact(done: (error: Error | null) => void): void {
    this.#power.scheduler.defer(() => done(null));
  }

  beginReplacement(): BaseReplacement {
    return new MemoryReplacement(this.#image, this, this.#power);
  }

  close(done: (error: Error | null) => void): void {
    this.#power.scheduler.defer(() => done(null));
  }
}

/** Shared by the parts of one backend: after a crash none of them says anything any more. */
class Power {
  isOff = false;
  /** The effect of the running flush. */
  running: (() => void) | null = null;
  readonly scheduler: Scheduler;
  readonly delayFlush: (end: () => void) => void;

  constructor(options: MemoryBackendOptions) {
    const { scheduler } = options;
    this.scheduler = {
      defer: (job) =>
        scheduler.defer(() => {
          if (!this.isOff) job();
        }),
    };
    this.delayFlush = options.delayFlush ?? ((end) => scheduler.defer(end));
  }
}

class MemoryCursor implements BaseCursor {
  readonly #entries: readonly ImageEntry[];
  readonly #power: Power;
  #at = 0;

  constructor(entries: readonly ImageEntry[], power: Power) {
    this.#entries = entries;
    this.#power = power;
  }

  next(
    limit: number,
    maxBytes: number,
    done: (error: Error | null, entries: readonly BackendEntry[]) => void,
  ): void {
    const from = this.#at;
    for (
      let bytes = 0;
      this.#at < this.#entries.length && this.#at - from < limit && bytes < maxBytes;
      this.#at++
    ) {
      const entry = this.#entries[this.#at]!;
      bytes += entry.key.length + entry.value.length;
    }
    const entries = this.#entries.slice(from, this.#at);
    this.#power.scheduler.defer(() => done(null, entries));
  }

  close(): void {
    this.#at = this.#entries.length;
  }
}

class MemoryReplacement implements BaseReplacement {
  readonly #image: MemoryImage;
  readonly #state: MemoryState;
  readonly #power: Power;
  readonly #entries = new OrderedMap<ImageEntry>();
  #bytes = 0;

  constructor(image: MemoryImage, state: MemoryState, power: Power) {
    this.#image = image;
    this.#state = state;
    this.#power = power;
  }

  add(entries: readonly BackendEntry[], done: (error: Error | null) => void): void {
    for (const { key, value } of entries) {
      const before = this.#entries.get(key);
      if (before !== undefined) this.#bytes -= key.length + before.value.length;
      this.#entries.set(key, { key, value });
      this.#bytes += key.length + value.length;
    }
    this.#power.scheduler.defer(() => done(null));
  }

  commit(line: Line, done: (error: Error | null, state: BaseState | null) => void): void {
    this.#power.scheduler.defer(() => {
      this.#image.replace(this.#entries, this.#bytes, line);
      done(null, this.#state);
    });
  }

  abort(): void {}
}

/** Makes a backend in memory, empty or on an image that another one left. */
export function memoryBackend(options: MemoryBackendOptions): MemoryBackend {
  const image = options.image ?? new MemoryImage();
  const power = new Power(options);
  const backend = new BufferedBackend(new MemoryState(image, power), power.scheduler);
  return Object.assign(backend, {
    image,
    crash(completesFlush: boolean): void {
      if (power.isOff) return;
      power.isOff = true;
      if (completesFlush) power.running?.();
      power.running = null;
    },
  });
}
