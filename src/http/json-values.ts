/**
 * Cuts a stream of bytes into JSON objects that follow one another, with or without blanks between them. It looks at
 * braces and strings only; whether an object is right is for the parser to say.
 *
 * What is not complete yet is kept, up to a bound.
 */

const Byte = { quote: 0x22, backslash: 0x5c, open: 0x7b, close: 0x7d } as const;
const blanks: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** Why a stream cannot be read on. */
export type JsonFault = 'noObject' | 'tooLong';

export class JsonValues {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** Nothing is read any more once it is set. */
  fault: JsonFault | null = null;

  /** @param maxBytes of one object */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** An object has begun and is not complete. */
  get isInside(): boolean {
    return this.#depth > 0;
  }

  /** @param chunk only used within the call @returns the texts that it completes */
  read(chunk: Uint8Array): string[] {
    const found: string[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length && this.fault === null; at++) {
      const byte = chunk[at]!;
      if (this.#depth === 0) {
        if (byte === Byte.open) {
          from = at;
          this.#depth = 1;
        } else if (!blanks.has(byte)) {
          this.fault = 'noObject';
        }
      } else if (this.#step(byte)) {
        found.push(this.#take(chunk.subarray(from, at + 1)));
      }
    }
    if (this.#depth > 0 && this.fault === null) this.#keep(chunk.subarray(from));
    return found;
  }

  /** @returns whether the byte ends the object */
  #step(byte: number): boolean {
    if (this.#isInString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === Byte.backslash) this.#isEscaped = true;
      else if (byte === Byte.quote) this.#isInString = false;
    } else if (byte === Byte.quote) {
      this.#isInString = true;
    } else if (byte === Byte.open) {
      this.#depth++;
    } else if (byte === Byte.close) {
      this.#depth--;
    }
    return this.#depth === 0;
  }

  #take(last: Uint8Array): string {
    const text = Buffer.concat([...this.#parts, last]).toString('utf8');
    this.#parts = [];
    this.#bytes = 0;
    return text;
  }

  #keep(part: Uint8Array): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) {
      this.fault = 'tooLong';
      this.#parts = [];
      return;
    }
    this.#parts.push(Buffer.from(part));
  }
}
