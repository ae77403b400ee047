/**
 * The oldest and the newest kubectl of this machine play the whole session, and say what is recorded: see `kubectl/`. All
 * versions do so with `npm run kubectl`.
 */

import { basename } from 'node:path';
import t from 'tap';
import { findKubectls } from '../kube/kubectl.ts';
import { playSession, readSession } from './kubectl/play.ts';
import { recordedVersions, recordOf, versionOf } from './kubectl/record.ts';
import { makeTable, readTable } from './kubectl/table.ts';

const kubectls = findKubectls();

t.test('the table of commands in docs/KUBERNETES.md is that of what is recorded', async (t) => {
  t.equal(readTable(), makeTable(), 'npm run kubectl -- --record writes it');
});

for (const program of new Set([...kubectls.slice(0, 1), ...kubectls.slice(-1)])) {
  const version = versionOf(program);
  if (!recordedVersions().includes(version)) continue;
  t.test(`${basename(program)} is answered as by a real API server, command by command`, async (t) => {
    const said = await playSession(program);
    const recorded = recordOf(version);
    readSession().forEach(({ command }, at) => {
      if (said[at] !== recorded[at]) t.equal(said[at], recorded[at], command);
    });
    t.equal(said.length, recorded.length);
  });
}
