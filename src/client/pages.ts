/**
 * Reads a range page by page, all as of one revision.
 *
 * The first page fixes the revision; every other begins right after the last key of the one before. So a key is seen
 * once, whatever is written meanwhile.
 */

import { type KeyRange, keyAfter, toWireRange } from './keys.ts';
import type { RangeAnswer, RangeOptions } from './operations.ts';
import type { CallOptions } from './options.ts';

export interface PageOptions
  extends Omit<RangeOptions, 'limit' | 'sortBy' | 'order' | 'countOnly'>,
    CallOptions {
  /** Most pairs in a page. @default 1000 */
  readonly pageSize?: number;
}

export type ReadRange = (range: KeyRange, options: RangeOptions & CallOptions) => Promise<RangeAnswer>;

const defaultPageSize = 1000;

/** Yields pages until there is nothing more; the first also when it is empty. */
export async function* readPages(
  read: ReadRange,
  range: KeyRange,
  options: PageOptions,
): AsyncGenerator<RangeAnswer, void, undefined> {
  const { pageSize = defaultPageSize, ...rest } = options;
  if (!Number.isSafeInteger(pageSize) || pageSize < 1)
    throw new TypeError('pageSize must be a positive integer');
  const { rangeEnd: to } = toWireRange(range);
  let part = range;
  let { revision = 0 } = options;
  for (;;) {
    const page = await read(part, { ...rest, revision, limit: pageSize });
    if (revision <= 0) revision = page.header.revision;
    yield page;
    const last = page.pairs.at(-1);
    if (!page.more || last === undefined) return;
    part = { from: keyAfter(last.key), to };
  }
}
