/** The part of `level` that is used; some of it is missing in its own types. */

export interface LevelDb {
  open(): Promise<void>;
  close(): Promise<void>;
  getSync(key: string): Buffer | undefined;
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

export interface LevelIterator {
  nextv(size: number): Promise<[string, Buffer][]>;
  close(): Promise<void>;
}
