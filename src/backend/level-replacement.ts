/**
 * A state that is received and may take the place of the one in force: written beside it, and pointed to when all of it is
 * durable. Steps run one after another on `#tail`.
 */

import type { BackendEntry } from './backend.ts';
import type { BaseReplacement, BaseState, Line } from './base-state.ts';
import type { LevelContext, StatePacks } from './level-context.ts';
import type { LevelDb } from './level-db.ts';
import { commitBatch } from './level-flush.ts';
import { encodeLedgerEntry, encodeLine, ledgerKey, lineKey } from './level-ledger.ts';
import { LevelWriter, wholePack } from './level-writer.ts';
import { PackDirectory } from './pack-directory.ts';
import { RecordFiles } from './record-files.ts';

export interface ReplacementHooks {
  /** It is in force, on disk too. @returns the state */
  readonly inForce: (name: string, db: LevelDb, packs: StatePacks, line: Line) => BaseState;
  /** One way or the other. */
  readonly ended: () => void;
}

export class LevelReplacement implements BaseReplacement {
  readonly #context: LevelContext;
  readonly #hooks: ReplacementHooks;
  readonly #name: string;
  readonly #path: string;
  #db: LevelDb | null = null;
  #files: RecordFiles | null = null;
  readonly #directory = new PackDirectory();
  #tail: Promise<void>;
  #isCommitting = false;

  constructor(context: LevelContext, hooks: ReplacementHooks) {
    this.#context = context;
    this.#hooks = hooks;
    this.#name = context.states.freshName();
    this.#path = context.states.pathOf(this.#name);
    this.#tail = this.#open();
    this.#tail.catch(() => {});
  }

  async #open(): Promise<void> {
    const { disk, openDb } = this.#context;
    disk.makeDirectory(this.#path);
    this.#db = await openDb(this.#path, true);
    this.#files = new RecordFiles(disk, this.#path);
  }

  #step(job: () => Promise<void>, done: (error: Error | null) => void): void {
    const { scheduler } = this.#context;
    this.#tail = this.#tail.then(job);
    this.#tail.then(
      () => scheduler.defer(() => done(null)),
      (error) => scheduler.defer(() => done(error as Error)),
    );
  }

  add(entries: readonly BackendEntry[], done: (error: Error | null) => void): void {
    this.#step(async () => {
      const files = this.#files!;
      const batch = this.#db!.batch();
      const writer = new LevelWriter({
        batch,
        directory: this.#directory,
        files,
        packing: this.#context.packing,
        readPack: (pack) =>
          wholePack(this.#path, pack, pack.place === null ? undefined : files.readSync(pack.place)),
      });
      for (const entry of entries) writer.put(entry.key, entry.value);
      while (writer.settle());
      // Synced each time, as a flush is: an unsynced batch before a synced one could vanish alone.
      await commitBatch(files, batch);
      writer.apply();
    }, done);
  }

  commit(line: Line, done: (error: Error | null, state: BaseState | null) => void): void {
    const { states } = this.#context;
    let state: BaseState | null = null;
    this.#isCommitting = true;
    this.#step(
      async () => {
        const batch = this.#db!.batch();
        batch.put(lineKey, encodeLine(1, line));
        batch.put(ledgerKey(1), encodeLedgerEntry(line.index));
        await batch.write({ sync: true });
        states.point(this.#name);
        const packs = { directory: this.#directory, files: this.#files! };
        state = this.#hooks.inForce(this.#name, this.#db!, packs, line);
      },
      (error) => {
        // A sync that failed after the rename leaves open which state is in force: both stay, and opening decides.
        const { ended } = this.#hooks;
        if (error === null) ended();
        else this.#close().then(ended, ended);
        done(error, state);
      },
    );
  }

  async #close(): Promise<void> {
    await this.#db?.close();
    this.#files?.close();
  }

  abort(): void {
    if (this.#isCommitting) return;
    const drop = async (): Promise<void> => {
      await this.#close();
      await this.#context.destroyDb(this.#path);
    };
    const { ended } = this.#hooks;
    this.#tail = this.#tail.then(drop, drop);
    this.#tail.then(ended, (error) => {
      this.#context.log.warn('a dropped state was not removed', { path: this.#path, error });
      ended();
    });
  }
}
