/**
 * How many requests are at work at the same time: those that only read and those that write are counted apart, so that neither
 * keeps the other out. Watches and other long requests do not count. Beyond a limit the answer is 429; administrators
 * always get theirs, up to a limit of their own: memory stays bounded whoever asks.
 */

import type { UserInfo } from '../api/user.ts';

export interface InFlightMaxima {
  /** 0: any number. */
  readonly reading: number;
  readonly writing: number;
}

const superGroup = 'system:masters';
/** For administrators, and where a maximum is 0. */
const hardMax = 10_000;

export type RequestClass = 'readOnly' | 'mutating';

const readingVerbs: ReadonlySet<string> = new Set(['get', 'list', 'watch', 'head', 'options']);

export function classOf(verb: string): RequestClass {
  return readingVerbs.has(verb) ? 'readOnly' : 'mutating';
}

export class InFlight {
  readonly #maxima: Readonly<Record<RequestClass, number>>;
  readonly counts: Record<RequestClass, number> = { readOnly: 0, mutating: 0 };

  constructor({ reading, writing }: InFlightMaxima) {
    this.#maxima = { readOnly: reading, mutating: writing };
  }

  /** Counts a request; `leave` must follow. False: there are too many, and nothing was counted. */
  enter(requestClass: RequestClass, user: UserInfo): boolean {
    const maximum = this.#maxima[requestClass];
    const isAdministrator = user.groups.includes(superGroup);
    const most = maximum === 0 || isAdministrator ? hardMax : maximum;
    if (this.counts[requestClass] >= most) return false;
    this.counts[requestClass]++;
    return true;
  }

  leave(requestClass: RequestClass): void {
    this.counts[requestClass]--;
  }
}
