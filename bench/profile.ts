/**
 * Where the CPU of a member went, by room of the house: reads what `node --cpu-prof` wrote.
 *
 * A sample belongs to the innermost frame that is a room's or a package's: what a room asks of Node (a copy, a map, a
 * write to a file) is charged to the room that asked. Frames of Node below no such frame are `node` itself.
 */

export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

export interface ProfileShare {
  /** `raft`, `mvcc`, …; a package's name; `node`, `gc`, `program`. */
  readonly owner: string;
  readonly microseconds: number;
}

/** A map, as functions are called `constructor` too. */
const SPECIAL: ReadonlyMap<string, string> = new Map([
  ['(garbage collector)', 'gc'],
  ['(program)', 'program'],
  ['(idle)', 'idle'],
  ['(root)', 'node'],
]);

/** The owner that a frame names by itself, or null. */
function ownerOf(frame: ProfileNode['callFrame']): string | null {
  const special = SPECIAL.get(frame.functionName);
  if (special !== undefined) return special;
  const inPackage = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(frame.url);
  if (inPackage !== null) return inPackage[1]!;
  const room = /\/(?:dist|src)\/(?:([a-z]+)\/)?[^/]+$/.exec(frame.url);
  return room === null ? null : (room[1] ?? 'index');
}

/** CPU time by owner, largest first; idle time is left out. */
export function profileShares(profile: CpuProfile): ProfileShare[] {
  const owners = new Map<number, string>();
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const root = profile.nodes[0];
  const open: [node: ProfileNode, inherited: string][] = root === undefined ? [] : [[root, 'node']];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [node, inherited] = next;
    const owner = ownerOf(node.callFrame) ?? inherited;
    owners.set(node.id, owner);
    for (const child of node.children ?? []) open.push([byId.get(child)!, owner]);
  }
  const sums = new Map<string, number>();
  profile.samples.forEach((id, index) => {
    const owner = owners.get(id) ?? 'node';
    // A delta is the time before its sample; the sample tells what ran until the next one.
    sums.set(owner, (sums.get(owner) ?? 0) + (profile.timeDeltas[index + 1] ?? 0));
  });
  sums.delete('idle');
  return [...sums]
    .map(([owner, microseconds]) => ({ owner, microseconds }))
    .sort((a, b) => b.microseconds - a.microseconds);
}
