/**
 * The record of everything that happened in a run, as a running hash and, when asked for, as text.
 *
 * Invariant: the hash covers each event's time, kind, node and detail, in order. Two runs of one seed that differ in
 * anything at all differ in the hash; `test/sim/run.test.ts` runs seeds twice to prove that nothing outside the seed
 * (the real clock, the real random source, the order in which a thread pool finishes) leaks in.
 *
 * The hash has two lanes of 32 bits, mixed as in MurmurHash3's body; it is a fingerprint, not a seal.
 */

export interface TraceLine {
  /** Virtual milliseconds. */
  readonly at: number;
  readonly kind: string;
  /** Which node, -1 for the world. */
  readonly node: number;
  readonly detail: string;
}

export interface TraceOptions {
  /** Keeps the newest this many lines as text; 0 keeps none. @default 0 */
  readonly keepLines?: number;
  /** Told of every line as it happens (costs the rendering of each). */
  readonly onLine?: (line: TraceLine) => void;
}

export class Trace {
  private low = 0x9747b28c;
  private high = 0x3c6ef372;
  private readonly keepLines: number;
  private readonly onLine: ((line: TraceLine) => void) | null;
  private kept: TraceLine[] = [];
  /** Events noted so far. */
  count = 0;

  constructor(options: TraceOptions = {}) {
    this.keepLines = options.keepLines ?? 0;
    this.onLine = options.onLine ?? null;
  }

  /** True when lines are rendered: guards the making of costly details that the hash does not need. */
  get verbose(): boolean {
    return this.keepLines > 0 || this.onLine !== null;
  }

  /** The fingerprint so far: 16 hexadecimal digits. */
  get hash(): string {
    return hex(this.high) + hex(this.low);
  }

  /** @param at virtual milliseconds; @param value a number that belongs to the event (an index, a size). */
  note(at: number, kind: string, node: number, value = 0, detail = ''): void {
    this.count++;
    this.mixNumber(at);
    this.mixText(kind);
    this.mix((node + 1) | 0);
    this.mixNumber(value);
    if (detail !== '') this.mixText(detail);
    if (this.verbose)
      this.keep({ at, kind, node, detail: detail === '' ? String(value) : `${value} ${detail}` });
  }

  /** An event that is part of the hash and too common to be a line. */
  tick(at: number, node: number): void {
    this.count++;
    this.mixNumber(at);
    this.mix((node + 1) | 0);
  }

  /** Mixes a text into the hash alone, for facts that are too many to be lines. */
  mixText(text: string): void {
    let word = text.length;
    for (let at = 0; at < text.length; at++) word = (Math.imul(word, 31) + text.charCodeAt(at)) | 0;
    this.mix(word);
  }

  /** Mixes bytes into the hash alone: the first 64, the length, and the last 16. */
  mixBytes(bytes: Uint8Array): void {
    let word = bytes.length;
    const head = Math.min(64, bytes.length);
    for (let at = 0; at < head; at++) word = (Math.imul(word, 31) + bytes[at]!) | 0;
    for (let at = Math.max(head, bytes.length - 16); at < bytes.length; at++) {
      word = (Math.imul(word, 31) + bytes[at]!) | 0;
    }
    this.mix(word);
  }

  lines(): readonly TraceLine[] {
    return this.kept;
  }

  private keep(line: TraceLine): void {
    this.onLine?.(line);
    if (this.keepLines === 0) return;
    this.kept.push(line);
    if (this.kept.length >= this.keepLines * 2) this.kept = this.kept.slice(-this.keepLines);
  }

  private mixNumber(value: number): void {
    // Times have fractions: a 1024th of a millisecond is as fine as the hash looks.
    const scaled = Math.round(value * 1024);
    this.mix(scaled | 0);
    this.mix(Math.floor(scaled / 4294967296) | 0);
  }

  private mix(word: number): void {
    let k = Math.imul(word, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    this.low ^= Math.imul(k, 0x1b873593);
    this.low = (Math.imul((this.low << 13) | (this.low >>> 19), 5) + 0xe6546b64) | 0;
    this.high = (Math.imul(this.high ^ this.low, 0x85ebca6b) + 0x27d4eb2f) | 0;
    this.high ^= this.high >>> 13;
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

export function renderLine(line: TraceLine): string {
  const who = line.node < 0 ? '--' : `n${line.node + 1}`;
  return `${line.at.toFixed(3).padStart(12)} ${who} ${line.kind} ${line.detail}`;
}
