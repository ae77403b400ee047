/** The part of `level` that is used; some of it is missing in its own types. */

export interface LevelDb {
  open(): Promise<void>;
  close(): Promise<void>;
  getSync(key: string, options?: { readonly snapshot: LevelSnapshot }): Buffer | undefined;
  getMany(keys: string[], options: { readonly snapshot: LevelSnapshot }): Promise<(Buffer | undefined)[]>;
  batch(): LevelBatch;
  snapshot(): LevelSnapshot;
  iterator(options: object): LevelIterator;
  approximateSize(start: string, end: string): Promise<number>;
  compactRange(start: string, end: string): Promise<void>;
}

export interface LevelBatch {
  put(key: string, value: Uint8Array): LevelBatch;
  del(key: string): LevelBatch;
  write(options: { sync: boolean }): Promise<void>;
  close(): Promise<void>;
}

/** What stood in the database at one moment, for several iterators to agree on. */
export interface LevelSnapshot {
  close(): Promise<void>;
}

/** A snapshot that several readers share; closed behind the last of them. */
export class SharedSnapshot {
  readonly snapshot: LevelSnapshot;
  #users = 1;

  constructor(snapshot: LevelSnapshot) {
    this.snapshot = snapshot;
  }

  share(): this {
    this.#users++;
    return this;
  }

  async release(): Promise<void> {
    if (--this.#users === 0) await this.snapshot.close();
  }
}

export interface LevelIterator {
  nextv(size: number): Promise<[string, Buffer][]>;
  close(): Promise<void>;
}
