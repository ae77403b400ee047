/** Standard input line by line, as it comes: nobody waits for the end of what a person types. */

export class InputLines {
  readonly #chunks: AsyncIterator<Uint8Array | string>;
  #text = '';
  #isOver = false;
  readonly #takesRest: boolean;

  /** @param takesRest what stands behind the last line end is a line, too. @default false */
  constructor(input: AsyncIterable<Uint8Array | string>, takesRest = false) {
    this.#takesRest = takesRest;
    this.#chunks = decoded(input)[Symbol.asyncIterator]();
  }

  /** The next line without its end; null: there is none. */
  async next(): Promise<string | null> {
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end !== -1) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      if (this.#isOver) {
        const rest = this.#text;
        this.#text = '';
        return this.#takesRest && rest !== '' ? rest : null;
      }
      const { done, value } = await this.#chunks.next();
      if (done === true) this.#isOver = true;
      else this.#text += value;
    }
  }
}

async function* decoded(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of input) {
    yield typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
  }
}
