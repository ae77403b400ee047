/**
 * The requests that the load generator sends: messages made once, in which only the digits of the keys (or the numbers of
 * the leases) change from call to call.
 *
 * A key is `k` and a number in decimal digits. A template names its keys by placeholders, which are looked for in its
 * bytes: `k…` is the key of the call, `e…` the end of a range that begins there.
 */

import {
  LEASE_GRANT_PATH,
  LEASE_REVOKE_PATH,
  leaseGrantRequest,
  leaseRevokeRequest,
  PUT_PATH,
  putRequest,
  RANGE_PATH,
  rangeRequest,
  TXN_PATH,
  txnRequest,
} from './messages.ts';

/** `mixed`: four linearizable reads for each put. `lease`: grants, and revocations of what was granted before. */
export type RequestKind = 'put' | 'range' | 'serializable' | 'txn' | 'mixed' | 'lease';

export interface RequestOptions {
  /** @default 'put' */
  readonly request?: RequestKind;
  /** Keys that one range takes. @default 1 */
  readonly keysPerRange?: number;
  readonly valueBytes: number;
  readonly keyBytes: number;
  /** Sequential keys start again after this many; random ones are drawn from as many. */
  readonly keySpace: number;
  readonly keyOrder: 'sequential' | 'random';
  /** First sequential key. */
  readonly keyFrom: number;
  readonly connections: number;
  readonly streams: number;
}

interface Template {
  readonly path: string;
  body: Buffer;
  /** Where keys begin, and where ends of ranges do. */
  readonly keysAt: readonly number[];
  readonly endsAt: readonly number[];
}

const ZERO = 48;
/** Lease numbers are written as varints of five octets: from 2^28 to 2^35. */
const LEASE_BASE = 2 ** 34;
const FIRST_LEASE_BASE = 2 ** 30;
const LEASE_ID_OCTETS = 5;

export class RequestSource {
  readonly #options: RequestOptions;
  readonly #templates: readonly Template[];
  readonly #keysPerRange: number;
  readonly #isLease: boolean;
  /** Leases granted this many calls ago are surely there. */
  readonly #lag: number;
  #current: Template;
  #turn = 0;
  #next: number;
  #random = 0x9e3779b9;

  constructor(options: RequestOptions) {
    this.#options = options;
    this.#next = options.keyFrom;
    this.#keysPerRange = options.keysPerRange ?? 1;
    this.#isLease = options.request === 'lease';
    this.#lag = 4 * options.connections * options.streams;
    // Bytes that do not repeat, so that nobody's compression helps.
    const value = Buffer.from(Array.from({ length: options.valueBytes }, () => this.#draw() & 255));
    this.#templates = this.#make(value);
    this.#current = this.#templates[0]!;
  }

  /** The number of the next sequential key. */
  get next(): number {
    return this.#next;
  }

  /** Of the request last given. */
  get path(): string {
    return this.#current.path;
  }

  /** The next request. Valid until the next call, unless `keep` was called. */
  request(): Buffer {
    const template = this.#templates[this.#turn]!;
    this.#turn = (this.#turn + 1) % this.#templates.length;
    this.#current = template;
    if (this.#isLease) {
      this.#leaseNumber(template);
      return this.#current.body;
    }
    const { keyOrder, keySpace } = this.#options;
    const number = (keyOrder === 'random' ? this.#draw() : this.#next++) % keySpace;
    for (const at of template.keysAt) this.#digits(template.body, at, number);
    for (const at of template.endsAt) this.#digits(template.body, at, number + this.#keysPerRange);
    return template.body;
  }

  /** The request last given is still being sent: the next one is written to another buffer. */
  keep(): void {
    this.#current.body = Buffer.from(this.#current.body);
  }

  #make(value: Buffer): Template[] {
    const { request = 'put', keyBytes } = this.#options;
    const key = Buffer.alloc(keyBytes, '0');
    key[0] = 'k'.charCodeAt(0);
    const end = Buffer.from(key);
    end[0] = 'e'.charCodeAt(0);
    const template = (path: string, body: Buffer): Template => ({
      path,
      body,
      keysAt: placesOf(body, key),
      endsAt: placesOf(body, end).map((at) => {
        body[at] = key[0]!;
        return at;
      }),
    });
    const rangeEnd = this.#keysPerRange > 1 ? end : null;
    const range = (): Template => template(RANGE_PATH, rangeRequest(key, rangeEnd, false));
    const put = (): Template => template(PUT_PATH, putRequest(key, value));
    switch (request) {
      case 'put':
        return [put()];
      case 'range':
        return [range()];
      case 'serializable':
        return [template(RANGE_PATH, rangeRequest(key, rangeEnd, true))];
      case 'txn':
        return [template(TXN_PATH, txnRequest(key, value))];
      case 'mixed':
        return [range(), range(), put(), range(), range()];
      case 'lease':
        return [
          { path: LEASE_GRANT_PATH, body: leaseGrantRequest(LEASE_BASE), keysAt: [], endsAt: [] },
          { path: LEASE_REVOKE_PATH, body: leaseRevokeRequest(LEASE_BASE), keysAt: [], endsAt: [] },
        ];
    }
  }

  #digits(body: Buffer, keyAt: number, value: number): void {
    let number = value;
    for (let at = keyAt + this.#options.keyBytes - 1; at > keyAt; at--) {
      const tenth = Math.floor(number / 10);
      body[at] = ZERO + number - tenth * 10;
      number = tenth;
    }
  }

  /** Grants one, and revokes the one that was granted some time before; the first calls only grant. */
  #leaseNumber(template: Template): void {
    const isGrant = template.path === LEASE_GRANT_PATH;
    const number = isGrant ? this.#next++ : this.#next - this.#lag;
    if (!isGrant && number < this.#options.keyFrom) {
      this.#current = this.#templates[0]!;
      writeLeaseId(this.#current.body, FIRST_LEASE_BASE + this.#next);
      return;
    }
    writeLeaseId(template.body, LEASE_BASE + number);
  }

  /** xorshift32 */
  #draw(): number {
    let x = this.#random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#random = x;
    return x >>> 0;
  }
}

function placesOf(body: Buffer, placeholder: Buffer): number[] {
  const places: number[] = [];
  for (let at = body.indexOf(placeholder); at >= 0; at = body.indexOf(placeholder, at + 1)) places.push(at);
  return places;
}

/** The id is the last field of both messages. */
function writeLeaseId(body: Buffer, id: number): void {
  let rest = id;
  for (let at = body.length - LEASE_ID_OCTETS; at < body.length; at++) {
    body[at] = (rest % 128) | (at < body.length - 1 ? 128 : 0);
    rest = Math.floor(rest / 128);
  }
}
