/**
 * Which resources are served now. Built-in ones are there from the start (less what `--runtime-config` turns off); custom
 * ones come and go with their definitions. Listeners hear of every change, after it.
 */

import type { ResourceType } from './types.ts';

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
  /** Sorted by plural. */
  readonly resources: readonly ResourceType[];
}

export interface Group {
  readonly name: string;
  /** The preferred one first. */
  readonly versions: readonly GroupVersion[];
}

export class Registry {
  /** Core first, then in order of first appearance. */
  #groups: Map<string, Map<string, Map<string, ResourceType>>> = new Map();
  readonly #listeners: Set<() => void> = new Set();
  /** Moves with every change. */
  #generation = 0;

  constructor(resources: Iterable<ResourceType>) {
    for (const resource of resources) this.#add(resource);
  }

  get generation(): number {
    return this.#generation;
  }

  /** The resource of that path, or null. */
  find(group: string, version: string, plural: string): ResourceType | null {
    return this.#groups.get(group)?.get(version)?.get(plural) ?? null;
  }

  /** The resource of that kind, or null. */
  findKind(group: string, version: string, kind: string): ResourceType | null {
    for (const resource of this.#groups.get(group)?.get(version)?.values() ?? []) {
      if (resource.kind === kind) return resource;
    }
    return null;
  }

  hasVersion(group: string, version: string): boolean {
    return this.#groups.get(group)?.has(version) ?? false;
  }

  group(name: string): Group | null {
    const versions = this.#groups.get(name);
    return versions === undefined ? null : groupOf(name, versions);
  }

  groups(): readonly Group[] {
    return [...this.#groups].map(([name, versions]) => groupOf(name, versions));
  }

  *resources(): IterableIterator<ResourceType> {
    for (const versions of this.#groups.values()) {
      for (const resources of versions.values()) yield* resources.values();
    }
  }

  /** Adds resources or replaces those with the same group, version and plural. */
  add(resources: readonly ResourceType[]): void {
    for (const resource of resources) this.#add(resource);
    this.#changed();
  }

  remove(resources: readonly ResourceType[]): void {
    for (const { group, version, plural } of resources) {
      const versions = this.#groups.get(group);
      const plurals = versions?.get(version);
      plurals?.delete(plural);
      if (plurals?.size === 0) versions?.delete(version);
      if (versions?.size === 0) this.#groups.delete(group);
    }
    this.#changed();
  }

  /** Returns how to stop listening. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #add(resource: ResourceType): void {
    let versions = this.#groups.get(resource.group);
    if (versions === undefined) {
      versions = new Map();
      this.#groups.set(resource.group, versions);
    }
    let plurals = versions.get(resource.version);
    if (plurals === undefined) {
      plurals = new Map();
      versions.set(resource.version, plurals);
    }
    plurals.set(resource.plural, resource);
  }

  #changed(): void {
    this.#generation++;
    for (const listener of this.#listeners) listener();
  }
}

function groupOf(name: string, versions: Map<string, Map<string, ResourceType>>): Group {
  return {
    name,
    versions: [...versions].map(([version, plurals]) => ({
      group: name,
      version,
      resources: [...plurals.values()].sort((a, b) => (a.plural < b.plural ? -1 : 1)),
    })),
  };
}
