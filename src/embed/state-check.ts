/**
 * Looks whether the files of a state hold what was written to them. Only those that were there before LevelDB opened them
 * and are still there behind it: what a crash has left half written it removes itself. Records stand in files of their own,
 * which are checked when the store reads all of them, a moment later.
 */

import { isTable, tableFault } from '../backend/table-check.ts';
import type { Disk } from '../util/disk.ts';
import { Failure } from '../util/failure.ts';

/** Tables of all states below a directory. */
export function tablesIn(disk: Disk, directory: string): ReadonlySet<string> {
  const states = disk.list(directory).filter((name) => name.startsWith('state-'));
  const paths = states.flatMap((state) =>
    disk
      .list(`${directory}/${state}`)
      .filter(isTable)
      .map((name) => `${directory}/${state}/${name}`),
  );
  return new Set(paths);
}

/** @throws Failure 'backendDamaged' with file and offset */
export function checkTables(disk: Disk, directory: string, before: ReadonlySet<string>): void {
  for (const path of tablesIn(disk, directory)) {
    if (!before.has(path)) continue;
    const fault = faultUnlessGone(disk, path);
    if (fault === null) continue;
    throw new Failure(
      'backendDamaged',
      `the state is damaged in ${fault.path} at offset ${fault.offset}: the disk or its file system has lost data`,
    );
  }
}

/** LevelDB may put two tables together meanwhile, and remove them. */
function faultUnlessGone(disk: Disk, path: string): ReturnType<typeof tableFault> {
  try {
    return tableFault(disk, path);
  } catch (error) {
    if (!disk.exists(path)) return null;
    throw error;
  }
}
