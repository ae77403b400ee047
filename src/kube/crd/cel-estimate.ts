/**
 * Sizes and costs of CEL as ranges of doubles: sums stop at 2^64, where cel-go's whole numbers end. A limit is at 1e8 at most,
 * far below where doubles leave out whole numbers.
 */

const most: number = 2 ** 64;

/** Characters, bytes, items or entries of a value. */
export interface Size {
  readonly min: number;
  readonly max: number;
}

export const unknownSize: Size = { min: 0, max: most };

export function fixedSize(size: number): Size {
  return { min: size, max: size };
}

export function plus(left: number, right: number): number {
  return Math.min(left + right, most);
}

export function times(left: number, right: number): number {
  return Math.min(left * right, most);
}

/** The cost of going over something: so much for each of its units, rounded up. */
export function perUnit(size: number, factor: number): number {
  return Math.min(Math.ceil(size * factor), most);
}

export function addSizes(left: Size, right: Size): Size {
  return { min: plus(left.min, right.min), max: plus(left.max, right.max) };
}

export function multiplySizes(left: Size, right: Size): Size {
  return { min: times(left.min, right.min), max: times(left.max, right.max) };
}

/** A size that holds both. */
export function spanOf(left: Size, right: Size): Size {
  return { min: Math.min(left.min, right.min), max: Math.max(left.max, right.max) };
}

/** Costs of CEL (cel-go, common/cost.go). */
export const costs: {
  readonly list: number;
  readonly map: number;
  readonly textUnit: number;
  readonly patternUnit: number;
} = { list: 10, map: 30, textUnit: 0.1, patternUnit: 0.25 };
