/** Which file imports what, and the rules of the house on it. Each rule returns one line per breach. */

import { posix } from 'node:path';
import { codeOnly, lineAt, type Sources } from './sources.ts';

export interface Import {
  readonly from: string;
  readonly line: number;
  /** A path of the project where the module is named relatively; the name of the module otherwise. */
  readonly target: string;
  readonly isFile: boolean;
  /** `import type` and `export type`: nothing of it is left when the code runs. */
  readonly isType: boolean;
}

/** `import … from 'x'`, `export … from 'x'`, `import 'x'`, `import('x')`, with anything but code between. */
const importForms: readonly RegExp[] = [
  /\b(?:import|export)\b[^'"`;()=]*?\bfrom\s*(['"])([^'"\n]+)\1/g,
  /\bimport\s*(['"])([^'"\n]+)\1/g,
  /\bimport\s*\(\s*(['"`])([^'"`\n]+)\1/g,
];

export function importsOf(path: string, text: string): Import[] {
  const code = codeOnly(text, true);
  const bare = codeOnly(text);
  const found: Import[] = [];
  for (const form of importForms) {
    for (const match of code.matchAll(form)) {
      // The same words inside of a string are no import.
      if (!/^(?:import|export)/.test(bare.slice(match.index))) continue;
      const module = match[2]!;
      const isFile = module.startsWith('.');
      const target = isFile ? posix.join(posix.dirname(path), module) : module;
      const isType = /^\w+\s+type\b/.test(match[0]);
      found.push({ from: path, line: lineAt(text, match.index), target, isFile, isType });
    }
  }
  return found.sort((a, b) => a.line - b.line);
}

export function allImports(sources: Sources): Import[] {
  return [...sources].flatMap(([path, text]) => importsOf(path, text));
}

/** `src/raft/log.ts` is in `raft`, `src/index.ts` is a room of its own: `index`. */
function roomOf(path: string): string {
  const [, room] = path.split('/');
  return room!.replace(/\.ts$/, '');
}

/** The floors of the house, from the ground up. A file may import only from its own room and from floors below. */
const floors: readonly (readonly string[])[] = [
  ['util'],
  ['wire'],
  ['wal', 'backend', 'rpc', 'bolt'],
  ['raft'],
  ['mvcc', 'lease', 'auth'],
  ['member', 'client'],
  ['etcd', 'kube', 'http'],
  // What the library is made of: it puts the rooms below together and belongs to src/index.ts.
  ['embed'],
  ['index'],
  ['cli'],
];

/** Stands beside the house: it may look at the floors below the services, and nothing leans on it. */
const simulator = 'sim';
const floorOfServices = floors.findIndex((rooms) => rooms.includes('etcd'));
/** Rooms narrower than their floor. `raft` is pure: whatever it needs is in it, or in `util`. */
const narrower: Readonly<Record<string, readonly string[]>> = { raft: ['util'] };

function floorOf(room: string): number {
  return floors.findIndex((rooms) => rooms.includes(room));
}

function mayImport(room: string, target: string): boolean {
  if (room === target) return true;
  if (target === simulator) return false;
  if (narrower[room] !== undefined) return narrower[room].includes(target);
  return floorOf(target) < (room === simulator ? floorOfServices : floorOf(room));
}

/** Breaches of the floors, files that are in no room, and imports of files outside of `src`. */
export function floorBreaches(sources: Sources): string[] {
  const breaches: string[] = [];
  for (const path of sources.keys()) {
    const room = roomOf(path);
    if (room !== simulator && floorOf(room) === -1) breaches.push(`${path}: no floor knows the room ${room}`);
  }
  for (const { from, line, target, isFile } of allImports(sources)) {
    if (!isFile) continue;
    const where = `${from}:${line}`;
    if (!target.startsWith('src/')) breaches.push(`${where}: ${target} is outside of src`);
    else if (!mayImport(roomOf(from), roomOf(target))) {
      breaches.push(`${where}: ${roomOf(from)} may not import ${target}`);
    }
  }
  return breaches;
}

/** Imports of files that are not there. */
export function missingFiles(sources: Sources): string[] {
  return allImports(sources)
    .filter(({ isFile, target }) => isFile && !sources.has(target))
    .map(({ from, line, target }) => `${from}:${line}: there is no ${target}`);
}

/** A group of files that may import each other, because what they describe goes round, too. */
export interface Circle {
  readonly files: readonly string[];
  readonly reason: string;
}

export const acceptedCircles: readonly Circle[] = [
  {
    files: ['election', 'reconfiguration', 'replication', 'transfer'].map((name) => `src/raft/${name}.ts`),
    reason:
      'Duties of one state machine: a won election begins to replicate, a commit ends a change of members, a caught-up ' +
      'target begins its election. They share functions only; none runs anything when it is loaded.',
  },
];

/**
 * Circles of imports as `a → b → a`, but for `accepted` ones. Types do not count: objects that hold each other know each
 * other's types, and nothing of that is left when the code runs.
 */
export function importCycles(sources: Sources, accepted: readonly Circle[]): string[] {
  const targets = new Map<string, string[]>([...sources.keys()].map((path) => [path, []]));
  for (const { from, target, isFile, isType } of allImports(sources)) {
    const isAccepted = accepted.some(({ files }) => files.includes(from) && files.includes(target));
    if (isFile && !isType && targets.has(target) && !isAccepted) targets.get(from)!.push(target);
  }
  const cycles: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, above: readonly string[]): void => {
    const start = above.indexOf(path);
    if (start !== -1) {
      cycles.push([...above.slice(start), path].join(' → '));
      return;
    }
    if (done.has(path)) return;
    for (const target of targets.get(path)!) walk(target, [...above, path]);
    done.add(path);
  };
  for (const path of sources.keys()) walk(path, []);
  return cycles;
}

/** What is loaded when `entry` starts, by first import: files of `sources`, and names of modules. */
export function loadedBy(entry: string, sources: Sources): ReadonlySet<string> {
  const loaded = new Set([entry]);
  for (const path of loaded) {
    for (const { target, isType } of importsOf(path, sources.get(path) ?? ''))
      if (!isType) loaded.add(target);
  }
  return loaded;
}
