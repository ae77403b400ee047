/**
 * Definitions take effect: what is accepted is served, names that others have are refused, what is deleted takes its instances
 * with it. Every API server does this for itself, by one watch of the definitions; they write the same, so
 * whoever is first wins and the others find nothing left to do.
 */

import type { Timer } from '../../util/runtime.ts';
import { isEqualJson } from '../api/json.ts';
import { type ApiObject, asJson, type Json, type JsonObject } from '../api/objects.ts';
import type { Controller, Running } from '../controllers/index.ts';
import { WorkQueue } from '../controllers/work-queue.ts';
import { nowText } from '../meta/time.ts';
import type { ResourceType } from '../registry/types.ts';
import { LocalClient } from '../rest/local-client.ts';
import type { ServerParts } from '../rest/parts.ts';
import {
  cleanupFinalizer,
  type DefinedNames,
  type DefinitionStatus,
  hasCondition,
  specOf,
  statusOf,
  withCondition,
} from './definition.ts';
import { nameConflict } from './name-conflicts.ts';
import { resourcesOf } from './resources.ts';

const definitionGroup = 'apiextensions.k8s.io';
/** Instances that finalizers hold are looked at again after this. */
const holdMs = 100;
/** A watch that was lost begins again after this. */
const restartMs = 200;

interface Served {
  readonly uid: string;
  readonly spec: JsonObject;
  readonly rows: readonly ResourceType[];
}

class Definitions implements Running {
  readonly #parts: ServerParts;
  readonly #client: LocalClient;
  readonly #resource: ResourceType;
  readonly #queue: WorkQueue;
  readonly #known = new Map<string, ApiObject>();
  readonly #served = new Map<string, Served>();
  readonly #timers = new Set<Timer>();
  #stop: () => void = () => {};
  #isClosed = false;

  constructor(parts: ServerParts, resource: ResourceType) {
    this.#parts = parts;
    this.#resource = resource;
    this.#client = new LocalClient(parts, 'kube-apiserver');
    this.#queue = new WorkQueue(parts.runtime, (name) => this.#settle(name));
  }

  async start(): Promise<void> {
    const { cache } = this.#parts.storages.of(this.#resource);
    await cache.start();
    if (this.#isClosed) return;
    const unseen = new Set(this.#known.keys());
    const stop = cache.watch({
      prefix: `${this.#resource.storagePrefix}/`,
      afterRevision: null,
      matches: () => true,
      sink: {
        event: (type, object) => {
          unseen.delete(object.metadata.name ?? '');
          if (type === 'DELETED') this.#gone(object.metadata.name ?? '');
          else this.#changed(object);
        },
        progress: () => {},
        lost: () => this.#restart(),
      },
    });
    for (const name of unseen) this.#gone(name);
    this.#stop = stop ?? (() => {});
    if (stop === null) this.#restart();
  }

  #restart(): void {
    this.#later(restartMs, () => {
      this.start().catch(() => this.#restart());
    });
  }

  #later(delayMs: number, run: () => void): void {
    if (this.#isClosed) return;
    const timer = this.#parts.runtime.clock.setTimer(delayMs, () => {
      this.#timers.delete(timer);
      if (!this.#isClosed) run();
    });
    this.#timers.add(timer);
  }

  #changed(definition: ApiObject): void {
    const { name = '', uid = '' } = definition.metadata;
    this.#known.set(name, definition);
    const served = this.#served.get(name);
    const { spec = {} } = definition;
    // Not by its generation, which moves when a deletion begins: who watches sees the objects go.
    const isSame = served?.uid === uid && isEqualJson(served.spec, spec);
    if (hasCondition(definition, 'Established') && !isSame) {
      const rows = resourcesOf(specOf(definition));
      const { registry, storages } = this.#parts;
      const kept = new Set(rows.map(({ version }) => version));
      const ended = (served?.rows ?? []).filter(({ version }) => !kept.has(version));
      this.#served.set(name, { uid, spec, rows });
      if (ended.length > 0) registry.remove(ended);
      registry.add(rows);
      storages.renew([...ended, ...rows]);
    }
    this.#queue.add(name);
  }

  #gone(name: string): void {
    const served = this.#served.get(name);
    this.#known.delete(name);
    this.#served.delete(name);
    if (served !== undefined) {
      this.#parts.registry.remove(served.rows);
      void this.#endWatches(served.rows);
    }
    // Names that it had are free for others.
    for (const [other, definition] of this.#known) {
      if (!hasCondition(definition, 'NamesAccepted')) this.#queue.add(other);
    }
  }

  /** Watches of what is no longer served end once they have given the end of the last object. */
  async #endWatches(rows: readonly ResourceType[]): Promise<void> {
    const { storages } = this.#parts;
    try {
      const revision = await storages.store.revision();
      const caches = rows.map((row) => storages.of(row).cache).filter(({ isLive }) => isLive);
      await Promise.all(caches.map((cache) => cache.reach(revision)));
    } catch {
      // A store that does not answer has nothing to give either.
    }
    storages.renew(rows);
  }

  async #settle(name: string): Promise<void> {
    const definition = this.#known.get(name);
    if (definition === undefined) return;
    if (definition.metadata.deletionTimestamp != null) return this.#cleanUp(definition);
    const wanted = this.#statusFor(definition);
    if (isEqualJson(wanted, asJson(statusOf(definition)))) return;
    await this.#update(name, 'status', (current) => {
      if (current.metadata.uid !== definition.metadata.uid) return current;
      return { ...current, status: this.#statusFor(current) };
    });
  }

  #statusFor(definition: ApiObject): JsonObject {
    const { names, versions } = specOf(definition);
    const status: DefinitionStatus = statusOf(definition);
    const now = nowText(this.#parts.runtime.clock);
    const refusal = nameConflict(definition, this.#known.values());
    let conditions = withCondition(status.conditions ?? [], {
      type: 'NamesAccepted',
      status: refusal === null ? 'True' : 'False',
      lastTransitionTime: now,
      reason: refusal?.reason ?? 'NoConflicts',
      message: refusal?.message ?? 'no conflicts found',
    });
    if (refusal === null || !hasCondition(definition, 'Established')) {
      conditions = withCondition(conditions, {
        type: 'Established',
        status: refusal === null ? 'True' : 'False',
        lastTransitionTime: now,
        reason: refusal === null ? 'InitialNamesAccepted' : 'NotAccepted',
        message: refusal === null ? 'the initial names have been accepted' : 'not all names are accepted',
      });
    }
    const storage = versions.find((version) => version.storage)?.name ?? '';
    const stored = [...(status.storedVersions ?? [])];
    if (storage !== '' && !stored.includes(storage)) stored.push(storage);
    const noNames: DefinedNames = { plural: '', kind: '' };
    const acceptedNames = refusal === null ? names : (status.acceptedNames ?? noNames);
    return {
      ...asJson(status),
      conditions: conditions as unknown as Json,
      acceptedNames: asJson(acceptedNames),
      storedVersions: stored,
    };
  }

  /** Deletes what the definition has made; when nothing is left it loses its finalizer and goes. */
  async #cleanUp(definition: ApiObject): Promise<void> {
    const { name = '', finalizers = [], uid } = definition.metadata;
    if (!finalizers.includes(cleanupFinalizer)) return;
    const row = this.#served.get(name)?.rows[0] ?? resourcesOf(specOf(definition))[0];
    if (row !== undefined && !(await this.#deleteInstances(row))) {
      this.#later(holdMs, () => this.#queue.add(name));
      return;
    }
    await this.#update(name, '', (current) => {
      if (current.metadata.uid !== uid) return current;
      const left = (current.metadata.finalizers ?? []).filter((known) => known !== cleanupFinalizer);
      return { ...current, metadata: { ...current.metadata, finalizers: left } };
    });
  }

  /** @returns true when nothing is left */
  async #deleteInstances(row: ResourceType): Promise<boolean> {
    const storage = this.#parts.storages.of(row);
    const { entries } = await storage.list('', '', 0, 0);
    let left = 0;
    for (const entry of entries) {
      const { name = '', namespace = '', deletionTimestamp } = storage.decode(entry).metadata;
      if (deletionTimestamp == null) {
        try {
          const { isGone } = await this.#client.delete(row, namespace, name, {
            propagationPolicy: 'Background',
          });
          if (isGone) continue;
        } catch (error) {
          const { code } = error as { code?: number };
          if (code === 404) continue;
          if (code !== 409) throw error;
        }
      }
      left++;
    }
    return left === 0;
  }

  async #update(name: string, subresource: string, change: (current: ApiObject) => ApiObject): Promise<void> {
    try {
      await this.#client.update(this.#resource, '', name, subresource, change);
    } catch (error) {
      if ((error as { code?: number }).code !== 404) throw error;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stop();
    for (const timer of this.#timers) timer.cancel();
    await this.#queue.close();
  }
}

/** Serves what definitions define. It resolves when those that exist are served. */
export const customResources: Controller = async (parts) => {
  const resource = parts.registry.find(definitionGroup, 'v1', 'customresourcedefinitions');
  if (resource === null) return { close: () => Promise.resolve() };
  const definitions = new Definitions(parts, resource);
  await definitions.start();
  return definitions;
};
