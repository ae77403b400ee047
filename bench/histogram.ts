/**
 * A histogram of latencies with a bounded relative error, in the manner of HDR histograms: values are whole
 * microseconds; each power of two is divided into 128 equal buckets, so a value is known to within 1/128 (0.8 %).
 * Values below 256 µs are exact. Recording is a shift and an addition; the size is fixed.
 */

const SUB_BITS = 7;
const SUB = 1 << SUB_BITS;
/** 2^32 µs is more than an hour; longer ones are counted as that. */
const VALUE_BITS = 32;
const BUCKETS = (VALUE_BITS - SUB_BITS) * SUB + SUB;
const VALUE_MAX = 2 ** VALUE_BITS - 1;

function bucketOf(value: number): number {
  const shift = 31 - Math.clz32(value) - SUB_BITS;
  if (shift <= 0) return value;
  return shift * SUB + (value >>> shift);
}

/** The largest value that falls into the bucket. */
function highestOf(bucket: number): number {
  if (bucket < 2 * SUB) return bucket;
  const shift = Math.floor(bucket / SUB) - 1;
  return ((bucket % SUB) + SUB + 1) * 2 ** shift - 1;
}

/** [bucket, count] pairs of the buckets in use, with the exact extremes and sum: small enough to send between processes. */
export interface HistogramData {
  readonly counts: readonly (readonly [bucket: number, count: number])[];
  readonly maxUs: number;
  readonly sumUs: number;
}

export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #total = 0;
  #max = 0;
  #sum = 0;

  /** @param us microseconds; fractions are rounded, negative values count as 0. */
  record(us: number): void {
    const value = us <= 0 ? 0 : us >= VALUE_MAX ? VALUE_MAX : Math.round(us);
    this.#counts[bucketOf(value)]!++;
    this.#total++;
    this.#sum += value;
    if (value > this.#max) this.#max = value;
  }

  get count(): number {
    return this.#total;
  }

  get maxUs(): number {
    return this.#max;
  }

  get meanUs(): number {
    return this.#total === 0 ? 0 : this.#sum / this.#total;
  }

  /**
   * The smallest bucket limit that at least `percent` of the recorded values do not exceed.
   * @param percent 0..100
   * @returns microseconds, at most 0.8 % above the true value; 0 when nothing was recorded.
   */
  percentileUs(percent: number): number {
    if (this.#total === 0) return 0;
    const rank = Math.max(1, Math.ceil((percent / 100) * this.#total));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket]!;
      if (seen >= rank) return Math.min(highestOf(bucket), this.#max);
    }
    return this.#max;
  }

  add(data: HistogramData): void {
    for (const [bucket, count] of data.counts) {
      this.#counts[bucket]! += count;
      this.#total += count;
    }
    this.#sum += data.sumUs;
    if (data.maxUs > this.#max) this.#max = data.maxUs;
  }

  toData(): HistogramData {
    const counts: [number, number][] = [];
    this.#counts.forEach((count, bucket) => {
      if (count > 0) counts.push([bucket, count]);
    });
    return { counts, maxUs: this.#max, sumUs: this.#sum };
  }
}
