/** Tells the cluster under which name and addresses a member serves, until the cluster knows. */

import type { Clock } from '../util/runtime.ts';
import { encodePublish, type PublishRequest } from './applier.ts';
import type { MemberRecord } from './types.ts';

/** Without an effect it is told again after this. */
const republishMs = 1000;

export class Publisher {
  readonly #id: string;
  readonly #name: string;
  readonly #clock: Clock;
  #clientUrls: readonly string[] | null = null;
  #publishedAt = Number.NEGATIVE_INFINITY;

  constructor(id: string, name: string, clock: Clock) {
    this.#id = id;
    this.#name = name;
    this.#clock = clock;
  }

  serveAt(clientUrls: readonly string[]): void {
    this.#clientUrls = clientUrls;
  }

  /** The request to propose now; null when there is nothing to say. @param known what the cluster knows */
  next(known: MemberRecord | undefined): Uint8Array | null {
    const clientUrls = this.#clientUrls;
    if (clientUrls === null || known === undefined) return null;
    if (known.name === this.#name && sameList(known.clientUrls, clientUrls)) return null;
    const now = this.#clock.now();
    if (now - this.#publishedAt < republishMs) return null;
    this.#publishedAt = now;
    const request: PublishRequest = { id: this.#id, name: this.#name, clientUrls };
    return encodePublish(request);
  }
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
