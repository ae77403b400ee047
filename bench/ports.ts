/**
 * Ports for processes that are about to be started. Invariant: no two processes that ask here are given the same port
 * while both live, and no connection of anybody else's takes one meanwhile. A port that the system picks (port 0) is
 * free only until the next connection: systems give those out from the same range (32768 and up on Linux, 49152 and up
 * elsewhere). So these lie below, in blocks, and a process holds a block by listening on its first port.
 */

import { createServer } from 'node:net';

const FIRST_PORT = 10_000;
const PORTS_PER_BLOCK = 100;
const BLOCKS = 220;
const HOST = '127.0.0.1';

/** Of the block that this process holds, the port given last; `null` before the first is asked for. */
let last: Promise<{ block: number; offset: number }> | null = null;

/** Listens on a port until `close` is called or the process ends; `null` when somebody else has the port. */
function hold(port: number): Promise<{ close: () => Promise<void> } | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ host: HOST, port, exclusive: true }, () => {
      server.unref();
      resolve({ close: () => new Promise((closed) => server.close(() => closed())) });
    });
  });
}

async function holdBlock(): Promise<{ block: number; offset: number }> {
  const begin = Math.floor(Math.random() * BLOCKS);
  for (let step = 0; step < BLOCKS; step++) {
    const block = FIRST_PORT + ((begin + step) % BLOCKS) * PORTS_PER_BLOCK;
    if ((await hold(block)) !== null) return { block, offset: 0 };
  }
  throw new Error(`all ${BLOCKS} blocks of ports from ${FIRST_PORT} on are held`);
}

/**
 * As many free ports on loopback, all different. They are free when this returns, and nobody else who asks here gets
 * them while this process lives; it may itself be given them again, once they are free, after all others of its block.
 * @throws Error when fewer than `count` ports of the block are free
 */
export async function freePorts(count: number): Promise<number[]> {
  last ??= holdBlock();
  const place = await last;
  const ports: number[] = [];
  for (let tries = 1; ports.length < count && tries < PORTS_PER_BLOCK; tries++) {
    place.offset = (place.offset % (PORTS_PER_BLOCK - 1)) + 1;
    const port = place.block + place.offset;
    const held = await hold(port);
    if (held === null) continue;
    await held.close();
    ports.push(port);
  }
  if (ports.length < count) throw new Error(`fewer than ${count} ports from ${place.block} on are free`);
  return ports;
}

/** The first of as many free ports that follow each other, for programs which are told only where theirs begin. */
export async function freePortsInARow(count: number): Promise<number> {
  for (let tries = 0; tries < PORTS_PER_BLOCK; tries++) {
    const ports = await freePorts(count);
    if (ports.at(-1)! - ports[0]! === count - 1) return ports[0]!;
  }
  throw new Error(`there are not ${count} free ports in a row`);
}
