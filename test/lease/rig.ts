/** Leases in memory that can be opened again: what the tests of this room share. */

import type { Backend } from '../../src/backend/backend.ts';
import { MemoryImage, memoryBackend } from '../../src/backend/memory-backend.ts';
import { Leases } from '../../src/lease/leases.ts';

const scheduler = { defer: (job: () => void): void => void setImmediate(job) };

export function openLeases(backend: Backend): Promise<Leases> {
  return new Promise((resolve, reject) => {
    Leases.open(backend, (error, leases) => (leases === null ? reject(error) : resolve(leases)));
  });
}

export interface Rig {
  leases: Leases;
  backend: Backend;
  readonly image: MemoryImage;
}

export async function freshRig(image: MemoryImage = new MemoryImage()): Promise<Rig> {
  const backend = memoryBackend({ scheduler, image });
  return { leases: await openLeases(backend), backend, image };
}

/** Makes the state durable, as it would be at the next flush. */
export async function flush(rig: Rig): Promise<void> {
  rig.backend.mark(rig.image.index + 1, new Uint8Array(0));
  await new Promise<void>((resolve, reject) => {
    rig.backend.flush((error) => (error === null ? resolve() : reject(error)));
  });
}

/** Flushes, and opens the leases again on what is durable. */
export async function reopen(rig: Rig): Promise<void> {
  await flush(rig);
  const again = await freshRig(rig.image);
  rig.leases = again.leases;
  rig.backend = again.backend;
}

/** id, TTL and checkpoint of every lease, ascending. */
export function show(leases: Leases): string[] {
  return [...leases.all()].map(({ id, ttl, remainingTtl }) => `${id}: ${ttl}/${remainingTtl}`).sort();
}
