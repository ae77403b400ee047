/**
 * The file format of bbolt, which etcd keeps its state in and sends as a snapshot. Little-endian throughout.
 *
 *     page      | id u64 | flags u16 | count u16 | overflow u32 | elements …, their bytes … |
 *     meta      magic u32 · version u32 · page size u32 · flags u32 · root u64 · sequence u64 · freelist u64 ·
 *               high water u64 · transaction u64 · FNV-1a of the 56 bytes before
 *     leaf      flags u32 · position u32 · key length u32 · value length u32
 *     branch    position u32 · key length u32 · page u64
 *
 * Positions count from the element itself. A page that is too small goes on in `overflow` further ones. A bucket is a leaf
 * element with flag 1 whose value is its root page and a sequence; root 0 means that its one page follows in the value.
 */

export const pageBytes = 4096;
export const pageHeaderBytes = 16;
export const elementBytes = 16;
export const bucketHeaderBytes = 16;
export const metaBytes = 64;
export const magic = 0xed0cdaed;
export const version = 2;
/** In the place of a freelist's page: there is none, all free pages are found by looking. */
export const noFreelist = 0xffff_ffff_ffff_ffffn;

export const PageFlag = { Branch: 0x01, Leaf: 0x02, Meta: 0x04, Freelist: 0x10 } as const;
/** Flag of a leaf element whose value is a bucket. */
export const bucketFlag = 1;

const offsetBasis = 0xcbf29ce484222325n;
const prime = 0x100000001b3n;

/** FNV-1a, 64 bits. */
export function fnv1a(bytes: Uint8Array): bigint {
  let hash = offsetBasis;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * prime);
  return hash;
}
