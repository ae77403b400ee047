/**
 * Fills a store with a given number of keys, as fast as it takes them. The keys go on where the generator's sequential ones
 * stopped; no two values are alike, so that nobody's compression helps.
 */

import { randomFillSync } from 'node:crypto';
import { H2Client } from './h2-client.ts';
import { PUT_PATH, putRequest } from './messages.ts';

export interface FillOptions {
  readonly port: number;
  /** Numbers of the first key and of the one behind the last. */
  readonly from: number;
  readonly to: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly connections: number;
  /** In flight per connection. */
  readonly streams: number;
  /** Keys begin again after so many. @default they never do */
  readonly keySpace?: number;
}

/** Values are cut from here, each at another place. */
const NOISE_BYTES = 4 * 1024 * 1024;

/** The key with a number, as the generator writes it. */
export function numberedKey(number: number, keyBytes: number): string {
  return `k${String(number).padStart(keyBytes - 1, '0')}`;
}

/** Puts the keys. @throws Error when one is refused or a connection breaks */
export async function fill(options: FillOptions): Promise<void> {
  const { port, from, to, keyBytes, valueBytes, connections, streams } = options;
  const keySpace = options.keySpace ?? Number.POSITIVE_INFINITY;
  if (from >= to) return;
  const noise = randomFillSync(Buffer.allocUnsafe(NOISE_BYTES + valueBytes));
  const clients: H2Client[] = [];
  let next = from;
  let answered = from;
  try {
    await new Promise<void>((resolve, reject) => {
      const put = (client: H2Client, slot: number): void => {
        const number = next++;
        const at = (number * 4099) % NOISE_BYTES;
        const value = noise.subarray(at, at + valueBytes);
        const key = Buffer.from(numberedKey(number % keySpace, keyBytes));
        client.start(slot, PUT_PATH, putRequest(key, value));
      };
      for (let index = 0; index < connections; index++) {
        const client: H2Client = new H2Client(
          {
            host: '127.0.0.1',
            port,
            keepBodies: false,
            onDone: (slot, code, message) => {
              if (code !== 0) return reject(new Error(`a put was refused with code ${code}: ${message}`));
              answered++;
              if (answered === to) resolve();
              else if (next < to) put(client, slot);
            },
            onClose: (reason) => reject(new Error(`the connection broke: ${reason}`)),
          },
          () => {},
        );
        clients.push(client);
        for (let slot = 0; slot < streams && next < to; slot++) put(client, slot);
      }
    });
  } finally {
    for (const client of clients) client.close();
  }
}
