/**
 * How many connections of clients this process has room for: as many as it may open files, less those that its members
 * open for themselves, for the log, the state and each other. A connection that is refused ends nobody; a file of the log that cannot
 * be opened ends the member.
 *
 * Invariant: the connections that hold a place are at most `most`, over all ports that share the places.
 */

import { processFigures } from '../util/node-process.ts';

/** What stays free of files at least, as in etcd; a state of many GB has hundreds, so that it is a quarter of more. */
export const OWN_FILES_MIN: number = 150;
const OWN_FILES_SHARE = 4;
/** A process that may open next to nothing serves a few all the same. */
const PLACES_MIN = 16;

export class ConnectionPlaces {
  readonly most: number;
  #taken = 0;

  constructor(most: number) {
    this.most = most;
  }

  get free(): number {
    return this.most - this.#taken;
  }

  /** @returns false: there is none */
  take(): boolean {
    if (this.#taken >= this.most) return false;
    this.#taken++;
    return true;
  }

  giveBack(): void {
    if (this.#taken === 0) throw new Error('a place that nobody took was given back');
    this.#taken--;
  }
}

/** @param maxOpenFiles null where the system does not tell */
export function placesOf(maxOpenFiles: number | null): number {
  if (maxOpenFiles === null) return Number.POSITIVE_INFINITY;
  const own = Math.max(OWN_FILES_MIN, Math.ceil(maxOpenFiles / OWN_FILES_SHARE));
  return Math.max(PLACES_MIN, maxOpenFiles - own);
}

let shared: ConnectionPlaces | null = null;

/** Those of all clients of this process. */
export function clientPlaces(): ConnectionPlaces {
  shared ??= new ConnectionPlaces(placesOf(processFigures().maxOpenFiles));
  return shared;
}
