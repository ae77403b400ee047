/**
 * A whole cluster in one process, linked by an in-process network: for tests, for trying things out, and for a service
 * that wants several copies of its data on several disks without several machines.
 */

import { LocalNetwork } from '../rpc/local-peer-network.ts';
import { Failure } from '../util/failure.ts';
import { nodeRuntime } from '../util/node-runtime.ts';
import type { Logger } from '../util/runtime.ts';
import { type InitialCluster, resolveOptions } from './options.ts';
import { type Member, startResolved } from './start-member.ts';

export interface ClusterOptions {
  /** @default 3 */
  readonly members?: number;
  /** Directory with a subdirectory per member, `m1`, `m2`, …. @default in memory */
  readonly dataDir?: string;
  /** Serve clients on a free port of the loopback per member. @default false */
  readonly listen?: boolean;
  readonly heartbeatMs?: number;
  readonly electionMs?: number;
  readonly log?: Logger;
}

export interface Cluster extends AsyncDisposable {
  readonly members: readonly Member[];
  /** Client URLs of all members; empty unless they listen. */
  readonly clientUrls: readonly string[];
  /** The member that leads as far as it knows, or null. */
  leader(): Member | null;
  close(): Promise<void>;
}

/** Starts the members `m1` to `mN`. @throws what `startMember` throws */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { members: count = 3, dataDir, listen = false, log, ...timing } = options;
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new Failure('badConfig', `members must be a positive integer, not ${count}`);
  }
  const runtime = nodeRuntime(log === undefined ? {} : { log });
  const localNetwork = new LocalNetwork({ scheduler: runtime.scheduler });
  const names = Array.from({ length: count }, (_, index) => `m${index + 1}`);
  const initialCluster: InitialCluster = Object.fromEntries(
    names.map((name) => [name, [`http://${name}.local:2380`]]),
  );
  const started = await Promise.allSettled(
    names.map((name) => {
      const place = dataDir === undefined ? { memory: true } : { dataDir: `${dataDir}/${name}` };
      const listenClientUrls = listen ? ['http://127.0.0.1:0'] : [];
      const memberOptions = { ...timing, ...place, name, initialCluster, listenClientUrls };
      return startResolved(resolveOptions(memberOptions, localNetwork), runtime);
    }),
  );
  const members = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const cluster = new EmbeddedCluster(members);
  const refused = started.find((result) => result.status === 'rejected');
  if (refused !== undefined) {
    await cluster.close();
    throw refused.reason;
  }
  return cluster;
}

class EmbeddedCluster implements Cluster {
  readonly members: readonly Member[];

  constructor(members: readonly Member[]) {
    this.members = members;
  }

  get clientUrls(): readonly string[] {
    return this.members.flatMap((member) => member.clientUrls);
  }

  leader(): Member | null {
    return this.members.find((member) => member.status().role === 'leader') ?? null;
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => member.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
