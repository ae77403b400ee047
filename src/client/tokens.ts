/**
 * The token that proves to servers who calls. It is fetched when the first call needs it and again when a server no
 * longer takes it; any number of calls share one fetch. A server without authentication has no tokens to give: then
 * calls go without, until one is refused for that.
 */

export type TokenDone = (error: Error | null, token: string | null) => void;

/** Asks a server for a token; null: it has authentication turned off. */
export type FetchToken = (done: TokenDone) => void;

export class Tokens {
  readonly #fetch: FetchToken;
  #token: string | null = null;
  #isKnown = false;
  #waiting: TokenDone[] | null = null;

  constructor(fetch: FetchToken) {
    this.#fetch = fetch;
  }

  /** Calls `done` with the token in use, at once if there is one; null: call without. */
  get(done: TokenDone): void {
    if (this.#isKnown) {
      done(null, this.#token);
      return;
    }
    if (this.#waiting !== null) {
      this.#waiting.push(done);
      return;
    }
    this.#waiting = [done];
    this.#fetch((error, token) => {
      const waiting = this.#waiting!;
      this.#waiting = null;
      if (error === null) {
        this.#token = token;
        this.#isKnown = true;
      }
      for (const one of waiting) one(error, token);
    });
  }

  /** A server refused this token. One that was fetched meanwhile stays. */
  refused(token: string | null): void {
    if (this.#isKnown && this.#token === token) this.#isKnown = false;
  }
}
