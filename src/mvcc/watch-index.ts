/**
 * Who watches a key: a hash map for single keys, an interval tree for ranges. Watchers of other keys are not looked at.
 */

import type { GroupShape } from './watch-group.ts';
import { WatchGroup } from './watch-group.ts';
import { IntervalTree } from './watch-interval-tree.ts';

/** Groups of one range differ in filters and prev_kv: eight at most. */
type Groups = WatchGroup[];

export class WatchIndex {
  readonly #points: Map<string, Groups> = new Map();
  readonly #ranges: IntervalTree<Groups> = new IntervalTree();
  readonly #found: Groups[] = [];
  #visitedGroups = 0;

  /** Groups and nodes that all calls of `collect` have looked at. */
  get visited(): number {
    return this.#visitedGroups + this.#ranges.visited;
  }

  /** The group of this shape, a new one if there is none. It stays until its size is 0 and `release` is called. */
  obtain(shape: GroupShape): WatchGroup {
    let groups = this.#groupsOf(shape);
    if (groups === undefined) {
      groups = [];
      if (shape.isPoint) this.#points.set(shape.from, groups);
      else this.#ranges.set(shape.from, shape.to, groups);
    }
    for (const group of groups) if (group.hasShape(shape)) return group;
    const group = new WatchGroup(shape);
    groups.push(group);
    return group;
  }

  /** Forgets a group that has no watchers any more. */
  release(group: WatchGroup): void {
    if (group.size > 0) throw new Error('the group has watchers');
    const { shape } = group;
    const groups = this.#groupsOf(shape);
    const at = groups === undefined ? -1 : groups.indexOf(group);
    if (at < 0) throw new Error('the group is not in the index');
    groups!.splice(at, 1);
    if (groups!.length > 0) return;
    if (shape.isPoint) this.#points.delete(shape.from);
    else this.#ranges.delete(shape.from, shape.to);
  }

  /** Appends all groups whose range holds `key`. */
  collect(key: string, out: WatchGroup[]): void {
    const groups = this.#points.get(key);
    if (groups !== undefined) this.#append(groups, out);
    if (this.#ranges.size === 0) return;
    const found = this.#found;
    this.#ranges.collect(key, found);
    for (let i = 0; i < found.length; i++) this.#append(found[i]!, out);
    found.length = 0;
  }

  #append(groups: Groups, out: WatchGroup[]): void {
    this.#visitedGroups += groups.length;
    for (let i = 0; i < groups.length; i++) out.push(groups[i]!);
  }

  #groupsOf(shape: GroupShape): Groups | undefined {
    return shape.isPoint ? this.#points.get(shape.from) : this.#ranges.get(shape.from, shape.to);
  }
}
