/**
 * A folder for Unix sockets. The path of one has about a hundred bytes, which the folder for what is temporary may take up alone:
 * where it does, `/tmp` has to do.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';

/** @returns its path; the folder goes with the test */
export function socketFolder(t: Test): string {
  const place = Buffer.byteLength(tmpdir()) <= 60 ? tmpdir() : '/tmp';
  const folder = mkdtempSync(join(place, 'k-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
