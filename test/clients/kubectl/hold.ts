/** Tests that kubectls say what is recorded of them. */

import { basename } from 'node:path';
import t from 'tap';
import { playSession, readSession } from './play.ts';
import { recordedVersions, recordOf, versionOf } from './record.ts';

/** A session is hundreds of processes: half a minute on a machine that has nothing else to do. */
const sessionMs = 1_800_000;

/** Versions that nobody has recorded are passed over. */
export function holdToRecord(programs: readonly string[]): void {
  t.setTimeout(sessionMs);
  for (const program of programs) {
    const version = versionOf(program);
    if (!recordedVersions().includes(version)) continue;
    const title = `${basename(program)} is answered as by a real API server, command by command`;
    t.test(title, { timeout: sessionMs }, async (t) => {
      const said = await playSession(program);
      const recorded = recordOf(version);
      readSession().forEach(({ command }, at) => {
        if (said[at] !== recorded[at]) t.equal(said[at], recorded[at], command);
      });
      t.equal(said.length, recorded.length);
    });
  }
}
