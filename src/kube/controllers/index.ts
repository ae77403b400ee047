/**
 * What runs beside the API as long as it is served: loops that watch objects and write others. Of several API servers on
 * one store, one runs them (`election.ts`), and none as long as a real kube-controller-manager does.
 */

import { customResources } from '../crd/controller.ts';
import { randomUid } from '../meta/time.ts';
import type { ServerParts } from '../rest/parts.ts';
import { DefaultAccounts } from './default-accounts.ts';
import { Election } from './election.ts';
import { GarbageCollector } from './garbage-collector.ts';
import { managerLease } from './manager-lease.ts';
import { NamespaceEmptier } from './namespace-emptier.ts';
import { ObjectGraph } from './object-graph.ts';
import { PolicyChecker } from './policy-checker.ts';
import { RoleCollector } from './role-collector.ts';

export interface Running {
  /** Ends it; nothing of it runs after this. */
  close(): Promise<void>;
}

/** Begins a loop. It resolves when what it brings is in force. */
export type Controller = (parts: ServerParts) => Promise<Running>;

/** The loops of whoever is elected. */
class Loops {
  readonly #graph: ObjectGraph;
  readonly #running: readonly Running[];

  constructor(parts: ServerParts) {
    this.#graph = new ObjectGraph(parts);
    this.#running = [
      new GarbageCollector(parts, this.#graph),
      new NamespaceEmptier(parts, this.#graph),
      new DefaultAccounts(parts, this.#graph),
      new RoleCollector(parts, this.#graph),
      new PolicyChecker(parts, this.#graph),
    ];
    this.#graph.start().catch((error: unknown) => {
      parts.runtime.log.error('the loops of the control plane did not start', { error });
    });
  }

  async close(): Promise<void> {
    this.#graph.close();
    await Promise.all(this.#running.map((loop) => loop.close()));
  }
}

/** The lease of whoever runs the loops; that of a real controller manager comes before. */
const ownLease = 'keelson-controllers';

const electedLoops: Controller = async (parts) => {
  let loops: Loops | null = null;
  const ending: Promise<void>[] = [];
  const identity = `keelson_${randomUid(parts.runtime.random)}`;
  const election = new Election(parts, ownLease, managerLease, identity, {
    began: () => {
      loops = new Loops(parts);
    },
    ended: () => {
      if (loops !== null) ending.push(loops.close());
      loops = null;
    },
  });
  await election.run();
  return {
    close: async () => {
      election.close();
      await Promise.all(ending);
    },
  };
};

export const controllers: readonly Controller[] = [customResources, electedLoops];
