/**
 * Reads again, slowly and all the time, what a running member has on disk, so that a bit that has flipped is found and
 * mended before it is needed: at the next start, or when the other copies are gone too.
 *
 *     pass    all tables of the state │ all records of the state, with their packs │ all segments of the log
 *
 * What it finds is mended while the member runs. The state is taken from the leader, as one that differs is
 * (`member/rebuild.ts`). Of the log, what is damaged has been applied long since: it is let go of as soon as the state on
 * disk holds what it led to, and the promises in it stand in newer segments. The newest segment is read as far as it was
 * durable when its turn came; where that is damaged, the log goes on in another one first.
 *
 * What somebody needs before it is looked at again is told by the backend, and mended in the same way.
 *
 * A file may be in the making or on its way out while it is read: only what is found twice, some time apart, in a file
 * that is still there, is damage.
 */

import { isTable, tableSteps } from '../backend/table-check.ts';
import { Failure } from '../util/failure.ts';
import type { Runtime, Timer } from '../util/runtime.ts';
import { parseSegmentName } from '../wal/segment.ts';
import { segmentSteps } from '../wal/segment-check.ts';
import type { Storage } from './storage.ts';

/** A store of 1 GB is read in little more than an hour, at less than a thousandth of a core. */
export const defaultScrubBytesPerSecond: number = 256 * 1024;
/** It works in bursts, a few seconds apart, so that an idle machine can sleep in between. */
const burstMs = 4000;
/** Between two passes. */
const restMs = 60_000;
/** What readers find damaged is told at most so often; each of them may find it. */
const noticeMs = 10_000;
/** What seems damaged is looked at again after this. */
const confirmMs = 30_000;
/** Of the state's records, read at once. */
const chunkBytes = 64 * 1024;
const chunkEntries = 1000;
/** Tables that are the store's begin behind the backend's own. */
const firstKey = '\x01';

/** What is mended, of the member that runs. */
export interface ScrubbedMember {
  /** @returns false where that cannot be */
  replaceState(): boolean;
  shedLog(): void;
  /** The segment of the log that is written to, and how much of it is durable. */
  readonly durableLog: { readonly path: string; readonly bytes: number };
  /** Lets the log go on in another segment. */
  renewLog(): void;
}

export interface ScrubOptions {
  readonly storage: Pick<Storage, 'disk' | 'backend' | 'walDirectory' | 'onDamage'>;
  readonly stateDirectory: string;
  readonly bytesPerSecond: number;
  readonly member: ScrubbedMember;
  readonly runtime: Runtime;
  /** For tests. @default 30 s, 60 s */
  readonly confirmMs?: number;
  readonly restMs?: number;
}

type Steps = Generator<number, { readonly path: string; readonly offset: number } | null>;

export class Scrub {
  readonly #options: ScrubOptions;
  #isStopped = false;
  #ended: Promise<void> = Promise.resolve();
  /** Bytes since the last pause. */
  #spent = 0;
  #timer: Timer | null = null;
  #wake: () => void = () => {};
  #noticedAt = Number.NEGATIVE_INFINITY;
  /** Whole passes. */
  passes = 0;

  constructor(options: ScrubOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.storage.onDamage = (damage) => this.#notice(damage);
    this.#ended = this.#run();
  }

  /** Resolves when nothing is read any more. */
  stop(): Promise<void> {
    this.#isStopped = true;
    this.#options.storage.onDamage = () => {};
    this.#timer?.cancel();
    this.#wake();
    return this.#ended;
  }

  async #run(): Promise<void> {
    const { runtime } = this.#options;
    while (!this.#isStopped) {
      await this.#pause(this.#options.restMs ?? restMs);
      try {
        await this.#pass();
        this.passes++;
      } catch (error) {
        if (!this.#isStopped)
          runtime.log.warn('reading again what is on disk failed', { error: error as Error });
      }
    }
  }

  async #pass(): Promise<void> {
    const { disk, walDirectory } = this.#options.storage;
    for (const path of this.#tables()) {
      const fault = await this.#confirmed(path, (one) => tableSteps(disk, one));
      if (fault !== null) {
        this.#replaceState(fault);
        return;
      }
    }
    await this.#readRecords();
    const segments = disk.list(walDirectory).filter((name) => parseSegmentName(name) !== null);
    for (const name of segments.sort()) {
      const path = `${walDirectory}/${name}`;
      const { durableLog } = this.#options.member;
      const isNewest = durableLog.path === path;
      const durable = isNewest ? durableLog.bytes : null;
      const fault = await this.#confirmed(path, (one) => segmentSteps(disk, one, durable));
      if (fault === null) continue;
      if (isNewest) this.#options.member.renewLog();
      const told = 'the log is damaged on disk: what it had there is in the state, and is let go of';
      this.#options.runtime.log.error(told, { damage: fault });
      this.#options.member.shedLog();
      return;
    }
  }

  #tables(): string[] {
    const { storage, stateDirectory } = this.#options;
    const { disk } = storage;
    const states = disk.list(stateDirectory).filter((name) => name.startsWith('state-'));
    return states.flatMap((state) => {
      const tables = disk.list(`${stateDirectory}/${state}`).filter(isTable);
      return tables.map((name) => `${stateDirectory}/${state}/${name}`);
    });
  }

  /** @returns file and place of what was found damaged twice, or null */
  async #confirmed(path: string, steps: (path: string) => Steps): Promise<string | null> {
    if ((await this.#read(path, steps)) === null) return null;
    await this.#pause(this.#options.confirmMs ?? confirmMs);
    return this.#isStopped ? null : await this.#read(path, steps);
  }

  async #read(path: string, steps: (path: string) => Steps): Promise<string | null> {
    const { disk } = this.#options.storage;
    try {
      const reading = steps(path);
      for (;;) {
        const step = reading.next();
        if (step.done === true) {
          const fault = step.value;
          return fault === null || !disk.exists(path) ? null : `${fault.path} at offset ${fault.offset}`;
        }
        await this.#spend(step.value);
        if (this.#isStopped) {
          reading.return(null);
          return null;
        }
      }
    } catch (error) {
      // Gone meanwhile; or the disk does not give it back.
      return disk.exists(path) ? `${path}: ${(error as Error).message}` : null;
    }
  }

  /** Somebody wanted a record that is damaged. */
  #notice(damage: Error): void {
    const now = this.#options.runtime.clock.now();
    if (now - this.#noticedAt < noticeMs) return;
    this.#noticedAt = now;
    this.#replaceState(damage.message);
  }

  /** Each pack has a checksum, which is looked at whenever it is read. */
  async #readRecords(): Promise<void> {
    for (let from = firstKey; !this.#isStopped; ) {
      let bytes = 0;
      let last = '';
      try {
        for (const { key, value } of await this.#scan(from)) {
          bytes += key.length + value.length;
          last = key;
        }
      } catch (error) {
        if (!(error instanceof Failure) || error.reason !== 'backendDamaged') throw error;
        this.#notice(error);
        return;
      }
      if (last === '') return;
      from = `${last}\0`;
      await this.#spend(bytes);
    }
  }

  #scan(from: string): Promise<readonly { readonly key: string; readonly value: Uint8Array }[]> {
    const { backend } = this.#options.storage;
    return new Promise((resolve, reject) => {
      const done: Parameters<typeof backend.readDurable>[3] = (error, entries) =>
        error === null ? resolve(entries) : reject(error);
      backend.readDurable(from, chunkEntries, chunkBytes, done);
    });
  }

  #replaceState(damage: string): void {
    const { member, runtime } = this.#options;
    if (member.replaceState()) {
      const told = 'the state is damaged on disk: it will be replaced by the leader’s while this member runs';
      runtime.log.error(told, { damage });
    } else {
      const advice = 'save a snapshot while it still serves, or start it again among other members';
      runtime.log.error('the state is damaged on disk, and there is nobody to have it from', {
        damage,
        advice,
      });
    }
  }

  /** Accounts for bytes that were read: others have their turn, and a burst is followed by a pause. */
  async #spend(bytes: number): Promise<void> {
    this.#spent += bytes;
    const { bytesPerSecond, runtime } = this.#options;
    if (this.#spent * 1000 < bytesPerSecond * burstMs) {
      await new Promise<void>((resolve) => runtime.scheduler.defer(resolve));
      return;
    }
    const ms = (this.#spent * 1000) / bytesPerSecond;
    this.#spent = 0;
    await this.#pause(ms);
  }

  #pause(ms: number): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#timer = this.#options.runtime.clock.setTimer(ms, resolve);
    });
  }
}
